import { bytesToHex } from '../../../../primitives/bytes.ts';
import { wordsOf } from '../../crypto/statistics/column-sum.ts';
import { DigestsOfDays, type MeantPatient } from '../stores/page-selection.ts';
import type { DaySums } from '../stores/page-store.ts';

const nameBytes = 16;
/** Of a name, in 32-bit words. */
const nameWords = 4;

/** Somebody with a page in the window, and where her sum stands. */
export interface WindowPatient extends MeantPatient {
  readonly place: number;
}

/**
 * Who has something in pieces by rising day and batch, each a place of their own in the order in which they come. Whole
 * columns at once: a million rows with a text, a list entry and a hash of many parts each take a second.
 */
export class PeopleOfPieces {
  readonly #names: NameTable;
  readonly #places: readonly Uint32Array[];
  readonly #pages: Float64Array;
  readonly #readings: Float64Array;
  readonly #digests: DigestsOfDays;

  constructor(pieces: readonly DaySums[]) {
    const rows = pieces.reduce((sum, { patients }) => sum + patients.length / nameBytes, 0);
    const names = new NameTable();
    this.#places = pieces.map(({ patients }) => names.placesOf(wordsOf(patients)));
    this.#names = names;
    this.#pages = new Float64Array(names.size);
    this.#readings = new Float64Array(names.size);
    const days = new Uint32Array(names.size);
    for (const [at, { counts }] of pieces.entries()) this.#count(this.placesIn(at), counts, days);
    this.#digests = new DigestsOfDays(days, rows);
    for (const [at, { digests }] of pieces.entries())
      this.#digests.add(this.placesIn(at), wordsOf(digests));
  }

  get size(): number {
    return this.#names.size;
  }

  /** Of the rows of one piece. */
  placesIn(piece: number): Uint32Array {
    return this.#places[piece] ?? new Uint32Array(0);
  }

  #count(places: Uint32Array, counts: Uint8Array, days: Uint32Array): void {
    const view = new DataView(counts.buffer, counts.byteOffset, counts.length);
    for (let row = 0; row < places.length; row++) {
      const place = places[row] ?? 0;
      this.#pages[place] = (this.#pages[place] ?? 0) + view.getUint32(8 * row);
      this.#readings[place] = (this.#readings[place] ?? 0) + view.getUint32(8 * row + 4);
      days[place] = (days[place] ?? 0) + 1;
    }
  }

  /** By rising pseudonym. */
  rising(): readonly WindowPatient[] {
    const people = Array.from({ length: this.size }, (_, place) => {
      const patient = this.#names.at(place);
      return {
        ...{ patient, name: bytesToHex(patient), place, digest: this.#digests.of(place) },
        ...{ pages: this.#pages[place] ?? 0, readings: this.#readings[place] ?? 0 },
      };
    });
    return people.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Names of 16 bytes, numbered as they come: open addressing under a hash that nobody outside can aim at. */
class NameTable {
  #names = new Uint32Array(1024 * nameWords);
  /** Place + 1; 0: free. A power of two, at most half full. */
  #slots = new Uint32Array(2048);
  readonly #seed = Uint32Array.from({ length: nameWords }, () => (Math.random() * 2 ** 32) | 1);
  size = 0;

  at(place: number): Uint8Array {
    const { buffer } = this.#names;
    return new Uint8Array(buffer, place * nameBytes, nameBytes);
  }

  /** Of names one after the other; new ones get the next places. */
  placesOf(names: Uint32Array): Uint32Array {
    const places = new Uint32Array(names.length / nameWords);
    // Mostly the same people in the same order as the day before.
    let guess = 0;
    for (let row = 0; row < places.length; row++) {
      const at = row * nameWords;
      const place = this.#isAt(guess, names, at) ? guess : this.#find(names, at);
      places[row] = place;
      guess = place + 1;
    }
    return places;
  }

  #isAt(place: number, names: Uint32Array, at: number): boolean {
    const own = this.#names;
    const from = place * nameWords;
    return (
      place < this.size &&
      own[from] === names[at] &&
      own[from + 1] === names[at + 1] &&
      own[from + 2] === names[at + 2] &&
      own[from + 3] === names[at + 3]
    );
  }

  #find(names: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#hash(names, at) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0) break;
      if (this.#isAt(taken - 1, names, at)) return taken - 1;
    }
    const place = this.size++;
    this.#slots[slot] = place + 1;
    if ((place + 1) * nameWords > this.#names.length) this.#names = grown(this.#names);
    for (let i = 0; i < nameWords; i++) this.#names[place * nameWords + i] = names[at + i] ?? 0;
    if (2 * this.size > this.#slots.length) this.#rehash();
    return place;
  }

  #rehash(): void {
    const mask = 2 * this.#slots.length - 1;
    this.#slots = new Uint32Array(mask + 1);
    for (let place = 0; place < this.size; place++) {
      let slot = this.#hash(this.#names, place * nameWords) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = place + 1;
    }
  }

  #hash(names: Uint32Array, at: number): number {
    let hash = 0;
    for (let i = 0; i < nameWords; i++) {
      hash = Math.imul(hash ^ (names[at + i] ?? 0), this.#seed[i] ?? 1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }
}

function grown(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}
