import type { RotateKey } from '../../ledger/acts/rotate-key.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ConfirmedTx, sendActs } from '../client/send-tx.ts';
import { renewKeys } from '../grants/grant.ts';
import { deriveAccountKeys, recoveryKeyOf, rotationIdentity } from '../wallet/identity.ts';
import { newRoot, withAccount } from './enrol.ts';

/** How keys are made anew. */
export interface RotateOptions extends WorkOptions {
  /** The printed code: needed by a frozen account, which comes back by it. */
  readonly code?: Uint8Array | undefined;
}

/**
 * New keys from a new root: for a device that may have been seen, and the way back from a freeze. Old roots
 * stay in the wallet while anything is sealed under them; a patient's readers get envelopes anew.
 *
 * Throws SIGNATURE_MISSING (frozen, without the code), KEY_NOT_CURRENT (another code).
 * Source: docs/protocol/wallet.md, rule W-9.
 */
export async function rotateKeys(
  ctx: Context,
  { code, signal }: RotateOptions = {},
): Promise<ConfirmedTx> {
  const { account, organisation, chainId, role } = ctx.account;
  const current = await ctx.ledger.identity(account, signal);
  const recoveryKey = code === undefined ? undefined : await recoveryKeyOf(code, organisation);
  const root = newRoot(ctx.now());
  const keys = await deriveAccountKeys(root.secret, organisation, 0);
  const bound = { chainId, account, recovery: current.recovery };
  const act: RotateKey = {
    kind: 'RotateKey',
    identity: await rotationIdentity(keys, bound),
    recoveryKey: recoveryKey?.publicKey ?? new Uint8Array(0),
  };
  const confirmed = await sendActs(ctx, {
    kind: 'rotate',
    acts: [act],
    ...(recoveryKey === undefined ? {} : { recoveryKey }),
    writeDown: (content) => {
      const held = content.accounts.find((it) => it.account === account);
      if (held === undefined) throw new CodedError('WALLET_INVALID');
      const generations = [...held.generations, { rootId: root.id, index: 0 }];
      return {
        ...withAccount(content, { ...held, generations }),
        roots: [...content.roots, root],
      };
    },
    signal,
  });
  if (role === 'patient') await renewKeys(ctx, { signal });
  return confirmed;
}
