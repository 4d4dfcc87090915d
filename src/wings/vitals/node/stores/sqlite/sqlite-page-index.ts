import { createCipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { compareBytes } from '../../../../../primitives/bytes.ts';
import { bytesIn, uintIn } from '../page-rows.ts';
import { headBytes, idBytes, pagesOfSegment } from '../sealed-segment.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

/** Reads alone. */
export type PagesReader = Pick<PagesDb, 'get' | 'each'>;

/** Entries at once. */
const mostEntries = 16_384;

/**
 * Whether the index that finds sealed pages has those of the sealed rows, each once, at its place, and in its order. Read as it lies: to
 * look each page up would read the index in no order, all of it many times over. Source: vitals-tampering.md, rule VT-8a.
 */
export function isPageIndexWhole(db: PagesReader): boolean {
  const key = createSecretKey(randomBytes(32));
  const [listed, named] = [new EntrySum(key), new EntrySum(key)];
  for (const row of db.each(
    "SELECT number, coalesce(CAST(heads AS BLOB), x'') AS heads FROM sealed",
  )) {
    const heads = bytesIn(row, 'heads');
    const from = uintIn(row, 'number') * pagesOfSegment;
    const rows = heads.length / headBytes;
    // Its own MAC does not hold then.
    if (!Number.isInteger(rows) || rows > pagesOfSegment) return false;
    const ids = Array.from({ length: rows }, (_, at) => from + at);
    listed.add(heads.subarray(0, rows * idBytes), ids);
  }
  let last: Uint8Array = new Uint8Array(0);
  for (let read = mostEntries; read === mostEntries; ) {
    const row = db.get(
      `SELECT CAST(group_concat(page, '') AS BLOB) AS pages, json_group_array(id) AS ids,
       sum(typeof(page) = 'blob' AND length(page) = ${idBytes}) AS named
       FROM (SELECT page, id FROM sealed_pages INDEXED BY sqlite_autoindex_sealed_pages_1
         WHERE page > ? ORDER BY page LIMIT ${mostEntries})`,
      last,
    );
    const ids = JSON.parse(String(row?.ids)) as readonly number[];
    read = ids.length;
    if (read === 0) break;
    const pages = bytesIn(row, 'pages');
    if (row?.named !== read || !isRising(last, pages)) return false;
    named.add(pages, ids);
    last = pages.slice(-idBytes);
  }
  return listed.isSame(named);
}

/** Whether each is after the one before: where it is not, to look for one goes another way. */
function isRising(before: Uint8Array, pages: Uint8Array): boolean {
  if (compareBytes(before, pages.subarray(0, idBytes)) >= 0) return false;
  for (let at = idBytes; at < pages.length; at += idBytes) {
    let same = 0;
    while (same < idBytes && pages[at + same] === pages[at + same - idBytes]) same++;
    if (same === idBytes || (pages[at + same] ?? 0) < (pages[at + same - idBytes] ?? 0))
      return false;
  }
  return true;
}

const wordsOf = idBytes / 4;

/**
 * How many entries, and the sum, by exclusive or, of a pseudo-random block of each (CBC-MAC of page and id), under a key that is drawn
 * once what is summed lies there. Words are as the machine has them: both sums are made here, and neither is kept.
 */
class EntrySum {
  readonly #key: KeyObject;
  readonly #sum = new Uint32Array(wordsOf);
  readonly #words = new Uint32Array(wordsOf * mostEntries);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  readonly #ids = new Float64Array(mostEntries);
  #waiting = 0;
  #entries = 0;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** At most `mostEntries`. */
  add(pages: Uint8Array, ids: readonly number[]): void {
    if (this.#waiting + ids.length > mostEntries) this.#take();
    this.#bytes.set(pages, this.#waiting * idBytes);
    this.#ids.set(ids, this.#waiting);
    this.#waiting += ids.length;
  }

  isSame(other: EntrySum): boolean {
    this.#take();
    other.#take();
    return this.#entries === other.#entries && this.#sum.every((it, at) => it === other.#sum[at]);
  }

  #take(): void {
    const words = this.#words;
    this.#encrypt();
    for (let at = 0; at < this.#waiting; at++) {
      const id = this.#ids[at] ?? 0;
      const place = at * wordsOf;
      words[place] = (words[place] ?? 0) ^ Math.floor(id / 2 ** 32);
      words[place + 1] = (words[place + 1] ?? 0) ^ id;
    }
    this.#encrypt();
    for (let at = 0; at < this.#waiting * wordsOf; at++) {
      const word = at % wordsOf;
      this.#sum[word] = (this.#sum[word] ?? 0) ^ (words[at] ?? 0);
    }
    this.#entries += this.#waiting;
    this.#waiting = 0;
  }

  /** Each block by itself, in its place. */
  #encrypt(): void {
    const cipher = createCipheriv('aes-256-ecb', this.#key, null).setAutoPadding(false);
    this.#bytes.set(cipher.update(this.#bytes.subarray(0, this.#waiting * idBytes)));
  }
}
