import { labels } from '../crypto/labels.ts';
import { encodeTxBody } from './codec.ts';
import { moduleOf } from './protocol.ts';
import type { Requirement, SignatureRequirement } from './requirement.ts';
import type { Tx } from './tx.ts';

/**
 * Everything that must hold for a transaction, whatever the state: `tx` its own signatures, `acts` by index
 * what an act requires besides. Source: docs/protocol/transactions.md, rule T-5.
 *
 * `bytes`: the body as it was signed, where the caller has it.
 */
export function requirementsOf(
  tx: Tx,
  bytes: Uint8Array = encodeTxBody(tx.body),
): {
  readonly tx: readonly SignatureRequirement[];
  readonly acts: ReadonlyMap<number, readonly Requirement[]>;
} {
  const acts = new Map<number, readonly Requirement[]>();
  tx.body.acts.forEach((act, index) => {
    const required = moduleOf(act).outside?.requires(act, tx.body);
    if (required !== undefined) acts.set(index, required);
  });
  return {
    tx: tx.signatures.map(({ publicKey, signature }) => ({
      kind: 'signature',
      publicKey,
      label: labels.txSign,
      bytes,
      signature,
    })),
    acts,
  };
}

/** The refusal of the first act that is not proven; undefined: all are, or need nothing. */
export function whyUnproven(tx: Tx, proven: ReadonlySet<number>) {
  for (const [index, act] of tx.body.acts.entries()) {
    const { outside } = moduleOf(act);
    if (outside !== undefined && !proven.has(index)) return outside.refusal;
  }
  return undefined;
}
