import { encodeInboxMessage } from '../../api/inbox-message.ts';
import { encodeSigned } from '../../api/signed.ts';
import type { TxOutcomeMessage } from '../../api/tx.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import type { Act, LogName } from '../../ledger/acts.ts';
import { encodeTx, encodeTxBody, txIdOfBytes } from '../../ledger/codec.ts';
import type { NonceWindow } from '../../ledger/nonce-window.ts';
import { suite } from '../../ledger/object-types.ts';
import { isRefusalCode, refusalOf } from '../../ledger/refusals.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import type { OutgoingMessage, PendingTx, WalletContent } from '../wallet/content.ts';
import type { Context } from './context.ts';

const commitWaitMs = 30_000;
/** How long a transaction may wait for its block. */
const validForMs = 60 * 60_000;
/** Two devices that send at once must not choose the same number; higher ones would make lower ones old. */
const nonceSpread = 128;

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
  /** Signs beside the account's key (a frozen account comes back). */
  readonly recoveryKey?: SigningKey;
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
 * Signs a transaction, writes it down, sends it, and believes its commit only by its receipt.
 *
 * Throws the ledger's refusal (then nothing of it stays written down but what `writeDown` did), and
 * COMMIT_TIMEOUT, GATEWAY_UNREACHABLE or LEDGER_STALLED: then it stays written down and `resume` repeats it.
 */
export async function sendActs(ctx: Context, plan: TxPlan): Promise<ConfirmedTx> {
  for (let tries = 4; ; tries--) {
    const bytes = await signedTx(ctx, plan);
    const pending: PendingTx = {
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
    await ctx.writeDown((content) => {
      const edited = plan.writeDown?.(content) ?? content;
      return { ...edited, pending: [...edited.pending, pending] };
    });
    try {
      return await confirm(ctx, pending, plan.signal);
    } catch (error) {
      if (!isNonceClash(error) || tries <= 1) throw error;
    }
  }
}

/** Sends what was written down and waits until it is settled; also for a later process (`resume`). */
export async function confirm(
  ctx: Context,
  pending: PendingTx,
  signal?: AbortSignal,
): Promise<ConfirmedTx> {
  let outcome: TxOutcomeMessage;
  try {
    outcome = await ctx.gateway.submit(pending.bytes, commitWaitMs, signal);
    refuseIfRefused(outcome);
  } catch (error) {
    if (isFinal(error)) await settle(ctx, pending, 'refused');
    throw error;
  }
  const confirmed = await receiptOfTx(ctx, pending.bytes, outcome.index, signal);
  for (const message of pending.outgoing) await sendMessage(ctx, message, signal);
  await settle(ctx, pending, 'confirmed');
  return confirmed;
}

/** The verified receipt of a transaction whose bytes are at hand. Throws RECEIPT_INVALID, a refusal. */
async function receiptOfTx(
  ctx: Context,
  tx: Uint8Array,
  index: number,
  signal?: AbortSignal,
): Promise<ConfirmedTx> {
  const txId = txIdOfBytes(tx);
  const receipt = await ctx.gateway.receipt(txId, signal);
  const verdict = await ctx.verifyReceipt(receipt);
  if (!equalBytes(verdict.tx, tx)) throw new CodedError('GATEWAY_LIED', { txId });
  refuseIfRefused({ code: verdict.code });
  return {
    txId,
    height: verdict.height,
    timeMs: verdict.timeMs,
    index,
    data: verdict.data,
    receipt,
  };
}

async function settle(
  ctx: Context,
  pending: PendingTx,
  answer: 'confirmed' | 'refused',
): Promise<void> {
  const { tx } = pending;
  const edit = (content: WalletContent): WalletContent => {
    const edited =
      answer === 'confirmed' ? afterCommit(content, pending) : afterRefusal(content, pending);
    return {
      ...edited,
      pending: edited.pending.filter((it) => it.tx !== tx),
      settled: edited.settled.includes(tx) ? edited.settled : [...edited.settled, tx],
    };
  };
  // Other devices need not repeat what is settled; if they do, it changes nothing.
  await ctx.noteDown(edit);
}

/** Signed as it leaves: a message that is minutes old is refused. */
async function sendMessage(
  ctx: Context,
  { to, sealed }: OutgoingMessage,
  signal?: AbortSignal,
): Promise<void> {
  const { sign } = await ctx.keys(signal);
  const bytes = encodeInboxMessage({
    chainId: ctx.account.chainId,
    to,
    from: ctx.account.account,
    fromKey: sign.publicKey,
    sealed,
    sentMs: ctx.now(),
  });
  const signature = await signLabelled(sign, labels.inboxSign, bytes);
  await ctx.gateway.sendMessage(encodeSigned({ bytes, signature }), signal);
}

function afterCommit(content: WalletContent, pending: PendingTx): WalletContent {
  const { kind, consents, imports, enveloped } = pending;
  const hashes = new Map(enveloped.map((it) => [it.consent, it.kemHash]));
  const grants = content.grants.map((grant) => {
    const kemHash = hashes.get(grant.consent);
    const isMeant = consents.includes(grant.consent);
    return {
      ...grant,
      granteeKemHash: kemHash ?? grant.granteeKemHash,
      confirmed: grant.confirmed || kemHash !== undefined,
      ended: grant.ended || (kind === 'revoke' && isMeant),
    };
  });
  const anchored = content.imports.map((it) =>
    imports.includes(it.skeleton) ? { ...it, anchored: true } : it,
  );
  return { ...content, grants, imports: anchored };
}

/**
 * What was written down together with a transaction that is said to have been refused. A grant stays, as one
 * that was never confirmed: who said no may have lied, and what stands on the ledger must be there to be taken
 * back. It gets no keys, and is listed only if the ledger has it.
 */
function afterRefusal(content: WalletContent, pending: PendingTx): WalletContent {
  const { imports } = pending;
  return {
    ...content,
    imports: content.imports.filter((it) => it.anchored || !imports.includes(it.skeleton)),
  };
}

async function signedTx(ctx: Context, plan: TxPlan): Promise<Uint8Array> {
  const { account, chainId } = ctx.account;
  const { under, recoveryKey, signal } = plan;
  const sender = under?.account ?? account;
  const key = under?.writeKey ?? (await ctx.keys(signal)).sign;
  const body = {
    suite,
    chainId,
    log: plan.log ?? 'user',
    sender,
    nonce: freeNonce(await windowOf(ctx, under?.consent, signal)),
    validUntilMs: ctx.nowMs() + validForMs,
    acts: plan.acts,
  };
  const encoded = encodeTxBody(body);
  const signers = recoveryKey === undefined ? [key] : [key, recoveryKey];
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      publicKey: signer.publicKey,
      signature: await signLabelled(signer, labels.txSign, encoded),
    })),
  );
  return encodeTx({ body, signatures });
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

function freeNonce(window: NonceWindow): number {
  return window.top + 1 + ((randomBytes(1)[0] ?? 0) % nonceSpread);
}

function refuseIfRefused({ code }: { readonly code: number }): void {
  if (code === 0) return;
  const refusal = refusalOf(code);
  throw refusal === undefined
    ? new CodedError('GATEWAY_LIED', { number: code })
    : new CodedError(refusal.code);
}

const isNonceClash = (error: unknown): boolean =>
  isCoded(error, 'NONCE_USED') || isCoded(error, 'NONCE_OLD') || isCoded(error, 'NONCE_FAR');

/** A refusal of the ledger is an answer for good; that a server is busy or silent is none. */
function isFinal(error: unknown): boolean {
  return isCoded(error) && isRefusalCode(error.code) && error.kind !== 'unavailable';
}
