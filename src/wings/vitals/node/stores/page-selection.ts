import { labelledHash, sha256 } from '../../../../crypto/hash.ts';
import { compareBytes, concatBytes, equalBytes, utf8 } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';

/** A patient whom a question is about, and what she has in its hours. */
export interface MeantPatient {
  /** The pseudonym, 16 bytes. */
  readonly patient: Uint8Array;
  /** The same in hex. */
  readonly name: string;
  readonly pages: number;
  readonly readings: number;
  /** `digestOfDays`, 32 bytes: another set of pages has another. */
  readonly digest: Uint8Array;
}

/** A page of somebody of whom not all count. */
export interface MeantPage {
  /** 16 bytes. */
  readonly page: Uint8Array;
  readonly readings: number;
}

const { labels } = vitalsNames;
const nameBytes = 16;
const rowBytes = nameBytes + 32;

/** Of the pages of one patient in one batch and day, by rising id. Source: docs/protocol/vitals-statistics.md, rule VQ-8. */
export const digestOfPages = (pages: readonly Uint8Array[]): Uint8Array =>
  labelledHash(labels.dayPages, ...pages);

/** Of all pages of one patient: `days` by rising day and batch, one after the other. Rule VQ-8. */
export const digestOfDays = (days: Uint8Array): Uint8Array => labelledHash(labels.pagesAsked, days);

const days = concatBytes(utf8(labels.pagesAsked), Uint8Array.of(0));
const digestWords = 8;
/** The label stands before the digests of each, which begin at a whole word. */
const headWords = Math.ceil(days.length / 4);

/** `digestOfDays` of many patients whose days come piece by piece: each where it is hashed, and copied once. */
export class DigestsOfDays {
  readonly #words: Uint32Array<ArrayBuffer>;
  /** Where the digests of each begin, and how far they are written. */
  readonly #from: Uint32Array;
  readonly #written: Uint32Array;

  /** `counts`: how many days each patient has; `rows`: all of them. */
  constructor(counts: Uint32Array, rows: number) {
    this.#words = new Uint32Array(rows * digestWords + counts.length * headWords);
    this.#from = new Uint32Array(counts.length);
    let at = 0;
    for (let place = 0; place < counts.length; place++) {
      at += headWords;
      this.#from[place] = at;
      new Uint8Array(this.#words.buffer).set(days, 4 * at - days.length);
      at += (counts[place] ?? 0) * digestWords;
    }
    this.#written = this.#from.slice();
  }

  /** The next day of each patient at `places`: 32 bytes each, one after the other. */
  add(places: Uint32Array, digests: Uint32Array): void {
    const words = this.#words;
    let read = 0;
    for (let row = 0; row < places.length; row++) {
      const place = places[row] ?? 0;
      let at = this.#written[place] ?? 0;
      for (let i = 0; i < digestWords; i++) words[at++] = digests[read++] ?? 0;
      this.#written[place] = at;
    }
  }

  of(place: number): Uint8Array {
    const from = 4 * (this.#from[place] ?? 0) - days.length;
    const length = 4 * (this.#written[place] ?? 0) - from;
    return sha256(new Uint8Array(this.#words.buffer, from, length));
  }
}

/** Throws COHORT_TOO_SMALL. Rule VQ-6. */
export function requirePatients(patients: readonly MeantPatient[], kMin: number): void {
  // Says only what anybody who knows the public attributes could count.
  if (patients.length < kMin) throw new CodedError('COHORT_TOO_SMALL');
}

/**
 * The pages of one patient that count: those whose hash with the query is least, by rising id. The same at all three
 * servers, in whatever order they keep their pages. Rule VQ-7.
 */
export function countingPages<P extends Pick<MeantPage, 'page'>>(
  pages: readonly P[],
  { query, pagesPerPatient }: { readonly query: Uint8Array; readonly pagesPerPatient: number },
): readonly P[] {
  return pages
    .map((it) => ({ it, place: labelledHash(labels.contribution, query, it.page) }))
    .sort((a, b) => compareBytes(a.place, b.place))
    .slice(0, pagesPerPatient)
    .map(({ it }) => it)
    .sort((a, b) => compareBytes(a.page, b.page));
}

/** What a question is about, before the cap: pseudonym and digest of each patient, by rising pseudonym. Rule VQ-8. */
export type PageSet = Uint8Array;

export function pageSetOf(patients: readonly Pick<MeantPatient, 'patient' | 'digest'>[]): PageSet {
  const set = new Uint8Array(patients.length * rowBytes);
  for (const [at, { patient, digest }] of patients.entries()) {
    set.set(patient, at * rowBytes);
    set.set(digest, at * rowBytes + nameBytes);
  }
  return set;
}

const sets = new WeakMap<readonly MeantPatient[], PageSet>();

/** The same of a list that may come again: made once. */
export function pageSetOnce(patients: readonly MeantPatient[]): PageSet {
  const set = sets.get(patients) ?? pageSetOf(patients);
  sets.set(patients, set);
  return set;
}

export const patientsIn = (set: PageSet): number => set.length / rowBytes;

/** Of how many patients two questions count other pages. */
export function patientsApart(a: PageSet, b: PageSet): number {
  // What is asked once more, mostly.
  if (equalBytes(a, b)) return 0;
  let [apart, left, right] = [0, 0, 0];
  while (left < a.length || right < b.length) {
    const order = orderAt(a, left, b, right);
    if (order === 0) {
      if (differs(a, left, b, right)) apart += 1;
      left += rowBytes;
      right += rowBytes;
      continue;
    }
    apart += 1;
    if (order < 0) left += rowBytes;
    else right += rowBytes;
  }
  return apart;
}

/** Which pseudonym comes first; that of a set that has ended comes last. */
function orderAt(a: PageSet, left: number, b: PageSet, right: number): number {
  if (left >= a.length) return 1;
  if (right >= b.length) return -1;
  for (let i = 0; i < nameBytes; i++) {
    const difference = (a[left + i] ?? 0) - (b[right + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function differs(a: PageSet, left: number, b: PageSet, right: number): boolean {
  for (let i = nameBytes; i < rowBytes; i++) if (a[left + i] !== b[right + i]) return true;
  return false;
}

/** Rule VQ-34. `query`: 32 bytes; `counting`: of each patient the digest of what of her counts, by rising pseudonym. */
export const selectionOf = (query: Uint8Array, counting: PageSet): Uint8Array =>
  labelledHash(labels.selection, query, counting);
