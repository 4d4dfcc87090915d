import type { RotateKey } from '../../ledger/acts/rotate-key.ts';
import { recoveryOf } from '../../ledger/recovery.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { signedRecovery } from '../client/recovery-tx.ts';
import { type ConfirmedTx, confirm, pendingOf, sendActs, validForMs } from '../client/send-tx.ts';
import { liveGrants, renewKeys, sendWithKeys } from '../grants/grant.ts';
import type { WalletContent } from '../wallet/content.ts';
import {
  codeKeysOf,
  deriveAccountKeys,
  recoveryHashOf,
  rotationIdentity,
} from '../wallet/identity.ts';
import { newRoot, withAccount } from './enrol.ts';

/** How keys are made anew. */
export interface RotateOptions extends WorkOptions {
  /**
   * The printed code: brings the account back whatever became of its keys (frozen, or changed by somebody else),
   * and as often as it must be.
   */
  readonly code?: Uint8Array | undefined;
  /** With the code: what was granted at this height or later ends too; missing: nothing. */
  readonly endGrantsFrom?: number | undefined;
}

/**
 * New keys from a new root: for a device that may have been seen, and with the printed code the way back. Old roots
 * stay in the wallet while anything is sealed under them; a patient's readers get envelopes anew.
 *
 * Throws RECOVERY_NEEDED (frozen, rotated today or too often, without the code), KEY_NOT_CURRENT (another code).
 * Source: docs/protocol/wallet.md, rule W-9.
 */
export async function rotateKeys(ctx: Context, options: RotateOptions = {}): Promise<ConfirmedTx> {
  const { code, endGrantsFrom = 0, signal } = options;
  return code === undefined
    ? rotateByKeyInUse(ctx, signal)
    : rotateByCode(ctx, { code, endGrantsFrom, signal });
}

async function rotateByKeyInUse(ctx: Context, signal?: AbortSignal): Promise<ConfirmedTx> {
  const { account, organisation, chainId, role } = ctx.account;
  const { frozen } = await ctx.ledger.currentAccount(account, signal);
  if (frozen) throw new CodedError('RECOVERY_NEEDED', { account });
  const recovery = recoveryOf(await ctx.ledger.keys(account, signal), ctx.nowMs());
  const root = newRoot(ctx.now());
  const keys = await deriveAccountKeys(root.secret, organisation, 0);
  const act: RotateKey = {
    kind: 'RotateKey',
    identity: await rotationIdentity(keys, { chainId, account, recovery }),
    recoveryKey: new Uint8Array(0),
    codeKemHash: new Uint8Array(0),
    endGrantsFrom: 0,
  };
  const writeDown = (content: WalletContent) => withGeneration(content, ctx, root);
  const plan = { kind: 'rotate', acts: [act], signal } as const;
  if (role !== 'patient') return sendActs(ctx, { ...plan, writeDown });
  // The KeySet of the same transaction is built of the new root: between the two nobody could write for her.
  await ctx.writeDown(writeDown);
  return sendWithKeys(ctx, { ...plan, grantsOf: (content) => liveGrants(ctx, content) });
}

async function rotateByCode(
  ctx: Context,
  {
    code,
    endGrantsFrom,
    signal,
  }: Required<Pick<RotateOptions, 'code' | 'endGrantsFrom'>> & WorkOptions & { code: Uint8Array },
): Promise<ConfirmedTx> {
  const { account, organisation, chainId, role } = ctx.account;
  const codeKeys = await codeKeysOf(code, organisation);
  const recovery = recoveryHashOf(codeKeys);
  const inUse = recoveryOf(await ctx.ledger.keys(account, signal), ctx.nowMs());
  if (!equalBytes(recovery, inUse)) throw new CodedError('KEY_NOT_CURRENT', { account });
  const { recoveryCounter } = await ctx.ledger.knownAccount(account, signal);
  const root = newRoot(ctx.now());
  const keys = await deriveAccountKeys(root.secret, organisation, 0);
  const bytes = await signedRecovery(codeKeys, {
    chainId,
    account,
    identity: await rotationIdentity(keys, { chainId, account, recovery }),
    endGrantsFrom: endGrantsFrom ?? 0,
    counter: recoveryCounter + 1,
    validUntilMs: ctx.nowMs() + validForMs,
  });
  const pending = pendingOf(ctx, bytes, { kind: 'rotate' });
  // Here for certain: the hospital may know another's key as the account's, and take no copy before this.
  await ctx.noteDown((content) => {
    const edited = withGeneration(content, ctx, root);
    return { ...edited, pending: [...edited.pending, pending] };
  });
  const confirmed = await confirm(ctx, pending, signal);
  if (role === 'patient') await renewKeys(ctx, { signal });
  return confirmed;
}

/** The wallet with the root of a rotation: which generation counts, the ledger says. */
function withGeneration(
  content: WalletContent,
  ctx: Context,
  root: WalletContent['roots'][number],
): WalletContent {
  const { account } = ctx.account;
  const held = content.accounts.find((it) => it.account === account);
  if (held === undefined) throw new CodedError('WALLET_INVALID');
  const generations = [...held.generations, { rootId: root.id, index: 0 }];
  return { ...withAccount(content, { ...held, generations }), roots: [...content.roots, root] };
}
