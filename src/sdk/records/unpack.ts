import { utf8 } from '../../primitives/bytes.ts';
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

const endMark = 0x0605_4b50;
const entryMark = 0x0201_4b50;
const entryBytes = 46;
const endBytes = 22;

/** By the list at the end of the archive (APPNOTE 4.3.12, 4.3.16); ZIP64 and what is locked stay whole. */
async function membersOf(bytes: Uint8Array): Promise<readonly Member[] | undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOf(view);
  if (end === undefined) return undefined;
  const count = view.getUint16(end + 10, true);
  if (count === 0 || count > limits.members) return undefined;
  const members: Member[] = [];
  let room: number = limits.bytes;
  // Members lie one after another: what lies over another would be unpacked as often as it is listed.
  let left = bytes.length;
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== entryMark) return undefined;
    const nameLength = view.getUint16(at + 28, true);
    const path = new TextDecoder().decode(
      bytes.subarray(at + entryBytes, at + entryBytes + nameLength),
    );
    // Documents of office programs are archives too; each is one document.
    if (/^(?:\[Content_Types\]\.xml|mimetype|META-INF\/)/.test(path)) return undefined;
    const isFile = !path.endsWith('/') && !/(?:^|\/)(?:\.|__MACOSX\/)/.test(path);
    if (isFile) {
      left -= view.getUint32(at + 20, true);
      if (left < 0) return undefined;
      const inside = await memberAt(view, at, room);
      if (inside === undefined) return undefined;
      room -= inside.length;
      members.push({ name: path.split(/[/\\]/).at(-1) ?? path, bytes: inside });
    }
    at += entryBytes + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return members;
}

function endOf(view: DataView): number | undefined {
  for (let at = view.byteLength - endBytes; at >= 0; at--) {
    if (view.getUint32(at, true) === endMark) return at;
    if (view.byteLength - at > 0xffff + endBytes) return undefined;
  }
  return undefined;
}

async function memberAt(
  view: DataView,
  entry: number,
  room: number,
): Promise<Uint8Array | undefined> {
  const isLocked = (view.getUint16(entry + 8, true) & 1) === 1;
  const method = view.getUint16(entry + 10, true);
  const packed = view.getUint32(entry + 20, true);
  const local = view.getUint32(entry + 42, true);
  const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (isLocked || from + packed > view.byteLength) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + from, packed);
  if (method === 8) return inflate(bytes, 'deflate-raw', room);
  return method === 0 && packed <= room ? bytes : undefined;
}
