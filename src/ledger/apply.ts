import { type Cbor, encodeCbor } from '../primitives/cbor.ts';
import { actNumbers, type Tx } from './acts.ts';
import { admit, burn } from './admission.ts';
import type { Genesis } from './genesis.ts';
import type { Verdict, VerifiedTx } from './incoming.ts';
import { Overlay } from './overlay.ts';
import { type RefusalCode, refusalNumber } from './refusals.ts';
import { rulesFor } from './rules/judge-act.ts';
import type { ActContext, Block } from './rules/outcome.ts';

export interface TxOutcome {
  /** 0 accepted, otherwise the number of the refusal. */
  readonly code: number;
  /** Accepted: one byte string per act. Refused: `[index of the act]`, or `[]` before any act was judged. */
  readonly data: Uint8Array;
}

/**
 * Executes one transaction over the writes of those before it. Its acts succeed or fail together; a refusal
 * by a rule still burns the nonce, a refusal at the door changes nothing.
 *
 * Refuses: what `admit` refuses, SIGNATURE_WRONG, LOG_WRONG, and what the rules refuse.
 * Source: docs/protocol/transactions.md, rules T-5 to T-9.
 */
export function applyTx(
  state: Overlay,
  genesis: Genesis,
  incoming: VerifiedTx,
  block: Block,
): TxOutcome {
  if (!('tx' in incoming)) return refused(incoming.code);
  const { tx, verdict } = incoming;
  const admission = admit(state, genesis, tx, block.timeMs);
  if (!admission.ok) return refused(admission.code);
  if (!verdict.isSigned) return refused('SIGNATURE_WRONG');

  const { spender } = admission;
  state.write(burn(state, tx, spender));
  const acts = new Overlay(state);
  const answers: Uint8Array[] = [];
  for (const [index, act] of tx.body.acts.entries()) {
    if (!logTakes(genesis, tx, actNumbers[act.kind])) return refused('LOG_WRONG', index);
    const context = contextOf(tx, verdict, spender.authority, block, index);
    const outcome = rulesFor(block.height)(acts, act, context);
    if (!outcome.ok) return refused(outcome.code, index);
    for (const write of outcome.writes) acts.write(write);
    answers.push(outcome.data);
  }
  for (const write of acts.writes()) state.write(write);
  return { code: 0, data: encodeCbor(answers) };
}

function contextOf(
  tx: Tx,
  verdict: Verdict,
  authority: ActContext['authority'],
  block: Block,
  index: number,
): ActContext {
  return {
    block,
    log: tx.body.log,
    sender: tx.body.sender,
    authority,
    signers: tx.signatures.map(({ publicKey }) => publicKey),
    identityHolds: verdict.soundIdentities.has(index),
  };
}

function logTakes(genesis: Genesis, tx: Tx, act: number): boolean {
  return genesis.logs.some(({ name, acts }) => name === tx.body.log && acts.includes(act));
}

function refused(code: RefusalCode, actIndex?: number): TxOutcome {
  const data: Cbor = actIndex === undefined ? [] : [actIndex];
  return { code: refusalNumber(code), data: encodeCbor(data) };
}
