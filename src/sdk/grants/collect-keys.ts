import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import {
  type EnvelopeContent,
  maxEnvelopeSetBytes,
  maxOpenings,
  openEnvelope,
} from '../keys/envelope-set.ts';
import type { OwnedKeySet } from '../ledger/proven-ledger.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import type { HeldOpening, HeldSegment, OpenedSet, WalletContent } from '../wallet/content.ts';
import type { HeldGrant } from './received.ts';
import { hasRoom, heldKeyBytes } from './received-room.ts';

/** What opens a patient's items: of the wallet, or found just now. */
export type GrantKeys = Pick<WalletContent, 'segments' | 'openings'>;

/** What one envelope set gave that is allowed and was not there. */
interface Found {
  readonly set: OpenedSet;
  readonly segments: readonly HeldSegment[];
  readonly openings: readonly HeldOpening[];
}

/**
 * Looks into every envelope set since the grant that was not looked into yet. Returns all keys of the grant; as many as
 * have room are kept, so that the next read need not look again. The sets stay stored: who was away misses nothing.
 *
 * An envelope is the patient's making. Of what is in it only that counts which the ledger and the grant allow: classes
 * that it reads, epochs that the patient's KeySets scheduled before it ends, each once, and openings of 1,000 records
 * in all. A set that cannot be read gives nothing, and hides no other. Source: docs/protocol/keys.md, rule K-16.
 */
export async function collectKeys(
  ctx: Context,
  held: HeldGrant,
  { signal }: WorkOptions = {},
): Promise<GrantKeys> {
  const { consent } = held.letter;
  const [row, account] = await Promise.all([
    ctx.ledger.consent(consent, signal),
    ctx.ledger.knownAccount(held.patient, signal),
  ]);
  if (row === undefined) throw new CodedError('CONSENT_UNKNOWN', { consent });
  const opened = new Set(
    ctx.vault.content.openedSets.filter((it) => it.consent === consent).map((it) => it.keySetBlob),
  );
  const keySets = await ctx.ledger.keySets(account, held.patient, signal);
  const fresh = keySets.filter(
    (it) => it.height >= row.grantedHeight && !opened.has(it.keySetBlob),
  );
  const { content } = ctx.vault;
  if (fresh.length === 0) return content;
  const found: Found[] = [];
  const at = account.organisation === ctx.account.organisation ? undefined : account.organisation;
  const allowed = new Allowed(content, held);
  for (const keySet of fresh) {
    const epochs = scheduledBy(keySets, keySet, row.notAfterMs);
    const inside = await envelopeIn(ctx, held, { keySet, at, most: epochs.size }, signal);
    if (inside === undefined) continue;
    const set = { consent, keySetBlob: keySet.keySetBlob };
    found.push({ set, ...allowed.of(inside, epochs) });
  }
  await keep(ctx, held, found);
  return {
    segments: [...content.segments, ...found.flatMap((it) => it.segments)],
    openings: [...content.openings, ...found.flatMap((it) => it.openings)],
  };
}

/** Epochs that this KeySet, or one before it, scheduled to begin before the grant ends. */
function scheduledBy(
  keySets: readonly OwnedKeySet[],
  { after }: OwnedKeySet,
  notAfterMs: number,
): ReadonlySet<number> {
  const until = keySets.filter((it) => it.after <= after).flatMap((it) => it.schedule);
  return new Set(until.flatMap((it) => (it.validFromMs < notAfterMs ? it.epoch : [])));
}

/** Undefined: too large to be fetched. Empty: nothing for this grant, or nothing that can be read. */
async function envelopeIn(
  ctx: Context,
  { letter, terms }: HeldGrant,
  {
    keySet: { keySetBlob, envelopeSetBlob },
    at,
    most,
  }: {
    readonly keySet: OwnedKeySet;
    readonly at: AccountId | undefined;
    readonly most: number;
  },
  signal?: AbortSignal,
): Promise<EnvelopeContent | undefined> {
  const { consent, tagKey } = letter;
  const kemKeys = (await ctx.allKeys()).map((it) => it.kem);
  const mostSegments = most * terms.readClasses.length;
  try {
    const limitBytes = maxEnvelopeSetBytes;
    const set = await ctx.gateway.blob(envelopeSetBlob, { at, limitBytes, signal });
    const opener = { consent, tagKey, kemKeys, mostSegments };
    return (await openEnvelope(set, keySetBlob, opener)) ?? nothing;
  } catch (error) {
    if (isCoded(error, 'BODY_TOO_LARGE')) return undefined;
    if (unreadable.some((code) => isCoded(error, code))) return nothing;
    throw error;
  }
}

const nothing: EnvelopeContent = { segments: [], openings: [] };
/** What bytes that have the right id say of themselves. */
const unreadable = [
  'CANNOT_OPEN',
  'CBOR_INVALID',
  'CBOR_SHAPE',
  'ID_FORMAT',
  'SUITE_UNKNOWN',
  'TYPE_UNKNOWN',
] as const;

/** What the ledger and the grant allow of an envelope, each key once. */
class Allowed {
  readonly #consent: ConsentId;
  readonly #classes: ReadonlySet<string>;
  readonly #segments: Set<string>;
  readonly #openings: Set<RecordId>;

  constructor({ segments, openings }: GrantKeys, { letter, terms }: HeldGrant) {
    const { consent } = letter;
    this.#consent = consent;
    // A grant that names records opens them one by one.
    this.#classes = new Set(terms.recordIds.length > 0 ? [] : terms.readClasses);
    this.#segments = new Set(segments.filter((it) => it.consent === consent).map(nameOf));
    this.#openings = new Set(openings.flatMap((it) => (it.consent === consent ? it.record : [])));
  }

  of(inside: EnvelopeContent, epochs: ReadonlySet<number>): Pick<Found, 'segments' | 'openings'> {
    const consent = this.#consent;
    const segments = inside.segments.filter((it) => {
      const name = nameOf(it);
      const isNew = !this.#segments.has(name);
      const isAllowed = isNew && this.#classes.has(it.class) && epochs.has(it.epoch);
      if (isAllowed) this.#segments.add(name);
      return isAllowed;
    });
    const openings = inside.openings.filter(({ record }) => {
      const isAllowed = !this.#openings.has(record) && this.#openings.size < maxOpenings;
      if (isAllowed) this.#openings.add(record);
      return isAllowed;
    });
    return {
      segments: segments.map((it) => ({ consent, ...it })),
      openings: openings.map((it) => ({ consent, ...it })),
    };
  }
}

const nameOf = (it: { readonly class: string; readonly epoch: number }): string =>
  `${it.class} ${it.epoch}`;

/** Keeps what has room, set by set: one that has none is looked into again at the next read. */
async function keep(ctx: Context, { patient }: HeldGrant, found: readonly Found[]): Promise<void> {
  try {
    await ctx.vault.change((content) => withFound(content, patient, found));
  } catch (error) {
    // The keys are at hand for this read all the same.
    if (!isCoded(error, 'WALLET_FULL')) throw error;
  }
}

function withFound(
  content: WalletContent,
  patient: AccountId,
  found: readonly Found[],
): WalletContent {
  const known = new Set(content.openedSets.map((it) => `${it.consent} ${it.keySetBlob}`));
  const kept: Found[] = [];
  let bytes = 0;
  for (const it of found) {
    if (known.has(`${it.set.consent} ${it.set.keySetBlob}`)) continue;
    const more = (1 + it.segments.length + it.openings.length) * heldKeyBytes;
    if (!hasRoom(content, patient, bytes + more)) continue;
    bytes += more;
    kept.push(it);
  }
  if (kept.length === 0) return content;
  return {
    ...content,
    segments: [...content.segments, ...kept.flatMap((it) => it.segments)],
    openings: [...content.openings, ...kept.flatMap((it) => it.openings)],
    openedSets: [...content.openedSets, ...kept.map((it) => it.set)],
  };
}

/** What opens items under a grant: prepared once, asked for each item. Throws KEY_NOT_HERE. */
export function readingKeysOf(
  content: GrantKeys,
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
