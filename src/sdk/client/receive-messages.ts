import type { InboxEntry } from '../../api/inbox.ts';
import { decodeInboxMessage } from '../../api/inbox-message.ts';
import { bytesOfText } from '../../api/message-parts.ts';
import { inboxEntryDelete } from '../../api/routes/inbox-entry-delete.ts';
import { inboxGet } from '../../api/routes/inbox-get.ts';
import { decodeSigned } from '../../api/signed.ts';
import type { Code } from '../../codes/index.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { suite } from '../../ledger/object-types.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { decodeCbor, readArray, readUint } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { WalletContent } from '../wallet/content.ts';
import type { Context, WorkOptions } from './context.ts';
import {
  type AskedQuestion,
  type MessageKind,
  openMessage,
  type TakenMessage,
} from './messages.ts';
import { UnreadableMessages } from './unreadable-messages.ts';

/** A message that holds and has not been taken into the wallet. */
export interface WaitingMessage {
  readonly inboxId: number;
  /** Undefined: its kind does not say. */
  readonly from: AccountId | undefined;
  /** On a proven card; empty: unknown. */
  readonly name: string;
  readonly receivedMs: number;
  /** Why: LETTER_WAITS, WALLET_FULL, or what a wing says. */
  readonly code: Code;
}

/** A question of somebody, which waits for its answer. */
export interface WaitingAsk extends AskedQuestion {
  readonly inboxId: number;
  readonly receivedMs: number;
}

/** What is left in the inbox; everything else is in the wallet now. */
export interface ReceivedMessages {
  /** Of a type that no kind takes: they stay for a version that does. */
  readonly notUnderstood: number;
  readonly waiting: readonly WaitingMessage[];
  /** One of each person: the newest. */
  readonly asks: readonly WaitingAsk[];
  /** Inbox ids of what no key here opens, or is no message. */
  readonly unreadable: readonly number[];
}

export interface ReceiveOptions extends WorkOptions {
  /** Whose messages are taken though nobody here knows them. */
  readonly accept?: ReadonlySet<AccountId> | undefined;
}

/** How long a question waits for its answer. */
const askedForMs = 30 * 86_400_000;

type Judged = TakenMessage | AskedQuestion | 'drop' | 'doubtful' | 'unreadable' | 'not understood';

interface Fetched {
  readonly inboxId: number;
  readonly receivedMs: number;
  readonly taken: TakenMessage;
}

/**
 * Hands every message that waits to the kind that takes it, and writes down once what the wallet holds because of all
 * of them; then those leave the inbox. What did not open is remembered, and not tried again with the same keys.
 *
 * Source: docs/protocol/grants.md, rules G-12 and G-13; docs/protocol/http.md, rule H-11.
 */
export async function receiveMessages(
  ctx: Context,
  kinds: readonly MessageKind[],
  options: ReceiveOptions = {},
): Promise<ReceivedMessages> {
  const { signal } = options;
  const desk = new Desk(ctx, kinds, options, await UnreadableMessages.of(ctx));
  let stopped: unknown;
  try {
    await desk.fetchAll();
  } catch (error) {
    // What was fetched by then is kept.
    stopped = error;
  }
  const waiting = await takeAll(ctx, desk, signal);
  const asks = [...desk.asks.values()];
  await desk.unreadable.remember();
  if (stopped !== undefined) throw stopped;
  if (desk.faults.length > 0) throw desk.faults[0];
  return {
    notUnderstood: desk.notUnderstood,
    waiting,
    asks,
    unreadable: desk.unreadable.met,
  };
}

/** Takes messages out of the inbox for good. */
export async function dropMessages(
  ctx: Context,
  inboxIds: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  for (const id of inboxIds) {
    try {
      await ctx.gateway.call(inboxEntryDelete, { params: { id }, signal });
    } catch (error) {
      // Another device was faster, or it gave way to what its sender sent since.
      if (!isCoded(error, 'NOT_FOUND')) throw error;
    }
  }
}

/** One write for all; returns what its kind keeps waiting. */
async function takeAll(
  ctx: Context,
  { fetched, dropped, faults }: Desk,
  signal: AbortSignal | undefined,
): Promise<readonly WaitingMessage[]> {
  const refused = new Map<number, CodedError | undefined>();
  if (fetched.length > 0) {
    // It may run again, on what another process wrote meanwhile: the last run counts.
    await ctx.writeDown((content) => {
      refused.clear();
      return fetched.reduce((held, it) => edited(held, it, refused, faults), content);
    });
  }
  const gone = fetched.flatMap(({ inboxId }) => (refused.has(inboxId) ? [] : inboxId));
  await dropMessages(ctx, [...dropped, ...gone], signal);
  return fetched.flatMap(({ inboxId, receivedMs, taken: { from, name } }) => {
    const code = refused.get(inboxId)?.code;
    return code === undefined ? [] : { inboxId, receivedMs, from, name, code };
  });
}

function edited(
  held: WalletContent,
  { inboxId, taken }: Fetched,
  refused: Map<number, CodedError | undefined>,
  faults: unknown[],
): WalletContent {
  try {
    return taken.edit(held);
  } catch (error) {
    refused.set(inboxId, isCoded(error) ? error : undefined);
    if (!isCoded(error)) faults.push(error);
    return held;
  }
}

/** The messages of one fetch, as they are opened and judged. */
class Desk {
  readonly fetched: Fetched[] = [];
  readonly dropped: number[] = [];
  readonly asks = new Map<AccountId, WaitingAsk>();
  readonly faults: unknown[] = [];
  readonly unreadable: UnreadableMessages;
  notUnderstood = 0;
  readonly #ctx: Context;
  readonly #kinds: ReadonlyMap<number, MessageKind>;
  readonly #options: ReceiveOptions;

  constructor(
    ctx: Context,
    kinds: readonly MessageKind[],
    options: ReceiveOptions,
    unreadable: UnreadableMessages,
  ) {
    this.#ctx = ctx;
    this.#kinds = new Map(kinds.map((kind) => [kind.objectType, kind]));
    this.#options = options;
    this.unreadable = unreadable;
  }

  async fetchAll(): Promise<void> {
    const { signal } = this.#options;
    for (let after = 0; ; ) {
      const { messages, more } = await this.#ctx.gateway.call(inboxGet, {
        query: { after },
        signal,
      });
      const before = after;
      for (const entry of messages) {
        after = Math.max(after, entry.id);
        if (entry.kind === 'message') this.#sort(entry, await this.#judge(entry));
      }
      // A gateway that shows the same ones again has no more.
      if (!more || after <= before) return;
    }
  }

  #sort({ id: inboxId, receivedMs }: InboxEntry, judged: Judged): void {
    if (typeof judged === 'object' && 'question' in judged) {
      this.#hear({ ...judged, inboxId, receivedMs });
    } else if (typeof judged === 'object')
      this.fetched.push({ inboxId, receivedMs, taken: judged });
    else if (judged === 'drop') this.dropped.push(inboxId);
    else if (judged === 'unreadable') this.unreadable.meet(inboxId);
    else if (judged === 'not understood') this.notUnderstood += 1;
  }

  /** Of one person the newest question counts; those before, and what is older than a month, leave the inbox. */
  #hear(asked: WaitingAsk): void {
    const before = this.asks.get(asked.from);
    if (before !== undefined) this.dropped.push(before.inboxId);
    this.asks.delete(asked.from);
    if (asked.receivedMs + askedForMs <= this.#ctx.ledger.tip.timeMs) {
      this.dropped.push(asked.inboxId);
    } else this.asks.set(asked.from, asked);
  }

  async #judge(entry: InboxEntry): Promise<Judged> {
    const ctx = this.#ctx;
    if (this.unreadable.has(entry.id)) return 'unreadable';
    const kemKeys = (await ctx.allKeys()).map((it) => it.kem);
    const found = await opened(kemKeys, ctx.account.account, entry);
    if (found === undefined) return 'unreadable';
    const kind = found.type === undefined ? undefined : this.#kinds.get(found.type);
    if (kind === undefined) return 'not understood';
    const { accept, signal } = this.#options;
    try {
      const taken = await kind.receive(ctx, found.object, {
        receivedMs: entry.receivedMs,
        sender: () => senderOf(ctx, entry, signal),
        isAccepted: (from) => accept?.has(from) === true,
        signal,
      });
      return typeof taken === 'function' ? { edit: taken, from: undefined, name: '' } : taken;
    } catch (error) {
      // Anybody may put bytes into an inbox; an unreachable gateway is another matter.
      if (isCoded(error) && error.kind === 'unavailable') throw error;
      if (!isCoded(error) || error.kind === 'fault') this.faults.push(error);
      return 'doubtful';
    }
  }
}

/** Undefined: no key here opens it, or what is inside is no object. */
async function opened(
  kemKeys: Parameters<typeof openMessage>[0],
  account: AccountId,
  entry: InboxEntry,
): Promise<{ readonly object: Uint8Array; readonly type: number | undefined } | undefined> {
  try {
    const object = await openMessage(kemKeys, account, bytesOfText(entry.sealed));
    return { object, type: typeInside(object) };
  } catch (error) {
    if (!isCoded(error) || error.kind === 'fault') throw error;
    return undefined;
  }
}

/** Undefined for a suite of a later version. Throws CBOR_INVALID, CBOR_SHAPE: not an object at all. */
function typeInside(opened: Uint8Array): number | undefined {
  const fields = readArray(decodeCbor(opened), 'message');
  const [first] = fields;
  const object = first instanceof Uint8Array ? readArray(decodeCbor(first), 'object') : fields;
  const type = readUint(object[1], 'type');
  return readUint(object[0], 'suite') === suite ? type : undefined;
}

/** Throws SIGNATURE_WRONG, CBOR_*: not this account's message, or not by a key of its sender. */
async function senderOf(
  ctx: Context,
  { signed, sealed }: InboxEntry,
  signal?: AbortSignal,
): Promise<AccountId> {
  if (signed === undefined) throw new CodedError('SIGNATURE_WRONG');
  const { bytes, signature } = decodeSigned(bytesOfText(signed));
  const message = decodeInboxMessage(bytes);
  const { from, fromKey, to, chainId } = message;
  // Of now: a key that came with the newest block counts.
  const sender = await ctx.ledger.identityOfKey(from, fromKey, ctx.ledger.tip.height, signal);
  const isHis =
    to === ctx.account.account &&
    chainId === ctx.account.chainId &&
    equalBytes(message.sealed, bytesOfText(sealed)) &&
    sender !== undefined &&
    (await verifyLabelled(fromKey, labels.inboxSign, bytes, signature));
  if (!isHis) throw new CodedError('SIGNATURE_WRONG', { from });
  return from;
}
