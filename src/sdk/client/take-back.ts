import { bytesOfText } from '../../api/message-parts.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { stateGet } from '../../api/routes/state-get.ts';
import type { SigningKey } from '../../crypto/signature.ts';
import { decodeHeader } from '../../ledger/chain/header.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { decodeTx } from '../../ledger/codec.ts';
import { suite } from '../../ledger/object-types.ts';
import { type Act, moduleOf } from '../../ledger/protocol.ts';
import { decodeRow } from '../../ledger/table.ts';
import { type Account, accounts } from '../../ledger/tables/accounts.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { PendingTx, WalletContent } from '../wallet/content.ts';
import type { Context } from './context.ts';
import type { GatewayClient } from './gateway-client.ts';
import {
  type ConfirmedTx,
  confirm,
  freeNonce,
  isNonceClash,
  isOutOfTime,
  isRefusal,
  pendingOf,
  signTx,
} from './send-tx.ts';

/** What is taken back. */
export interface TakingBack {
  /** The name of a `PendingKind` that takes back. */
  readonly kind: string;
  readonly acts: readonly Act[];
  readonly consents?: readonly ConsentId[];
  /** The printed code's key: signs in place of the account's, with the number of a recovery rotation. */
  readonly recoveryKey?: SigningKey;
  readonly signal?: AbortSignal | undefined;
}

/** So long one hospital is waited for, before the next is asked for the same: for its word, and for the block. */
const askMs = 10_000;
const commitMs = 45_000;
/** Short of the day that the ledger allows: the header may be minutes older than the next block. */
const validForMs = 23 * 60 * 60_000;
const tries = 4;
const dayMs = 24 * 60 * 60_000;
/** What only the printed code signs is signed for so many days at once: the code is not kept. */
const daysByCode = 14;

/**
 * Sends what takes something back: built from the wallet and the word of any one hospital of the ledger, without a
 * session, a proof, a copy, a letter or a right clock. What a hospital lies about here (a number, a time) brings a
 * refusal, and the next hospital is asked; that it is done is believed by the receipt alone.
 *
 * It is written down on this device first, if the device can write; the copy follows when the hospital takes it.
 * Throws what the person's own hospital said, when none does it.
 * Source: docs/protocol/wallet.md, rule W-20.
 */
export async function takeBack(ctx: Context, taking: TakingBack): Promise<ConfirmedTx> {
  let why: unknown;
  for (const gateway of ctx.gateways()) {
    try {
      return await takeBackAt(ctx, gateway, taking);
    } catch (error) {
      if (taking.signal?.aborted) throw error;
      why ??= error;
    }
  }
  throw why ?? new CodedError('GATEWAY_UNREACHABLE');
}

async function takeBackAt(
  ctx: Context,
  gateway: GatewayClient,
  taking: TakingBack,
): Promise<ConfirmedTx> {
  const { signal } = taking;
  for (let attempt = 1; ; attempt++) {
    // What lies here already is what every hospital is sent: nothing piles up, and it may have been taken.
    const before = attempt === 1 ? writtenBefore(ctx, taking) : undefined;
    const pending =
      before ?? (await writtenDown(ctx, gateway, { ...taking, isByOwnClock: attempt === tries }));
    try {
      return await within(commitMs, signal, (until) => confirm(ctx, pending, until, gateway));
    } catch (error) {
      const wasOld = before !== undefined && isRefusal(error);
      const isAnotherTry = wasOld || isNonceClash(error) || isOutOfTime(error);
      if (attempt >= tries || !isAnotherTry) throw error;
    }
  }
}

/** Not answered for good yet: a refusal takes it out of the wallet. */
function writtenBefore(ctx: Context, taking: TakingBack): PendingTx | undefined {
  return ctx.vault.content.pending
    .filter((it) => isOfKind(ctx, it, taking) && isForSame(it, taking))
    .findLast((it) => isDue(it, ctx.now()));
}

function isOfKind(ctx: Context, it: PendingTx, { kind, consents = [] }: TakingBack): boolean {
  const { account } = ctx.account;
  return it.account === account && it.kind === kind && it.consents.join() === consents.join();
}

/** Of a rotation the keys that it brings do not matter; another printed code, and what ends with it, do. */
function isForSame({ bytes }: PendingTx, { acts }: Pick<TakingBack, 'acts'>): boolean {
  return equalBytes(asked(decodeTx(bytes).body.acts), asked(acts));
}

function asked(acts: readonly Act[]): Uint8Array {
  return encodeCbor(
    acts.map((act) =>
      act.kind === 'RotateKey'
        ? [act.identity.recovery, act.endGrantsFrom, act.recoveryKey, act.codeKemHash]
        : moduleOf(act).toCbor(act),
    ),
  );
}

/** What was signed for a later day is refused before. */
export function isDue({ createdMs }: PendingTx, nowMs: number): boolean {
  return createdMs <= nowMs;
}

async function writtenDown(
  ctx: Context,
  gateway: GatewayClient,
  taking: TakingBack & { readonly isByOwnClock: boolean },
): Promise<PendingTx> {
  const { acts, recoveryKey, isByOwnClock, signal } = taking;
  const { row, timeMs } = await wordOf(ctx, gateway, signal);
  const { account: sender, chainId } = ctx.account;
  const nonce = recoveryKey === undefined ? freeNonce(row.window) : row.recoveryCounter + 1;
  // By the ledger's clock; if the ledger itself does not believe that, by the device's.
  const validUntilMs = (isByOwnClock ? ctx.now() : timeMs) + validForMs;
  const key = recoveryKey ?? (await keyFor(ctx, row));
  const body = { suite, chainId, log: 'user', sender, nonce, acts } as const;
  const signedFor = async (day: number): Promise<PendingTx> => {
    const bytes = await signTx({ ...body, validUntilMs: validUntilMs + day * dayMs }, key);
    return { ...pendingOf(ctx, bytes, taking), createdMs: ctx.now() + day * dayMs };
  };
  const pending = await signedFor(0);
  const days = recoveryKey === undefined ? 1 : daysByCode;
  const later = await Promise.all(
    Array.from({ length: days - 1 }, (_, index) => signedFor(index + 1)),
  );
  const edit = (content: WalletContent) => {
    const held = recoveryKey === undefined ? content : withoutOthers(ctx, content, taking);
    return { ...held, pending: [...held.pending, pending, ...later] };
  };
  // A device that cannot write still takes back.
  await ctx.vault.change(edit, { takesBack: true }).catch(() => undefined);
  return pending;
}

/** Asked for otherwise now, by who has the printed code in hand: what was asked for before must not win over it later. */
function withoutOthers(ctx: Context, content: WalletContent, taking: TakingBack): WalletContent {
  const isOther = (it: PendingTx) => isOfKind(ctx, it, taking) && !isForSame(it, taking);
  const others = content.pending.filter(isOther).map(({ tx }) => ({ tx, atMs: ctx.now() }));
  const pending = content.pending.filter((it) => !isOther(it));
  return { ...content, pending, settled: [...content.settled, ...others] };
}

/** What one hospital says of the account, and the time of its newest block: neither is proven. */
async function wordOf(
  ctx: Context,
  gateway: GatewayClient,
  signal: AbortSignal | undefined,
): Promise<{ readonly row: Account; readonly timeMs: number }> {
  const { account } = ctx.account;
  const params = { table: accounts.name, key: account };
  const [state, newest] = await within(askMs, signal, (until) =>
    Promise.all([
      gateway.call(stateGet, { params, query: {}, signal: until }),
      gateway.call(headerGet, { params: { height: 'latest' }, signal: until }),
    ]),
  );
  if (state.value === null) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  try {
    return {
      row: decodeRow(accounts, bytesOfText(state.value)),
      timeMs: msOfTimestamp(decodeHeader(bytesOfText(newest.header)).time),
    };
  } catch (cause) {
    throw new CodedError('GATEWAY_LIED', { account }, cause);
  }
}

/** The key that the ledger is said to have; while a rotation is under way there are several. */
async function keyFor(ctx: Context, row: Account) {
  const all = await ctx.allKeys();
  const named = all.find((it) => equalBytes(it.sign.publicKey, row.signKey)) ?? all[0];
  if (named === undefined) throw new CodedError('WALLET_INVALID');
  return named.sign;
}

/** Throws GATEWAY_UNREACHABLE: not in time, however often it was tried meanwhile. */
async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(ms);
  try {
    return await work(signal === undefined ? late : AbortSignal.any([late, signal]));
  } catch (error) {
    if (!isCoded(error, 'INTERRUPTED') || signal?.aborted) throw error;
    throw new CodedError('GATEWAY_UNREACHABLE', {}, error);
  }
}
