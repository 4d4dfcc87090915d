import { compareBytes, equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { giveBack } from '../give-back.ts';
import { bytesIn, type Row, textIn, uintIn } from '../page-rows.ts';
import type {
  HeardHour,
  HourRange,
  PageSelection,
  PlannedBatch,
  SelectedPage,
  StoredPage,
  StoredShare,
  SummedPart,
} from '../page-store.ts';
import {
  countOf,
  headAt,
  headsIn,
  headsOf,
  type NamesBeside,
  namesBytes,
  namesIn,
  pagesOfSegment,
  type SealedHead,
  type SealedPage,
  sharesBytes,
  sharesIn,
} from '../sealed-segment.ts';
import { nameSealed } from './sqlite-many-pages.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

const hoursPerDay = 24;
/** All that a row's MAC is over; the large columns beside them by MACs of their own. */
export const boundOfSealed =
  'number, trio, panel, day, batch, first, last, heads, names_mac, shares_mac';
/** Rows that were held stay for who reads their pages one by one: all of a full batch for its tree, a few for sums. */
const namesKept = 96;
const sharesKept = 8;

/** Pages that count, in rows of up to 64: held to the MAC of their row whenever they are read. Rules VS-17, VT-8. */
export class SqliteSealedPages {
  readonly #db: PagesDb;
  readonly #names = new Kept<readonly StoredPage[]>(namesKept);
  readonly #shares = new Kept<readonly StoredShare[]>(sharesKept);

  constructor(db: PagesDb) {
    this.#db = db;
  }

  /** Within the caller's step; returns the pages as they lie: by panel, day, patient and page. */
  put(
    { trio, number: batch }: Pick<PlannedBatch, 'trio' | 'number'>,
    pages: readonly SealedPage[],
  ): readonly SealedPage[] {
    const sorted = [...pages].sort(inOrder);
    let number = this.#db.nextNumber('sealed');
    for (let at = 0; at < sorted.length; number++) {
      const segment = segmentFrom(sorted, at);
      this.#insert({ number, trio, batch }, segment);
      at += segment.length;
    }
    return sorted;
  }

  #insert(
    { number, trio, batch }: { number: number; trio: string; batch: number },
    pages: readonly SealedPage[],
  ): void {
    const [first, last] = [pages[0]?.names, pages.at(-1)?.names];
    if (first === undefined || last === undefined) return;
    const { macs } = this.#db;
    const [names, shares] = [namesBytes(pages), sharesBytes(pages.map(({ kept }) => kept))];
    this.#db.run(
      `INSERT INTO sealed (number, trio, panel, day, batch, first, last, heads, names_mac, shares_mac, names, shares)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[number, trio, first.panel, dayOf(first), batch, first.pseudonym, last.pseudonym],
      ...[headsOf(pages), macs.ofPart(names), macs.ofPart(shares), names, shares],
    );
    for (const it of [names, shares]) giveBack(it);
    nameSealed(
      this.#db,
      number,
      pages.map(({ names: { page } }) => page),
    );
  }

  /** Whether it is sealed under this manifest; undefined: it is not. */
  isSealed({ page, manifestHash }: Pick<StoredPage, 'page' | 'manifestHash'>): boolean | undefined {
    const found = this.page(page);
    return found && equalBytes(found.manifestHash, manifestHash);
  }

  /** Throws ROW_TAMPERED. */
  page(page: Uint8Array): StoredPage | undefined {
    const place = this.#placeOf(page);
    return place && this.#namesOf(place.number)[place.at];
  }

  /** Its number among envelopes; 0: it has none. Throws ROW_TAMPERED. */
  envelopeOf(page: Uint8Array): number {
    const place = this.#placeOf(page);
    if (place === undefined) return 0;
    const row = this.#row(place.number);
    return headAt(bytesIn(this.#db.held('sealed', row), 'heads'), place.at).envelope;
  }

  #placeOf(page: Uint8Array): { readonly number: number; readonly at: number } | undefined {
    const row = this.#db.get('SELECT id FROM sealed_pages WHERE page = ?', page);
    if (row === undefined) return undefined;
    const id = uintIn(row, 'id');
    return { number: Math.floor(id / pagesOfSegment), at: id % pagesOfSegment };
  }

  /** `more`: large columns. Throws ROW_TAMPERED: the index names a row that is not there. */
  #row(number: number, more = ''): Row {
    const row = this.#db.get(`SELECT ${boundOfSealed}${more} FROM sealed WHERE number = ?`, number);
    if (row === undefined) throw new CodedError('ROW_TAMPERED', { table: 'sealed_pages' });
    return row;
  }

  #namesOf(number: number): readonly StoredPage[] {
    return this.#names.get(number, () => {
      const row = this.#db.held('sealed', this.#row(number, ', names'));
      return namesOfSegment(row);
    });
  }

  select({ trio, panel, asOfBatch, hours }: PageSelection): readonly SelectedPage[] {
    const rows = this.#db.all(
      `SELECT ${boundOfSealed} FROM sealed
       WHERE panel = ? AND day BETWEEN ? AND ? AND trio = ? AND batch <= ?`,
      ...[panel, ...daysOf(hours), trio, asOfBatch],
    );
    const selected = rows.flatMap((row) => {
      const batch = uintIn(this.#db.held('sealed', row), 'batch');
      return headsIn(bytesIn(row, 'heads'))
        .filter((it) => isWithin(it, hours))
        .map(({ envelope: _, atMs: __, ...it }) => ({ ...it, batch }));
    });
    return selected.sort((a, b) => compareBytes(a.page, b.page));
  }

  shares(pages: readonly Uint8Array[]): readonly SummedPart[] {
    const places = pages.map((page) => {
      const place = this.#placeOf(page);
      if (place === undefined) throw new CodedError('NOT_FOUND', { what: 'page' });
      return place;
    });
    // Row by row, whatever the order in which they are named.
    const order = places.map((_, at) => at);
    order.sort((a, b) => (places[a]?.number ?? 0) - (places[b]?.number ?? 0));
    const found: SummedPart[] = [];
    for (const at of order) {
      const { number, at: place } = places[at] ?? { number: 0, at: 0 };
      const share = this.#sharesOf(number)[place];
      if (share === undefined) throw new CodedError('ROW_TAMPERED', { table: 'sealed_pages' });
      // Copies: a view would keep the whole row.
      found[at] = { roll: share.roll.slice(), histogram: share.histogram.slice() };
    }
    return found;
  }

  #sharesOf(number: number): readonly StoredShare[] {
    return this.#shares.get(number, () => {
      const row = this.#db.held('sealed', this.#row(number, ', shares'));
      return sharesIn(bytesIn(row, 'shares'), countOf(bytesIn(row, 'heads')));
    });
  }

  pagesOf(
    pseudonym: Uint8Array,
    panel: number,
    hours: HourRange,
  ): readonly (StoredPage & { readonly kept: StoredShare })[] {
    const rows = this.#db.all(
      `SELECT ${boundOfSealed}, names, shares FROM sealed
       WHERE panel = ? AND day BETWEEN ? AND ? AND first <= ? AND last >= ?`,
      ...[panel, ...daysOf(hours), pseudonym, pseudonym],
    );
    const found = rows.flatMap((row) => {
      const pages = namesOfSegment(this.#db.held('sealed', row));
      const shares = sharesIn(bytesIn(row, 'shares'), pages.length);
      return pages.flatMap((it, at) => {
        const kept = shares[at];
        const isHers = equalBytes(it.pseudonym, pseudonym) && isWithin(it, hours);
        return isHers && kept !== undefined
          ? [{ ...it, ...copiedNames(it), kept: copied(kept) }]
          : [];
      });
    });
    return found.sort((a, b) => a.startHour - b.startHour || compareBytes(a.page, b.page));
  }

  trioAfter(trio: string): string | undefined {
    const row = this.#db.get('SELECT min(trio) AS trio FROM sealed WHERE trio > ?', trio);
    return typeof row?.trio === 'string' ? row.trio : undefined;
  }

  /** Of what came of one panel of a patient. Throws ROW_TAMPERED. */
  heard(pseudonym: Uint8Array, panel: number, sinceHour: number): readonly HeardHour[] {
    const rows = this.#db.all(
      `SELECT ${boundOfSealed} FROM sealed WHERE panel = ? AND day >= ? AND first <= ? AND last >= ?`,
      ...[panel, Math.floor(sinceHour / hoursPerDay), pseudonym, pseudonym],
    );
    return rows.flatMap((row) => {
      const trio = textIn(this.#db.held('sealed', row), 'trio');
      const names = this.#namesOf(uintIn(row, 'number'));
      return headsIn(bytesIn(row, 'heads')).flatMap((head, at) => {
        const sensor = names[at]?.sensor;
        const isOurs = equalBytes(head.pseudonym, pseudonym) && head.startHour >= sinceHour;
        if (!isOurs || sensor === undefined) return [];
        return [{ sensor, hour: head.startHour, atMs: head.atMs, trio }];
      });
    });
  }

  /** What was held before is read anew: it is put right. */
  forget(): void {
    this.#names.clear();
    this.#shares.clear();
  }
}

/** What was read and held last, by the number of its row. */
class Kept<It> {
  readonly #most: number;
  readonly #kept = new Map<number, It>();

  constructor(most: number) {
    this.#most = most;
  }

  get(number: number, read: () => It): It {
    const it = this.#kept.get(number) ?? read();
    this.#kept.delete(number);
    this.#kept.set(number, it);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break;
      this.#kept.delete(oldest);
    }
    return it;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** The pages of a sealed row that was held, as their names say. */
export function namesOfSegment(row: Row): readonly StoredPage[] {
  const heads = headsIn(bytesIn(row, 'heads'));
  const beside = namesIn(bytesIn(row, 'names'), heads.length);
  const of = {
    ...{ trio: textIn(row, 'trio'), panel: uintIn(row, 'panel') },
    ...{ batch: uintIn(row, 'batch'), state: 'accepted' as const },
  };
  return heads.flatMap(({ envelope: _, atMs: __, ...head }, at) => {
    const names = beside[at];
    return names === undefined ? [] : [{ ...head, ...of, ...names }];
  });
}

/** A view would keep the whole row. */
const copied = (of: StoredShare): StoredShare => ({
  ...{ roll: of.roll.slice(), histogram: of.histogram.slice() },
  ...{ clinical: of.clinical.slice(), salt: of.salt.slice() },
});
const copiedNames = (of: NamesBeside): NamesBeside => ({
  ...{ manifestHash: of.manifestHash.slice(), manifest: of.manifest.slice() },
  ...{ signature: of.signature.slice(), sensor: of.sensor.slice(), leaf: of.leaf.slice() },
});

const dayOf = ({ startHour }: Pick<SealedHead, 'startHour'>): number =>
  Math.floor(startHour / hoursPerDay);
const daysOf = ({ from, until }: HourRange): readonly [number, number] => [
  Math.floor(from / hoursPerDay),
  Math.floor((until - 1) / hoursPerDay),
];
const isWithin = ({ startHour }: Pick<SealedHead, 'startHour'>, { from, until }: HourRange) =>
  startHour >= from && startHour < until;

const inOrder = ({ names: a }: SealedPage, { names: b }: SealedPage): number =>
  a.panel - b.panel ||
  dayOf(a) - dayOf(b) ||
  compareBytes(a.pseudonym, b.pseudonym) ||
  compareBytes(a.page, b.page);

/** From a place on what makes one row. */
function segmentFrom(sorted: readonly SealedPage[], at: number): readonly SealedPage[] {
  const first = sorted[at]?.names;
  const most = sorted.slice(at, at + pagesOfSegment);
  const end = most.findIndex(
    ({ names }) => first && (names.panel !== first.panel || dayOf(names) !== dayOf(first)),
  );
  return end === -1 ? most : most.slice(0, end);
}
