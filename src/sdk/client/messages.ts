import type { InboxEntry } from '../../api/inbox.ts';
import { decodeInboxMessage, encodeInboxMessage } from '../../api/inbox-message.ts';
import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import { inboxEntryDelete } from '../../api/routes/inbox-entry-delete.ts';
import { inboxGet } from '../../api/routes/inbox-get.ts';
import { inboxPost } from '../../api/routes/inbox-post.ts';
import { decodeSigned, encodeSigned } from '../../api/signed.ts';
import type { KemKey } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { openWith, sealTo } from '../../crypto/letter.ts';
import { signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { suite } from '../../ledger/object-types.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { decodeCbor, readArray, readUint } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';
import type { OutgoingMessage, WalletContent } from '../wallet/content.ts';
import type { Context, WorkOptions } from './context.ts';

/**
 * Messages between people: sealed to the receiver's KEM key as the ledger has it, brought by the hospitals, which
 * see who writes to whom and never what. Inside is an object `[suite, type, ...]`, alone or as
 * `[object, signature]`; its type says who takes it. A letter is the spine's one kind.
 *
 * Source: docs/protocol/grants.md, rules G-4 and G-12; docs/protocol/http.md, rule H-11.
 */
export interface MessageKind {
  /** The type number of the object inside. */
  readonly objectType: number;
  /**
   * Checks one message and returns what the wallet writes down because of it; then it leaves the inbox. What
   * throws stays there and stops no other message, unless something is unreachable; a fault is told after the others.
   * Anybody may put bytes into an inbox, so nothing of `opened` is true before it was checked.
   */
  receive(ctx: Context, opened: Uint8Array, arrived: ArrivedMessage): Promise<WalletEdit>;
}

/** What the wallet holds afterwards; runs again when another process wrote meanwhile. */
export type WalletEdit = (content: WalletContent) => WalletContent;

/** What is known of a message beside its bytes. */
export interface ArrivedMessage {
  readonly receivedMs: number;
  /**
   * Who sent it, proven by a key that the ledger has for him. Asked for by kinds whose object does not carry its
   * author's own signature. Throws SIGNATURE_WRONG.
   */
  readonly sender: () => Promise<AccountId>;
  readonly signal: AbortSignal | undefined;
}

const none = new Uint8Array(0);

/** Sealed for one account. */
export function sealMessage(
  kemKey: Uint8Array,
  to: AccountId,
  object: Uint8Array,
): Promise<Uint8Array> {
  return sealTo(kemKey, labels.letterSeal, [idBytes(to)], none, object);
}

/** Throws CANNOT_OPEN when none of the keys opens it. */
export async function openMessage(
  kemKeys: readonly KemKey[],
  to: AccountId,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  for (const key of kemKeys) {
    try {
      return await openWith(key, labels.letterSeal, [idBytes(to)], none, sealed);
    } catch (error) {
      if (!isCoded(error)) throw error;
    }
  }
  throw new CodedError('CANNOT_OPEN');
}

/** Signed as it leaves: a message that is minutes old is refused. Throws what the hospital refuses. */
export async function sendMessage(
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
  const message = textOfBytes(encodeSigned({ bytes, signature }));
  await ctx.gateway.call(inboxPost, { body: { message }, signal });
}

/**
 * Hands every message that waits to the kind that takes it. Returns how many are of a type that no kind takes:
 * they stay in the inbox for a version that does, as does what did not open or did not hold.
 */
export async function receiveMessages(
  ctx: Context,
  kinds: readonly MessageKind[],
  { signal }: WorkOptions = {},
): Promise<{ readonly notUnderstood: number }> {
  const byType = new Map(kinds.map((kind) => [kind.objectType, kind]));
  let notUnderstood = 0;
  const faults: unknown[] = [];
  for (let after = 0; ; ) {
    const { messages, more } = await ctx.gateway.call(inboxGet, { query: { after }, signal });
    const before = after;
    for (const entry of messages) {
      after = Math.max(after, entry.id);
      if (entry.kind !== 'message') continue;
      const edit = await receive(ctx, byType, entry, signal).catch((error: unknown) => {
        if (isCoded(error) && error.kind !== 'fault') throw error;
        faults.push(error);
        return 'doubtful' as const;
      });
      if (edit === 'not understood') notUnderstood += 1;
      if (typeof edit === 'string') continue;
      await ctx.writeDown(edit);
      await ctx.gateway.call(inboxEntryDelete, { params: { id: entry.id }, signal });
    }
    // A gateway that shows the same ones again has no more.
    if (more && after > before) continue;
    if (faults.length > 0) throw faults[0];
    return { notUnderstood };
  }
}

async function receive(
  ctx: Context,
  byType: ReadonlyMap<number, MessageKind>,
  entry: InboxEntry,
  signal?: AbortSignal,
): Promise<WalletEdit | 'doubtful' | 'not understood'> {
  const kemKeys = (await ctx.allKeys()).map((it) => it.kem);
  const { account } = ctx.account;
  try {
    const opened = await openMessage(kemKeys, account, bytesOfText(entry.sealed));
    const type = typeInside(opened);
    const kind = type === undefined ? undefined : byType.get(type);
    if (kind === undefined) return 'not understood';
    const { receivedMs } = entry;
    const sender = () => senderOf(ctx, entry, signal);
    return await kind.receive(ctx, opened, { receivedMs, sender, signal });
  } catch (error) {
    // Anybody may put bytes into an inbox; an unreachable gateway is another matter.
    if (!isCoded(error) || error.kind === 'unavailable' || error.kind === 'fault') throw error;
    return 'doubtful';
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
