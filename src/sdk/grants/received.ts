import { decodeGrantBody, type GrantBody } from '../../api/grant-body.ts';
import { messageObjects } from '../../api/object-types.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { MessageKind } from '../client/messages.ts';
import { openEnvelope } from '../keys/envelope-set.ts';
import type { OwnedKeySet } from '../ledger/proven-ledger.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import type {
  HeldOpening,
  HeldSegment,
  OpenedSet,
  ReceivedLetter,
  WalletContent,
} from '../wallet/content.ts';
import { checkCard } from './card.ts';
import { checkLetter, type Letter, type ReadLetter, readLetter } from './letter.ts';

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
}

/**
 * Letters: each is checked against the ledger, and kept when it holds. What is not for this account, or does not
 * match the ledger, is left in the inbox.
 *
 * Throws CONSENT_UNKNOWN, GRANT_BODY_WRONG, SIGNATURE_WRONG, and what reading a letter throws.
 * Source: docs/protocol/grants.md, rule G-5.
 */
export const letterKind: MessageKind = {
  objectType: messageObjects.letter,
  async receive(ctx, signed, { receivedMs, signal }) {
    const grantee = ctx.account.account;
    const read = readLetter(signed);
    const { consent } = read.letter;
    const row = await ctx.ledger.consent(consent, signal);
    const { identities } = await ctx.ledger.keys(read.body.account, signal);
    const ownerKeys = identities.map((it) => it.identity.signKey);
    await checkLetter(read, { grantee, consent: row, ownerKeys });
    const letter: ReceivedLetter = {
      consent,
      account: read.body.account,
      grantee,
      ownerName: await ownerName(ctx, read, signal),
      letter: signed,
      receivedMs,
      ended: false,
    };
    return (content) => withLetter(content, letter);
  },
};

/** The name on the owner's card if it is proven to be hers; else none. */
async function ownerName(ctx: Context, read: ReadLetter, signal?: AbortSignal): Promise<string> {
  if (read.letter.ownerCard.length === 0) return '';
  try {
    const card = await checkCard(ctx.ledger, read.letter.ownerCard, signal);
    return card.account === read.body.account ? card.name : '';
  } catch (error) {
    if (isCoded(error, 'CARD_INVALID')) return '';
    throw error;
  }
}

function withLetter(content: WalletContent, letter: ReceivedLetter): WalletContent {
  if (content.letters.some((it) => it.consent === letter.consent)) return content;
  return { ...content, letters: [...content.letters, letter] };
}

/** The grants this account was given, with what the ledger says about each now. */
export async function receivedGrants(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly ReceivedGrant[]> {
  const own = ctx.vault.content.letters.filter((it) => it.grantee === ctx.account.account);
  const rows = await ctx.ledger.consents(
    own.map((it) => it.consent),
    signal,
  );
  return own.map((held) => {
    const { letter } = readLetter(held.letter);
    const row = rows.get(held.consent);
    const nowMs = ctx.nowMs();
    const isEnded = row === undefined || row.revokedHeight !== 0 || row.notAfterMs <= nowMs;
    return {
      consent: held.consent,
      patient: held.account,
      patientName: held.ownerName,
      terms: decodeGrantBody(letter.body),
      notBeforeMs: letter.notBeforeMs,
      notAfterMs: letter.notAfterMs,
      mayWrite: letter.writeSeed.length > 0,
      state: isEnded ? 'ended' : letter.notBeforeMs <= nowMs ? 'live' : 'not yet',
    } as const;
  });
}

/** A grant that is at work: its letter, and what it allows. */
export interface HeldGrant {
  readonly letter: Letter;
  readonly terms: GrantBody;
  readonly patient: AccountId;
}

/** Throws NOT_SHARED: no letter for this grant is in the wallet. */
export function heldGrant(ctx: Context, consent: ConsentId): HeldGrant {
  const held = ctx.vault.content.letters.find(
    (it) => it.consent === consent && it.grantee === ctx.account.account,
  );
  if (held === undefined) throw new CodedError('NOT_SHARED', { consent });
  const { letter, body } = readLetter(held.letter);
  return { letter, terms: body, patient: held.account };
}

/**
 * Looks into every envelope set since the grant that was not looked into yet, and keeps what they hold.
 * The sets stay stored, so who was away misses nothing.
 */
export async function collectKeys(
  ctx: Context,
  held: HeldGrant,
  { signal }: WorkOptions = {},
): Promise<void> {
  const { consent } = held.letter;
  const [row, account] = await Promise.all([
    ctx.ledger.consent(consent, signal),
    ctx.ledger.knownAccount(held.patient, signal),
  ]);
  if (row === undefined) throw new CodedError('CONSENT_UNKNOWN', { consent });
  const opened = new Set(
    ctx.vault.content.openedSets.filter((it) => it.consent === consent).map((it) => it.keySetBlob),
  );
  const fresh = (await ctx.ledger.keySets(account, held.patient, signal)).filter(
    (it) => it.height >= row.grantedHeight && !opened.has(it.keySetBlob),
  );
  if (fresh.length === 0) return;
  const found: Found = { segments: [], openings: [], sets: [] };
  for (const keySet of fresh)
    await collectFrom(ctx, held, keySet, account.organisation, found, signal);
  await ctx.vault.change((content) => withFound(content, found));
}

interface Found {
  readonly segments: HeldSegment[];
  readonly openings: HeldOpening[];
  readonly sets: OpenedSet[];
}

async function collectFrom(
  ctx: Context,
  { letter }: HeldGrant,
  { keySetBlob, envelopeSetBlob }: OwnedKeySet,
  organisation: AccountId,
  found: Found,
  signal?: AbortSignal,
): Promise<void> {
  const { consent, tagKey } = letter;
  const at = organisation === ctx.account.organisation ? undefined : organisation;
  const set = await ctx.gateway.blob(envelopeSetBlob, { at, signal });
  const kemKeys = (await ctx.allKeys()).map((it) => it.kem);
  const content = await openEnvelope(set, keySetBlob, { consent, tagKey, kemKeys });
  for (const segment of content?.segments ?? []) found.segments.push({ consent, ...segment });
  for (const opening of content?.openings ?? []) found.openings.push({ consent, ...opening });
  found.sets.push({ consent, keySetBlob });
}

function withFound(content: WalletContent, found: Found): WalletContent {
  const fresh = new Set(found.sets.map((it) => `${it.consent} ${it.keySetBlob}`));
  const known = new Set(content.openedSets.map((it) => `${it.consent} ${it.keySetBlob}`));
  if ([...fresh].every((name) => known.has(name))) return content;
  return {
    ...content,
    segments: [...content.segments, ...found.segments],
    openings: [...content.openings, ...found.openings],
    openedSets: [...content.openedSets, ...found.sets],
  };
}

/** What opens items under a grant: prepared once, asked for each item. Throws KEY_NOT_HERE. */
export function readingKeysOf(
  content: WalletContent,
  consent: ConsentId,
): (item: LiveItem) => ReadingKey {
  const segments = new Map<string, Uint8Array>();
  const openings = new Map<string, Uint8Array>();
  for (const it of content.segments) {
    if (it.consent === consent) segments.set(`${it.class} ${it.epoch}`, it.secret);
  }
  for (const it of content.openings) if (it.consent === consent) openings.set(it.record, it.secret);
  return (item) => {
    const sek = segments.get(`${item.recordClass} ${item.epoch}`);
    if (sek !== undefined) return { kind: 'segment', sek };
    const secret = openings.get(item.recordId);
    if (secret !== undefined) return { kind: 'opening-secret', secret };
    throw new CodedError('KEY_NOT_HERE', { recordId: item.recordId });
  };
}
