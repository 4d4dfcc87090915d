import { sha256 } from '../../crypto/hash.ts';
import { randomBytes } from '../../crypto/random.ts';
import type { RotateKey } from '../../ledger/acts/rotate-key.ts';
import { recoveryOf } from '../../ledger/recovery.ts';
import type { Keys } from '../../ledger/tables/keys.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ConfirmedTx, sendActs } from '../client/send-tx.ts';
import { takeBack } from '../client/take-back.ts';
import { liveGrants, renewKeys, sendWithKeys } from '../grants/grant.ts';
import { renewWriting } from '../grants/renew-writing.ts';
import type { WalletContent, WalletRoot } from '../wallet/content.ts';
import {
  type CodeKeys,
  codeKeysOf,
  deriveAccountKeys,
  recoveryHashOf,
  rotationIdentity,
} from '../wallet/identity.ts';
import { begun } from '../wallet/local.ts';
import type { ChangeOptions } from '../wallet/vault.ts';
import { newRoot } from './enrol.ts';
import { learnRoots } from './learn-roots.ts';

/** So long it is tried to find out whether this is the code in use. */
const askMs = 10_000;

/** How keys are made anew. */
export interface RotateOptions extends WorkOptions {
  /**
   * The printed code: brings the account back whatever became of its keys (frozen, or changed by somebody else),
   * and as often as it must be.
   */
  readonly code?: Uint8Array | undefined;
  /** With the code: what was granted at this height or later ends too; missing: nothing. */
  readonly endGrantsFrom?: number | undefined;
  /** With the code: what another printed code binds, which counts from then on; missing: it stays. */
  readonly recovery?: Uint8Array;
}

/**
 * New keys from a new root: for a device that may have been seen, and with the printed code the way back. Old roots
 * stay in the wallet while anything is sealed under them; a patient's readers get envelopes anew.
 *
 * Throws RECOVERY_NEEDED (frozen, rotated today or too often, without the code), KEY_NOT_CURRENT (another code).
 * Source: docs/protocol/wallet.md, rule W-9.
 */
export async function rotateKeys(
  ctx: Context,
  { code, endGrantsFrom = 0, recovery, signal }: RotateOptions = {},
): Promise<ConfirmedTx> {
  const confirmed =
    code === undefined
      ? await rotateByKeyInUse(ctx, signal)
      : await rotateByCode(ctx, await codeKeysOf(code, ctx.account.organisation), {
          endGrantsFrom,
          recovery,
          signal,
        });
  // What could be written under her grants has ended with the old keys; `sync` finds what is missing.
  if (ctx.account.role === 'patient') await renewWriting(ctx, { signal }).catch(unlessFault);
  return confirmed;
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
  // In no copy before it stands: whoever opens the copies of now must not find it there.
  await begin(ctx, root);
  const plan = { kind: 'rotate', acts: [act], signal } as const;
  if (role !== 'patient') return sendActs(ctx, plan);
  // The KeySet of the same transaction is built of the new root: between the two nobody could write for her.
  const grantsOf = (content: WalletContent) => liveGrants(ctx, content);
  return sendWithKeys(ctx, { ...plan, grantsOf, rootId: root.id });
}

/** The keys to come are on this device, or nothing is sent. */
async function begin(ctx: Context, root: WalletRoot, options?: ChangeOptions): Promise<void> {
  const next = { account: ctx.account.account, root, seed: randomBytes(32) };
  await ctx.vault.changeAll(
    ({ content, local }) => ({ content, local: begun(local, next) }),
    options,
  );
}

/** Taken to any hospital, as all that takes back is: it may be needed because somebody stands in its way. */
async function rotateByCode(
  ctx: Context,
  { sign, kem }: CodeKeys,
  {
    endGrantsFrom,
    recovery: another,
    signal,
  }: {
    readonly endGrantsFrom: number;
    readonly recovery: Uint8Array | undefined;
  } & WorkOptions,
): Promise<ConfirmedTx> {
  const { account, organisation, chainId, role } = ctx.account;
  const inUse = recoveryHashOf({ sign, kem });
  const directory = await refuseAnotherCode(ctx, inUse, signal);
  if (directory !== undefined) {
    const until = soon(signal);
    // Nothing that a hospital does here may keep her from coming back.
    await learnRoots(ctx, { sign, kem }, directory, { signal: until }).catch((error: unknown) => {
      if (signal?.aborted || !isCoded(error)) throw error;
    });
  }
  const recovery = another ?? inUse;
  const root = newRoot(ctx.now());
  const keys = await deriveAccountKeys(root.secret, organisation, 0);
  const act: RotateKey = {
    kind: 'RotateKey',
    identity: await rotationIdentity(keys, { chainId, account, recovery }),
    recoveryKey: sign.publicKey,
    codeKemHash: sha256(kem.publicKey),
    endGrantsFrom,
  };
  await begin(ctx, root, { takesBack: true });
  const confirmed = await takeBack(ctx, {
    ...{ kind: 'recover', acts: [act], recoveryKey: sign, signal },
  });
  // Without them nothing can be written: `sync`, and whatever writes, makes them else.
  if (role === 'patient') await renewKeys(ctx, { signal }).catch(unlessFault);
  return confirmed;
}

function unlessFault(error: unknown): void {
  if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
}

function soon(signal: AbortSignal | undefined): AbortSignal {
  const late = AbortSignal.timeout(askMs);
  return signal === undefined ? late : AbortSignal.any([late, signal]);
}

/** Before new keys are made for nothing, as far as it can be known. Throws KEY_NOT_CURRENT. */
async function refuseAnotherCode(
  ctx: Context,
  recovery: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Keys | undefined> {
  const { account } = ctx.account;
  const directory = await ctx.ledger.keys(account, soon(signal)).catch(() => undefined);
  const isInUse =
    directory === undefined || equalBytes(recovery, recoveryOf(directory, ctx.nowMs()));
  if (!isInUse) throw new CodedError('KEY_NOT_CURRENT', { account });
  return directory;
}
