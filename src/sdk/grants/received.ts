import type { Card } from '../../api/card.ts';
import { decodeGrantBody, type GrantBody } from '../../api/grant-body.ts';
import { messageObjects } from '../../api/object-types.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { MessageKind } from '../client/messages.ts';
import type { ReceivedLetter, WalletContent } from '../wallet/content.ts';
import { endedLetter, withoutEnded } from '../wallet/ended.ts';
import { compareGenerations } from '../wallet/generations.ts';
import { checkCard } from './card.ts';
import { endOf, endsOf } from './end-of.ts';
import { checkLetter, type Letter, type ReadLetter, readLetter } from './letter.ts';
import { generationsOf, type LetterStanding, standingOf } from './letter-standing.ts';
import { bytesOfLetter, receivedBytes, receivedLimits } from './received-room.ts';

/** A grant that somebody gave to this person, with its state on the ledger now. */
export interface ReceivedGrant {
  readonly consent: ConsentId;
  readonly patient: AccountId;
  readonly patientName: string;
  readonly terms: GrantBody;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly mayWrite: boolean;
  readonly state: 'not yet' | 'live' | 'ended';
  /** When it ended, by block time; undefined: it has not, or the hospital does not tell now. */
  readonly endedMs: number | undefined;
}

/**
 * Letters: each is checked against the ledger, and taken into the wallet when it holds, its owner is known or vouched
 * for, and there is room. What is not for this account, or does not match the ledger, is left in the inbox; what is
 * larger than a letter is taken out of it.
 *
 * Throws CONSENT_UNKNOWN, GRANT_BODY_WRONG, SIGNATURE_WRONG, and what reading a letter throws.
 * Source: docs/protocol/grants.md, rules G-5 and G-13.
 */
export const letterKind: MessageKind = {
  objectType: messageObjects.letter,
  async receive(ctx, signed, { receivedMs, isAccepted, signal }) {
    const grantee = ctx.account.account;
    const read = unlessOversize(signed);
    if (read === 'oversize') return 'drop';
    const { consent } = read.letter;
    const patient = read.body.account;
    // Asked for together, and believed in the order in which they are checked.
    const [row, { identities }, generations, card] = await Promise.all([
      ctx.ledger.consent(consent, signal),
      ctx.ledger.keys(patient, signal),
      generationsOf(ctx, read, signal),
      ownerCard(ctx, read, signal),
    ]);
    const ownerKeys = identities.map((it) => it.identity.signKey);
    await checkLetter(read, { grantee, consent: row, ownerKeys });
    if (row === undefined) throw new CodedError('CONSENT_UNKNOWN', { consent });
    const standing = await standingOf(read, row, generations);
    const name = card?.name ?? '';
    const letter: ReceivedLetter = {
      ...{ consent, account: patient, grantee, ownerName: name },
      ...{ letter: signed, receivedMs, ended: false },
      ownerGeneration: read.letter.ownerGeneration,
      granteeGeneration: read.letter.granteeGeneration,
    };
    // Who works at a hospital gets letters of people he never met; a patient accepts them first.
    const isVouchedFor = card !== undefined && ctx.account.role !== 'patient';
    const edit = (content: WalletContent): WalletContent => {
      const held = content.letters.find((it) => it.consent === consent);
      if (held !== undefined) return withNewer(content, held, letter, standing);
      if (!isVouchedFor && !isAccepted(patient) && !isKnown(content, patient)) {
        throw new CodedError('LETTER_WAITS', { consent });
      }
      return withLetter(content, letter);
    };
    return { edit, from: patient, name };
  },
};

function unlessOversize(signed: Uint8Array): ReadLetter | 'oversize' {
  try {
    return readLetter(signed);
  } catch (error) {
    if (isCoded(error, 'BODY_TOO_LARGE')) return 'oversize';
    throw error;
  }
}

/** The owner's card if it is proven to be hers; else none. */
async function ownerCard(
  ctx: Context,
  read: ReadLetter,
  signal?: AbortSignal,
): Promise<Card | undefined> {
  if (read.letter.ownerCard.length === 0) return undefined;
  try {
    const card = await checkCard(ctx.ledger, read.letter.ownerCard, signal);
    return card.account === read.body.account ? card : undefined;
  } catch (error) {
    if (isCoded(error, 'CARD_INVALID')) return undefined;
    throw error;
  }
}

/** Somebody whose card or grant this wallet holds, or whom its person has granted something. */
function isKnown(content: WalletContent, patient: AccountId): boolean {
  return (
    content.cards.some((it) => it.account === patient) ||
    content.letters.some((it) => it.account === patient && !it.ended) ||
    content.grants.some((it) => it.grantee === patient)
  );
}

/**
 * Only what writes now takes the place of a letter: who has an old key of the owner's, or an old seed, displaces nothing.
 * One that is older, or was overtaken on its way, is let go.
 */
function withNewer(
  content: WalletContent,
  held: ReceivedLetter,
  letter: ReceivedLetter,
  standing: LetterStanding,
): WalletContent {
  const isNewer = compareGenerations(letter, held) > 0 && standing === 'in force';
  if (held.ended || held.account !== letter.account || !isNewer) return content;
  const ownerName = letter.ownerName === '' ? held.ownerName : letter.ownerName;
  const letters = content.letters.filter((it) => it !== held);
  return withLetter({ ...content, letters }, { ...letter, ownerName });
}

/** Throws LETTER_WAITS, WALLET_FULL. */
function withLetter(content: WalletContent, letter: ReceivedLetter): WalletContent {
  const { consent, account } = letter;
  const his = content.letters.filter((it) => it.account === account && !it.ended);
  const bytes = bytesOfLetter(letter);
  if (his.length >= receivedLimits.lettersOfOne) throw new CodedError('LETTER_WAITS', { consent });
  const { ofOne, ofAll } = receivedBytes(content, account);
  if (ofOne + bytes > receivedLimits.bytesOfOne) throw new CodedError('LETTER_WAITS', { consent });
  if (ofAll + bytes > receivedLimits.bytes) throw new CodedError('WALLET_FULL', { consent });
  return { ...content, letters: [...content.letters, letter] };
}

/** How long a grant that has ended is still shown. */
const endedShownMs = 24 * 60 * 60_000;

/**
 * Takes out of the wallet what grants had given that ended more than a day ago, by the ledger's word; at once where their
 * patient's share of the wallet is half used up. What stays of
 * each is that it ended, so that no other device brings it back.
 */
export async function forgetEnded(ctx: Context, { signal }: WorkOptions = {}): Promise<void> {
  const grantee = ctx.account.account;
  const held = ctx.vault.content.letters.filter((it) => it.grantee === grantee && !it.ended);
  const rows = await ctx.ledger.consents(
    held.map((it) => it.consent),
    signal,
  );
  const over = new Set<ConsentId>();
  for (const { consent, account } of held) {
    const row = rows.get(consent);
    if (row === undefined) continue;
    const endMs = await endOf(ctx, row, signal);
    // Whose share is half used up gives room at once.
    const shownMs = isCrowded(held, account) ? 0 : endedShownMs;
    if (endMs + shownMs <= ctx.ledger.tip.timeMs) over.add(consent);
  }
  if (over.size === 0) return;
  await ctx.noteDown((content) =>
    withoutEnded({
      ...content,
      letters: content.letters.map((it) => (over.has(it.consent) ? endedLetter(it) : it)),
    }),
  );
}

function isCrowded(held: readonly ReceivedLetter[], patient: AccountId): boolean {
  const his = held.filter((it) => it.account === patient);
  const bytes = his.reduce((sum, it) => sum + bytesOfLetter(it), 0);
  const { lettersOfOne, bytesOfOne } = receivedLimits;
  return his.length >= lettersOfOne / 2 || bytes >= bytesOfOne / 2;
}

const lettersOf = (ctx: Context): readonly ReceivedLetter[] =>
  ctx.vault.content.letters.filter((it) => it.grantee === ctx.account.account && !it.ended);

/** As a letter has it, by the clock. */
function grantOf(ctx: Context, held: ReceivedLetter, isEnded: boolean) {
  const { letter } = readLetter(held.letter);
  return {
    consent: held.consent,
    patient: held.account,
    patientName: held.ownerName,
    terms: decodeGrantBody(letter.body),
    notBeforeMs: letter.notBeforeMs,
    notAfterMs: letter.notAfterMs,
    mayWrite: letter.writeSeed.length > 0,
    state: isEnded ? 'ended' : letter.notBeforeMs <= ctx.nowMs() ? 'live' : 'not yet',
  } as const;
}

/** The grants this account was given, as their letters say; the ledger is not asked. */
export function grantsByLetters(ctx: Context): readonly ReceivedGrant[] {
  return lettersOf(ctx).map((held) => {
    const { notAfterMs } = readLetter(held.letter).letter;
    return { ...grantOf(ctx, held, notAfterMs <= ctx.nowMs()), endedMs: undefined };
  });
}

/** The grants this account was given, with what the ledger says about each now. */
export async function receivedGrants(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly ReceivedGrant[]> {
  const own = lettersOf(ctx);
  const rows = await ctx.ledger.consents(
    own.map((it) => it.consent),
    signal,
  );
  const listed = own.map((held) => {
    const row = rows.get(held.consent);
    const nowMs = ctx.nowMs();
    return grantOf(
      ctx,
      held,
      row === undefined || row.revokedHeight !== 0 || row.notAfterMs <= nowMs,
    );
  });
  const over = new Set<string>(listed.flatMap((it) => (it.state === 'ended' ? it.consent : [])));
  await ctx.kept.dropWhereItCan((it) => over.has(it.consent));
  const ended = listed.map((it) => (it.state === 'ended' ? rows.get(it.consent) : undefined));
  const ends = await endsOf(ctx, ended, signal);
  return listed.map((it, at) => ({ ...it, endedMs: ends[at] }));
}

/** A grant that is at work: its letter, and what it allows. */
export interface HeldGrant {
  readonly letter: Letter;
  readonly terms: GrantBody;
  readonly patient: AccountId;
}

/** Throws NOT_SHARED: no letter for this grant is in the wallet; CONSENT_ENDED: there was one. */
export function heldGrant(ctx: Context, consent: ConsentId): HeldGrant {
  const held = ctx.vault.content.letters.find(
    (it) => it.consent === consent && it.grantee === ctx.account.account,
  );
  if (held === undefined) throw new CodedError('NOT_SHARED', { consent });
  if (held.ended) throw new CodedError('CONSENT_ENDED', { consent });
  const { letter, body } = readLetter(held.letter);
  return { letter, terms: body, patient: held.account };
}
