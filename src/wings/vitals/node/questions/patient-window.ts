import { bytesToHex, compareBytes } from '../../../../primitives/bytes.ts';
import { rollLength } from '../../crypto/pages/page-layout.ts';
import { ColumnSum, Halves, wordsOf } from '../../crypto/statistics/column-sum.ts';
import { digestOfPages } from '../stores/page-selection.ts';
import type {
  DaySums,
  HourRange,
  PageSelection,
  PageStore,
  SelectedPage,
} from '../stores/page-store.ts';
import { PeopleOfPieces, type WindowPatient } from './people-of-pieces.ts';

export type { WindowPatient } from './people-of-pieces.ts';

const nameBytes = 16;
const digestBytes = 32;
const hoursPerDay = 24;
const sharesAtOnce = 4_096;

/**
 * What everybody has in some hours as of one batch: pages, digest and the sum of the shares. Sealed pages never change, so
 * it may be kept. Whole days are taken from the day's sums, the hours before and after them from the pages.
 */
export class PatientWindow {
  /** By rising pseudonym. */
  readonly patients: readonly WindowPatient[];
  readonly #rolls: Halves;

  private constructor(patients: readonly WindowPatient[], rolls: Halves) {
    this.patients = patients;
    this.#rolls = rolls;
  }

  static async open(store: PageStore, of: PageSelection): Promise<PatientWindow> {
    const pieces: DaySums[] = [];
    for (const hours of partialDays(of.hours)) pieces.push(...(await hourSums(store, of, hours)));
    for await (const day of store.days(wholeDays(of), { counters: false })) pieces.push(day);
    pieces.sort((a, b) => a.day - b.day || a.batch - b.batch);
    return joined(pieces);
  }

  static made(patients: readonly WindowPatient[], rolls: Halves): PatientWindow {
    return new PatientWindow(patients, rolls);
  }

  addTo(sum: ColumnSum, { place }: WindowPatient): void {
    sum.addHalves(this.#rolls, place);
  }
}

/** Counters of those whom `isCounted` names, in these hours: read anew, for they are eight times as long as the sums. */
export async function addCounters(
  store: PageStore,
  of: PageSelection,
  to: { readonly sum: ColumnSum; readonly isCounted: (name: string) => boolean },
): Promise<void> {
  const { sum, isCounted } = to;
  for (const hours of partialDays(of.hours)) {
    const pages = await store.select({ ...of, hours });
    const own = pages.filter(({ pseudonym }) => isCounted(bytesToHex(pseudonym)));
    await addShares(store, own, (share) => sum.add(share.histogram));
  }
  for await (const { patients, histograms } of store.days(wholeDays(of), { counters: true })) {
    if (histograms === undefined) continue;
    const width = (histograms.length * nameBytes) / patients.length;
    for (let at = 0; at * nameBytes < patients.length; at++) {
      if (!isCounted(nameAt(patients, at))) continue;
      sum.add(histograms.subarray(at * width, (at + 1) * width));
    }
  }
}

/** Shares of pages, so many at once as memory has room for. */
export async function addShares(
  store: PageStore,
  pages: readonly { readonly page: Uint8Array }[],
  add: (share: { readonly roll: Uint8Array; readonly histogram: Uint8Array }) => void,
): Promise<void> {
  for (let at = 0; at < pages.length; at += sharesAtOnce) {
    const ids = pages.slice(at, at + sharesAtOnce).map(({ page }) => page);
    for (const share of await store.shares(ids)) add(share);
  }
}

const wholeDays = (of: PageSelection): PageSelection => {
  const from = Math.ceil(of.hours.from / hoursPerDay) * hoursPerDay;
  const until = Math.floor(of.hours.until / hoursPerDay) * hoursPerDay;
  return { ...of, hours: { from, until: Math.max(from, until) } };
};

/** The hours that are no whole days; none, one or two stretches. */
function partialDays({ from, until }: HourRange): readonly HourRange[] {
  const first = Math.ceil(from / hoursPerDay) * hoursPerDay;
  const last = Math.floor(until / hoursPerDay) * hoursPerDay;
  if (first > last) return [{ from, until }];
  return [
    { from, until: first },
    { from: last, until },
  ].filter((it) => it.from < it.until);
}

/** Of hours that are no whole day the same columns, made of their pages. */
async function hourSums(
  store: PageStore,
  of: PageSelection,
  hours: HourRange,
): Promise<readonly DaySums[]> {
  const pages = await store.select({ ...of, hours });
  const groups = new Map<string, SelectedPage[]>();
  for (const page of pages) {
    const name = `${Math.floor(page.startHour / hoursPerDay)} ${page.batch}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [page]);
    else group.push(page);
  }
  return Promise.all([...groups.values()].map((group) => sumsOfGroup(store, group)));
}

/** Pages of one day and batch. */
async function sumsOfGroup(store: PageStore, pages: readonly SelectedPage[]): Promise<DaySums> {
  const sorted = [...pages].sort(
    (a, b) => compareBytes(a.pseudonym, b.pseudonym) || compareBytes(a.page, b.page),
  );
  const people = new Map<string, SelectedPage[]>();
  for (const page of sorted) {
    const name = bytesToHex(page.pseudonym);
    const own = people.get(name);
    if (own === undefined) people.set(name, [page]);
    else own.push(page);
  }
  const [first] = sorted;
  const size = people.size;
  const patients = new Uint8Array(size * nameBytes);
  const digests = new Uint8Array(size * digestBytes);
  const counts = new Uint8Array(size * 8);
  const rolls = new Uint8Array(size * rollLength * 8);
  for (const [at, own] of [...people.values()].entries()) {
    patients.set(own[0]?.pseudonym ?? patients, at * nameBytes);
    digests.set(digestOfPages(own.map(({ page }) => page)), at * digestBytes);
    const view = new DataView(counts.buffer, at * 8);
    view.setUint32(0, own.length);
    view.setUint32(
      4,
      own.reduce((total, { n }) => total + n, 0),
    );
    const sum = new ColumnSum(rollLength);
    await addShares(store, own, (share) => sum.add(share.roll));
    rolls.set(sum.bytes(), at * rollLength * 8);
  }
  const day = Math.floor((first?.startHour ?? 0) / hoursPerDay);
  return { day, batch: first?.batch ?? 0, patients, digests, counts, rolls };
}

/** Pieces by rising day and batch become a row a patient. */
function joined(pieces: readonly DaySums[]): PatientWindow {
  const people = new PeopleOfPieces(pieces);
  const rolls = new Halves(people.size, rollLength);
  for (const [at, { rolls: added }] of pieces.entries())
    rolls.addRows(people.placesIn(at), wordsOf(added));
  rolls.reduce();
  return PatientWindow.made(people.rising(), rolls);
}

const nameAt = (patients: Uint8Array, at: number): string =>
  bytesToHex(patients.subarray(at * nameBytes, (at + 1) * nameBytes));
