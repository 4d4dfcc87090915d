import { concatBytes } from '../../../primitives/bytes.ts';
import { recordLimits } from '../limits.ts';
import { PieceReader } from '../piece-reader.ts';
import type { Member } from '../unpack.ts';
import { HealthDataCounter, type HealthDataKind } from './health-data.ts';
import {
  localHeaderBytes,
  nameIn,
  skippedByLocal,
  type ZipEntry,
  zipDirectory,
} from './zip-directory.ts';

/** What was read of an export that is too large to be held: nothing else of it is in memory. */
export interface LargeArchive {
  /** Its FHIR files, whole: they are cut into records. */
  readonly members: readonly Member[];
  /** What a phone's export counts. */
  readonly healthData: readonly HealthDataKind[];
  /** Files that are FHIR or counted and were not read to their end, by name, and why. */
  readonly unread: readonly { readonly name: string; readonly reason: string }[];
}

/** How much of the end of a file is held, for the list that stands there. */
export const tailBytes = 4 * 1024 * 1024;

/** A gigabyte of small numbers packs into forty megabytes; what unpacks to more is no export of a phone. */
const limits = {
  entries: 20_000,
  heldBytes: recordLimits.maxBundleBytes,
  countedBytes: 8 * 1024 * 1024 * 1024,
} as const;

/**
 * Reads a ZIP that is too large to be held, from its beginning to its end: files of JSON are held (64 MiB together),
 * an export of Apple Health is counted as it comes, everything else is passed over. Undefined: it is no ZIP that can be
 * read so, or has neither in it.
 *
 * Source: docs/protocol/items.md, rule I-10c.
 */
export async function readLargeArchive(
  read: () => AsyncIterable<Uint8Array>,
  { tail, byteLength }: { readonly tail: Uint8Array; readonly byteLength: number },
): Promise<LargeArchive | undefined> {
  const entries = entriesOf(tail, byteLength - tail.length)?.toSorted((a, b) => a.at - b.at);
  if (entries === undefined || !entries.some(isWanted)) return undefined;
  const reader = new PieceReader(read());
  const found = new Reading();
  let at = 0;
  try {
    for (const entry of entries.filter(isWanted)) {
      const header = await reader.skip(entry.at - at).then(() => reader.take(localHeaderBytes));
      const skipped = skippedByLocal(header);
      await reader.skip(skipped);
      await found.take(entry, reader);
      at = entry.at + localHeaderBytes + skipped + entry.packedBytes;
    }
  } catch {
    found.unread.push({ name: 'the rest of the file', reason: 'it is damaged' });
  } finally {
    await reader.close();
  }
  const { members, unread } = found;
  const healthData = found.counter.kinds();
  if (members.length + unread.length + healthData.length === 0) return undefined;
  return { members, unread, healthData };
}

function entriesOf(tail: Uint8Array, tailAt: number): readonly ZipEntry[] | undefined {
  try {
    return zipDirectory(tail, { tailAt, maxEntries: limits.entries });
  } catch {
    return undefined; // An offset beyond the list.
  }
}

const isCounted = ({ path }: ZipEntry): boolean => /(?:^|\/)[^/]*\.xml$/i.test(path);
const isHeld = ({ path }: ZipEntry): boolean => /\.(?:json|ndjson)$/i.test(path);
const isWanted = (entry: ZipEntry): boolean => isHeld(entry) || isCounted(entry);

class Reading {
  readonly members: Member[] = [];
  readonly unread: { name: string; reason: string }[] = [];
  counter = new HealthDataCounter();
  #held = 0;
  #counted = 0;

  async take(entry: ZipEntry, reader: PieceReader): Promise<void> {
    const name = nameIn(entry.path);
    const isReadable = !entry.isLocked && (entry.method === 8 || entry.method === 0);
    const packed = reader.pieces(entry.packedBytes);
    if (!isReadable) {
      await drain(packed);
      this.unread.push({ name, reason: 'it is locked, or packed in another way' });
      return;
    }
    const inside = unpacked(packed, entry.method);
    const reason = isHeld(entry) ? await this.#hold(name, inside) : await this.#count(inside);
    // What is left of it must be passed over, so that the next one is found.
    await drain(packed);
    if (reason !== undefined) this.unread.push({ name, reason });
  }

  async #hold(name: string, inside: AsyncGenerator<Uint8Array>): Promise<string | undefined> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const piece of inside) {
        length += piece.length;
        if (this.#held + length > limits.heldBytes) return 'there is more than 64 MiB of FHIR';
        pieces.push(piece);
      }
    } catch {
      return 'it is damaged';
    }
    this.#held += length;
    this.members.push({ name, bytes: concatBytes(...pieces) });
    return undefined;
  }

  async #count(inside: AsyncGenerator<Uint8Array>): Promise<string | undefined> {
    const counter = new HealthDataCounter();
    let length = 0;
    try {
      for await (const piece of inside) {
        counter.take(piece);
        length += piece.length;
        if (counter.isOther) return undefined;
        if (this.#counted + length > limits.countedBytes) return 'it is larger than 8 GiB';
      }
    } catch {
      return 'it is damaged';
    } finally {
      if (counter.isHealthData) this.counter = counter;
      this.#counted += length;
    }
    return undefined;
  }
}

async function drain(pieces: AsyncGenerator<Uint8Array>): Promise<void> {
  for await (const _ of pieces);
}

/** The bytes of a stored or deflated file, as they come; no more of them is in memory than one piece makes. */
async function* unpacked(
  packed: AsyncGenerator<Uint8Array>,
  method: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (method === 0) {
    for (let next = await packed.next(); next.done !== true; next = await packed.next()) {
      yield next.value;
    }
    return;
  }
  const inflating = new DecompressionStream('deflate-raw');
  const writer = inflating.writable.getWriter();
  const reader = inflating.readable.getReader();
  // Its failure is the reader's; the pieces are taken by hand, since a loop would close what is to be drained.
  const feeding = (async () => {
    for (let next = await packed.next(); next.done !== true; next = await packed.next()) {
      await writer.ready;
      await writer.write(Uint8Array.from(next.value));
    }
    await writer.close();
  })().catch(() => undefined);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
    await feeding;
  }
}
