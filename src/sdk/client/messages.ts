import type { Question } from '../../api/ask.ts';
import type { Card } from '../../api/card.ts';
import { encodeInboxMessage } from '../../api/inbox-message.ts';
import { textOfBytes } from '../../api/message-parts.ts';
import { inboxPost } from '../../api/routes/inbox-post.ts';
import { encodeSigned } from '../../api/signed.ts';
import type { KemKey } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { openWith, sealTo } from '../../crypto/letter.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';
import type { OutgoingMessage, WalletContent } from '../wallet/content.ts';
import type { Context } from './context.ts';
import { statingTime } from './stated-time.ts';

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
   * Checks one message and returns what the wallet writes down because of it, once for all that were fetched; then it
   * leaves the inbox. `drop`: it leaves it at once. What throws stays there and stops no other message, unless something
   * is unreachable; a fault is told after the others. What the edit throws keeps the message waiting. A question stays
   * there too: no wallet holds it.
   * Anybody may put bytes into an inbox, so nothing of `opened` is true before it was checked.
   */
  receive(
    ctx: Context,
    opened: Uint8Array,
    arrived: ArrivedMessage,
  ): Promise<WalletEdit | TakenMessage | AskedQuestion | 'drop'>;
}

/** A question that holds, and who asks it, by his proven card. */
export interface AskedQuestion {
  readonly question: Question;
  readonly from: AccountId;
  readonly name: string;
  readonly role: Card['role'];
  /** That enrolled him. */
  readonly organisation: AccountId;
  /** As it travels: keeping it makes him known. */
  readonly card: Uint8Array;
}

/** A message that holds, and whose it is: shown while it waits. */
export interface TakenMessage {
  readonly edit: WalletEdit;
  readonly from: AccountId | undefined;
  /** On a proven card; empty: unknown. */
  readonly name: string;
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
  /** Whose messages this person has just asked for. */
  readonly isAccepted: (from: AccountId) => boolean;
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
  await statingTime(ctx, signal, async (sentMs) => {
    const bytes = encodeInboxMessage({
      chainId: ctx.account.chainId,
      to,
      from: ctx.account.account,
      fromKey: sign.publicKey,
      sealed,
      sentMs,
    });
    const signature = await signLabelled(sign, labels.inboxSign, bytes);
    const message = textOfBytes(encodeSigned({ bytes, signature }));
    await ctx.gateway.call(inboxPost, { body: { message }, signal });
  });
}
