import { bytesOfText } from '../../api/message-parts.ts';
import { stateGet } from '../../api/routes/state-get.ts';
import { sha256 } from '../../crypto/hash.ts';
import { randomBytes } from '../../crypto/random.ts';
import { recoveryWaitMs, waitingRecovery } from '../../ledger/recovery.ts';
import { decodeRow } from '../../ledger/table.ts';
import { type Keys, keys } from '../../ledger/tables/keys.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, TxId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ConfirmedTx, sendActs } from '../client/send-tx.ts';
import { takeBack } from '../client/take-back.ts';
import { codeCheckOf, formatCode } from '../wallet/code.ts';
import { codeKeysOf, recoveryHashOf } from '../wallet/identity.ts';
import { withCode } from './enrol.ts';
import { rotateKeys } from './rotate.ts';

/** A printed code that waits until it counts. */
export interface WaitingCode {
  readonly beganMs: number;
  /** By the ledger's time; until then the old code, this wallet and devices of before may stop it. */
  readonly countsFromMs: number;
}

/** What became of a new printed code at one hospital. */
export interface NewCodeAt {
  readonly account: AccountId;
  readonly txId: TxId;
  readonly height: number;
  /** Undefined: it counts. */
  readonly waiting: WaitingCode | undefined;
}

export interface NewCode extends WorkOptions {
  /** The printed code of now: with it the new one counts at once, and the keys are made anew too. */
  readonly oldCode?: Uint8Array | undefined;
  /**
   * Told before anything is sent, for it to be printed: what goes wrong afterwards must not leave an account whose
   * code nobody has seen. It counts when the call says so.
   */
  readonly onCode: (code: string) => void | Promise<void>;
}

/**
 * Another printed code for all accounts of a wallet. With the old one at once; without it after seven days.
 *
 * Throws KEY_NOT_CURRENT (another code), RECOVERY_PENDING (one waits), RECOVERY_NEEDED (the keys are younger than seven
 * days). Where several accounts are meant and one throws, those before it have the new code, and it is asked again with
 * what they have. Source: docs/protocol/wallet.md, rule W-26.
 */
export async function newCode(
  contexts: readonly Context[],
  { oldCode, onCode, signal }: NewCode,
): Promise<readonly NewCodeAt[]> {
  const code = randomBytes(20);
  await onCode(formatCode(code));
  const done: NewCodeAt[] = [];
  for (const ctx of contexts) {
    await knowCode(ctx, code);
    const sent = await bind(ctx, { code, oldCode, signal });
    ctx.copies.renewed();
    await ctx.noteDown((content) => content);
    const { txId, height, timeMs } = sent;
    const waiting =
      oldCode === undefined
        ? { beganMs: timeMs, countsFromMs: timeMs + recoveryWaitMs }
        : undefined;
    done.push({ account: ctx.account.account, txId, height, waiting });
  }
  return done;
}

/** Here before it is sent: the copy is wrapped to it as soon as the ledger binds it. */
async function knowCode(ctx: Context, code: Uint8Array): Promise<void> {
  const { account, organisation } = ctx.account;
  const made = await codeKeysOf(code, organisation);
  const check = codeCheckOf(code);
  await ctx.vault.change((content) => {
    const isKnown = content.printed.some((it) => equalBytes(it.check, check));
    const printed = isKnown ? [] : [{ check, madeMs: ctx.now() }];
    return withCode({ ...content, printed: [...content.printed, ...printed] }, account, made);
  });
}

async function bind(
  ctx: Context,
  { code, oldCode, signal }: { readonly code: Uint8Array } & Pick<NewCode, 'oldCode' | 'signal'>,
): Promise<ConfirmedTx> {
  const recovery = recoveryHashOf(await codeKeysOf(code, ctx.account.organisation));
  if (oldCode !== undefined) return rotateKeys(ctx, { code: oldCode, recovery, signal });
  const acts = [{ kind: 'RecoveryChange', recovery }] as const;
  return sendActs(ctx, { kind: 'new-code', acts, signal });
}

/** The printed code that waits for this account; undefined: none does. */
export async function waitingCode(
  ctx: Context,
  signal?: AbortSignal,
): Promise<WaitingCode | undefined> {
  const directory = await ctx.ledger.keys(ctx.account.account, signal);
  const waiting = waitingRecovery(directory, ctx.nowMs());
  if (waiting === undefined) return undefined;
  return { beganMs: waiting.beganMs, countsFromMs: waiting.beganMs + recoveryWaitMs };
}

/**
 * Stops the printed code that waits: by this wallet, also one whose keys are not the newest any more, or by the printed
 * code of now. It takes back, and goes to any hospital. Throws RECOVERY_UNKNOWN (none waits).
 * Source: docs/protocol/wallet.md, rule W-26, and acts.md, rule A-11.
 */
export async function stopNewCode(
  ctx: Context,
  { code, signal }: { readonly code?: Uint8Array | undefined } & WorkOptions = {},
): Promise<ConfirmedTx> {
  const recovery = await waitingAnywhere(ctx, signal);
  const codeKeys = code && (await codeKeysOf(code, ctx.account.organisation));
  const codeKemHash = codeKeys === undefined ? none : sha256(codeKeys.kem.publicKey);
  return takeBack(ctx, {
    kind: 'stop-code',
    acts: [{ kind: 'RecoveryStop', recovery, codeKemHash }],
    ...(codeKeys === undefined ? {} : { recoveryKey: codeKeys.sign }),
    signal,
  });
}

const none = new Uint8Array(0);

/** What any hospital says that waits, unproven: a lie brings a refusal. Throws RECOVERY_UNKNOWN. */
async function waitingAnywhere(ctx: Context, signal?: AbortSignal): Promise<Uint8Array> {
  for (const gateway of ctx.gateways()) {
    const params = { table: keys.name, key: ctx.account.account };
    const directory = await gateway
      .call(stateGet, { params, query: {}, signal })
      .then(({ value }) => (value === null ? undefined : directoryIn(value)))
      .catch((error: unknown) => {
        if (signal?.aborted || !isCoded(error)) throw error;
        return undefined;
      });
    const [waiting] = directory?.pendingRecovery ?? [];
    if (waiting !== undefined) return waiting.recovery;
  }
  throw new CodedError('RECOVERY_UNKNOWN');
}

const directoryIn = (value: string): Keys => decodeRow(keys, bytesOfText(value));
