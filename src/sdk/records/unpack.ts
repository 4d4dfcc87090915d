import { utf8 } from '../../primitives/bytes.ts';
import {
  localHeaderBytes,
  nameIn,
  skippedByLocal,
  type ZipEntry,
  zipDirectory,
} from './archive/zip-directory.ts';
import { inflate } from './inflate.ts';
import { recordLimits } from './limits.ts';
import { charsetOf, type JudgedFormat, textOf } from './media-type.ts';

/** One file inside another, or the same text in UTF-8. */
export interface Member {
  /** Without folders. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is larger, more or packed twice is kept whole: nothing of it is unpacked in vain. */
const limits = { bytes: recordLimits.maxBundleBytes, members: 10_000 } as const;

/** Media types whose files are held to be unpacked. */
export const isPacked = (mediaType: string): boolean =>
  mediaType === 'application/gzip' || mediaType === 'application/zip';

/**
 * What a file holds: the members of a ZIP, the one of a gzip, JSON of another encoding as UTF-8. Undefined: it is read
 * as it is, or kept whole, because it is damaged, locked, packed twice or beyond the limits. Memory is bounded by them.
 */
export async function unpack(
  name: string,
  bytes: Uint8Array,
  { format, mediaType }: JudgedFormat,
): Promise<readonly Member[] | undefined> {
  if (format !== 'opaque') return asUtf8(name, bytes);
  try {
    if (mediaType === 'application/gzip') {
      const inside = await inflate(bytes, 'gzip', limits.bytes);
      return inside === undefined
        ? undefined
        : [{ name: name.replace(/\.gz$/i, ''), bytes: inside }];
    }
    return mediaType === 'application/zip' ? await membersOf(bytes) : undefined;
  } catch {
    return undefined;
  }
}

function asUtf8(name: string, bytes: Uint8Array): readonly Member[] | undefined {
  const charset = charsetOf(bytes);
  if (charset === undefined || charset === 'utf-8') return undefined;
  return [{ name, bytes: utf8(textOf(bytes, `;charset=${charset}`)) }];
}

async function membersOf(bytes: Uint8Array): Promise<readonly Member[] | undefined> {
  const entries = zipDirectory(bytes, { tailAt: 0, maxEntries: limits.members });
  if (entries === undefined) return undefined;
  const members: Member[] = [];
  let room: number = limits.bytes;
  for (const entry of entries) {
    const inside = await memberAt(bytes, entry, room);
    if (inside === undefined) return undefined;
    room -= inside.length;
    members.push({ name: nameIn(entry.path), bytes: inside });
  }
  return members;
}

async function memberAt(
  bytes: Uint8Array,
  { at, method, isLocked, packedBytes }: ZipEntry,
  room: number,
): Promise<Uint8Array | undefined> {
  const header = bytes.subarray(at, at + localHeaderBytes);
  const from = at + localHeaderBytes + skippedByLocal(header);
  if (isLocked || from + packedBytes > bytes.length) return undefined;
  const packed = bytes.subarray(from, from + packedBytes);
  if (method === 8) return inflate(packed, 'deflate-raw', room);
  return method === 0 && packedBytes <= room ? packed : undefined;
}
