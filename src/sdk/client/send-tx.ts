import { textOfBytes } from '../../api/message-parts.ts';
import { txPost } from '../../api/routes/tx-post.ts';
import type { TxOutcomeMessage } from '../../api/tx.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import { decodeTx, encodeTx, encodeTxBody, txIdOfBytes } from '../../ledger/codec.ts';
import type { NonceWindow } from '../../ledger/nonce-window.ts';
import { suite } from '../../ledger/object-types.ts';
import type { Act } from '../../ledger/protocol.ts';
import { isRefusalCode, refusalOf } from '../../ledger/refusals.ts';
import type { LogName } from '../../ledger/shapes.ts';
import type { TxBody } from '../../ledger/tx.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import type { OutgoingMessage, PendingTx, WalletContent } from '../wallet/content.ts';
import type { Context } from './context.ts';
import type { GatewayClient } from './gateway-client.ts';
import { sendMessage } from './messages.ts';
import { settled } from './pending.ts';
import { ledgerTimeMs } from './stated-time.ts';

const commitWaitMs = 30_000;
/** How long a transaction may wait for its block. */
const validForMs = 60 * 60_000;
/** Two devices that send at once must not choose the same number; higher ones would make lower ones old. */
const nonceSpread = 128;

/** A transaction that stands on the ledger, and its receipt, which was verified. */
export interface ConfirmedTx {
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly index: number;
  /** CBOR: one byte string per act. */
  readonly data: Uint8Array;
  /** Verified against the trust root. */
  readonly receipt: Uint8Array;
}

/** What is to be sent, and what the wallet must remember of it until it is answered. */
export interface TxPlan {
  /** What it is for: the name of a `PendingKind`. */
  readonly kind: string;
  readonly log?: LogName;
  readonly acts: readonly Act[];
  /** Under a grant: whose account it is, and the grant's write key. */
  readonly under?: {
    readonly account: AccountId;
    readonly consent: ConsentId;
    readonly writeKey: SigningKey;
  };
  readonly consents?: readonly ConsentId[];
  readonly imports?: readonly RecordId[];
  readonly enveloped?: PendingTx['enveloped'];
  /** Sent once the transaction is confirmed. */
  readonly outgoing?: readonly OutgoingMessage[];
  /** What else the wallet writes down together with the transaction, before it is sent. */
  readonly writeDown?: (content: WalletContent) => WalletContent;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Signs a transaction, writes it down, sends it, and believes its commit only by its receipt. What takes something
 * back does not come this way: `takeBack`.
 *
 * Throws the ledger's refusal, REFUSAL_UNKNOWN where a later version of the ledger gave one that this one does
 * not know: then nothing of it stays written down but what `writeDown` did. And
 * COMMIT_TIMEOUT, GATEWAY_UNREACHABLE or LEDGER_STALLED: then it stays written down and `resume` repeats it.
 */
export async function sendActs(ctx: Context, plan: TxPlan): Promise<ConfirmedTx> {
  let nowMs = ctx.nowMs();
  for (let tries = 4; ; tries--) {
    const bytes = await signedTx(ctx, plan, nowMs);
    const pending = pendingOf(ctx, bytes, plan);
    await ctx.writeDown((content) => {
      const edited = plan.writeDown?.(content) ?? content;
      return { ...edited, pending: [...edited.pending, pending] };
    }, plan.signal);
    try {
      return await confirm(ctx, pending, plan.signal);
    } catch (error) {
      if (tries <= 1) throw error;
      if (isOutOfTime(error)) nowMs = await ledgerTimeMs(ctx, plan.signal);
      else if (!isNonceClash(error)) throw error;
    }
  }
}

/** A signed transaction as the wallet writes it down. */
export function pendingOf(
  ctx: Context,
  bytes: Uint8Array,
  plan: Pick<TxPlan, 'kind' | 'consents' | 'imports' | 'enveloped' | 'outgoing'>,
): PendingTx {
  return {
    tx: txIdOfBytes(bytes),
    account: ctx.account.account,
    kind: plan.kind,
    bytes,
    createdMs: ctx.now(),
    consents: plan.consents ?? [],
    imports: plan.imports ?? [],
    enveloped: plan.enveloped ?? [],
    outgoing: plan.outgoing ?? [],
  };
}

/**
 * Sends what was written down and waits until it is settled; also for a later process (`resume`). `gateway`: any
 * hospital's, where it need not be one's own.
 */
export async function confirm(
  ctx: Context,
  pending: PendingTx,
  signal?: AbortSignal,
  gateway: GatewayClient = ctx.gateway,
): Promise<ConfirmedTx> {
  let outcome: TxOutcomeMessage;
  try {
    outcome = await gateway.call(txPost, {
      query: { waitMs: commitWaitMs },
      body: { tx: textOfBytes(pending.bytes) },
      timeoutMs: commitWaitMs + 30_000,
      signal,
    });
    refuseIfRefused(outcome, pending.tx);
  } catch (error) {
    if (isFinal(error, pending.tx)) await settle(ctx, pending, 'refused');
    throw error;
  }
  const confirmed = await receiptOfTx(ctx, gateway, pending.bytes, { ...outcome, signal });
  for (const message of pending.outgoing) await sendMessage(ctx, message, signal);
  await settle(ctx, pending, 'confirmed');
  return confirmed;
}

/** The verified receipt of a transaction whose bytes are at hand. Throws RECEIPT_INVALID, a refusal. */
async function receiptOfTx(
  ctx: Context,
  gateway: GatewayClient,
  tx: Uint8Array,
  { index, signal }: { readonly index: number; readonly signal: AbortSignal | undefined },
): Promise<ConfirmedTx> {
  const txId = txIdOfBytes(tx);
  const receipt = await ctx.receipt(txId, signal, gateway);
  const verdict = await ctx.verifyReceipt(receipt);
  if (!equalBytes(verdict.tx, tx)) throw new CodedError('GATEWAY_LIED', { txId });
  refuseIfRefused(verdict, txId);
  return {
    txId,
    height: verdict.height,
    timeMs: verdict.timeMs,
    index,
    data: verdict.data,
    receipt,
  };
}

/**
 * Other devices need not repeat what is settled; if they do, it changes nothing. What takes back is not held up by
 * a copy while it is being tried, nor by a device that cannot write.
 */
async function settle(
  ctx: Context,
  pending: PendingTx,
  answer: 'confirmed' | 'refused',
): Promise<void> {
  const { pendingKinds: kinds } = ctx;
  const edit = (content: WalletContent) =>
    settled(content, pending, { kinds, answer, nowMs: ctx.now() });
  const takesBack = kinds.get(pending.kind)?.takesBack === true;
  if (answer === 'confirmed') await adoptRotated(ctx, pending, takesBack);
  if (!takesBack) await ctx.noteDown(edit);
  else if (answer === 'refused') await ctx.vault.change(edit, { takesBack }).catch(() => undefined);
  else await ctx.noteDown(edit, { takesBack }).catch(() => undefined);
}

/** Before anything is written into a copy: what is written from now on is for the device as it is now. */
async function adoptRotated(ctx: Context, pending: PendingTx, takesBack: boolean): Promise<void> {
  for (const act of decodeTx(pending.bytes).body.acts) {
    if (act.kind !== 'RotateKey') continue;
    const adopting = ctx.adopt(act.identity.signKey, { takesBack });
    // A device that cannot write now finds the keys out when it is opened again.
    await (takesBack ? adopting.catch(() => undefined) : adopting);
  }
}

async function signedTx(ctx: Context, plan: TxPlan, nowMs: number): Promise<Uint8Array> {
  const { account, chainId } = ctx.account;
  const { under, signal } = plan;
  const sender = under?.account ?? account;
  const key = under?.writeKey ?? (await ctx.keys(signal)).sign;
  const body = {
    suite,
    chainId,
    log: plan.log ?? 'user',
    sender,
    nonce: freeNonce(await windowOf(ctx, under?.consent, signal)),
    validUntilMs: nowMs + validForMs,
    acts: plan.acts,
  };
  return signTx(body, key);
}

/** The transaction as it travels: one key speaks. */
export async function signTx(body: TxBody, signer: SigningKey): Promise<Uint8Array> {
  const signature = await signLabelled(signer, labels.txSign, encodeTxBody(body));
  return encodeTx({ body, signatures: [{ publicKey: signer.publicKey, signature }] });
}

/** The numbers of a write key lie in the consent's row, those of the account's key in its own. */
async function windowOf(
  ctx: Context,
  consent: ConsentId | undefined,
  signal?: AbortSignal,
): Promise<NonceWindow> {
  if (consent === undefined) {
    return (await ctx.ledger.knownAccount(ctx.account.account, signal)).window;
  }
  const row = await ctx.ledger.consent(consent, signal);
  if (row === undefined) throw new CodedError('CONSENT_UNKNOWN', { consent });
  return row.window;
}

/** A number that is free by this window, and likely free of what another device chooses meanwhile. */
export function freeNonce(window: NonceWindow): number {
  return window.top + 1 + ((randomBytes(1)[0] ?? 0) % nonceSpread);
}

/** A number that this version has no word for is a later version's refusal, and nobody's lie. */
function refuseIfRefused({ code }: { readonly code: number }, txId: TxId): void {
  if (code === 0) return;
  const refusal = refusalOf(code);
  throw refusal === undefined
    ? new CodedError('REFUSAL_UNKNOWN', { number: code, txId })
    : new CodedError(refusal.code);
}

/** Another device took the number first. */
export const isNonceClash = (error: unknown): boolean =>
  isCoded(error, 'NONCE_USED') || isCoded(error, 'NONCE_OLD') || isCoded(error, 'NONCE_FAR');

/** This device's clock is wrong, or that of the ledger. */
export const isOutOfTime = (error: unknown): boolean =>
  isCoded(error, 'EXPIRED') || isCoded(error, 'TOO_FAR');

/** What the ledger said, or is said to have said: silence and a busy server are no such thing. */
export function isRefusal(error: unknown): error is CodedError {
  if (!isCoded(error)) return false;
  return (
    error.code === 'REFUSAL_UNKNOWN' || (isRefusalCode(error.code) && error.kind !== 'unavailable')
  );
}

/**
 * A refusal of the ledger is an answer for good; that a server is busy or silent is none. One that this version
 * does not know is the ledger's where it names the transaction; a server's is repeated until the transaction
 * has run out.
 */
export function isFinal(error: unknown, tx: TxId): error is CodedError {
  if (!isRefusal(error) || error.code !== 'REFUSAL_UNKNOWN') return isRefusal(error);
  return error.details.txId === tx && error.details.kind !== 'unavailable';
}
