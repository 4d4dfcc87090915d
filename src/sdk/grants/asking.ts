import { decodeAsk, encodeAsk, type Question } from '../../api/ask.ts';
import { ordinaryClasses } from '../../api/classes.ts';
import { decodeGrantBody } from '../../api/grant-body.ts';
import { messageObjects } from '../../api/object-types.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type MessageKind, sealMessage, sendMessage } from '../client/messages.ts';
import { checkCard } from './card.ts';

/**
 * Questions of others. None is taken into the wallet: each stays in the inbox, read anew at every fetch, until its person
 * answers or lets it go. So nobody's questions take room here, and every device shows the same ones.
 *
 * Throws CBOR_*, SIGNATURE_WRONG, CARD_INVALID: no question, or of somebody who does not say who he is.
 * Source: docs/protocol/grants.md, rule G-18.
 */
export const askKind: MessageKind = {
  objectType: messageObjects.ask,
  async receive(ctx, opened, { receivedMs, sender, signal }) {
    const { question, card } = decodeAsk(opened);
    const from = await sender();
    const { account, name, role, organisation } = await checkCard(ctx.ledger, card, signal);
    if (account !== from) throw new CodedError('CARD_INVALID', { account, reason: 'account' });
    if (question.kind === 'access' && isAnswered(ctx, from, question, receivedMs)) return 'drop';
    return { question, from, name, role, organisation, card };
  },
};

/** Whether a grant to who asks gives all of it, for as long as he asked: no more is owed. */
function isAnswered(
  ctx: Context,
  from: AccountId,
  { readClasses, purpose, days }: Extract<Question, { readonly kind: 'access' }>,
  receivedMs: number,
): boolean {
  const wished = readClasses.length === 0 ? ordinaryClasses : readClasses;
  const untilMs = receivedMs + days * 86_400_000;
  return ctx.vault.content.grants.some((it) => {
    const { account, grantee, ended, notAfterMs } = it;
    if (account !== ctx.account.account || grantee !== from || ended) return false;
    const terms = decodeGrantBody(it.body);
    const isWhole = terms.recordIds.length === 0 && terms.purposes.includes(purpose);
    // People grant until a whole hour.
    const isLong = notAfterMs + 3_600_000 >= untilMs;
    return isWhole && isLong && wished.every((wish) => terms.readClasses.includes(wish));
  });
}

/**
 * Sends a question, with this account's card, to somebody of the same ledger. His hospital learns that he was written
 * to, and not what. Throws CBOR_SHAPE (days), ACCOUNT_UNKNOWN, and what the hospital refuses.
 */
export async function ask(
  ctx: Context,
  to: AccountId,
  question: Question,
  { signal }: WorkOptions = {},
): Promise<void> {
  const object = encodeAsk({ question, card: ctx.account.card });
  // What its reader would not take is not sent.
  decodeAsk(object);
  const { kemKey } = await ctx.ledger.identity(to, signal);
  await sendMessage(ctx, { to, sealed: await sealMessage(kemKey, to, object) }, signal);
}
