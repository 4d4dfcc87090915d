import { CodedError } from '@salus/salus/sdk/browser';

/** What of the format this writes: no packing, names as UTF-8, no file beyond four gigabytes. */
const limits = { files: 65_535, bytes: 0xffff_ffff } as const;
const utf8Names = 0x0800;

/**
 * A ZIP archive of files as they are, put together piece by piece. Throws FILE_TOO_LARGE: more than the format of before
 * its 64-bit extension holds. Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export class Zip {
  readonly #parts: BlobPart[] = [];
  readonly #directory: Uint8Array<ArrayBuffer>[] = [];
  readonly #names = new Set<string>();
  readonly #stamp: { readonly time: number; readonly date: number };
  #length = 0;

  constructor(madeMs: number) {
    this.#stamp = stampOf(new Date(madeMs));
  }

  get count(): number {
    return this.#names.size;
  }

  /** Returns the name that it has in the archive: a second file of one name has a number more. */
  add(wanted: string, bytes: Uint8Array): string {
    const name = this.#free(safePath(wanted));
    this.#write(name, bytes);
    return name;
  }

  /** Under this very name, which its maker made harmless: what a list of the archive says of it must hold. */
  addAs(name: string, bytes: Uint8Array): void {
    if (this.#names.has(name)) throw new CodedError('FILE_EXISTS', { name });
    this.#names.add(name);
    this.#write(name, bytes);
  }

  #write(name: string, bytes: Uint8Array): void {
    const encoded = new TextEncoder().encode(name);
    const about = [20, utf8Names, 0, this.#stamp.time, this.#stamp.date];
    const sizes = [crc32(bytes), bytes.length, bytes.length];
    const start = this.#length;
    this.#put(
      record(0x0403_4b50, about, sizes, [encoded.length, 0]),
      encoded,
      bytes as Uint8Array<ArrayBuffer>,
    );
    this.#directory.push(
      record(0x0201_4b50, [20, ...about], sizes, [encoded.length, 0, 0, 0, 0], [0, start]),
      encoded,
    );
    if (this.#names.size > limits.files || this.#length > limits.bytes) {
      throw new CodedError('FILE_TOO_LARGE', { limit: limits.bytes });
    }
  }

  finish(): Blob {
    const start = this.#length;
    this.#put(...this.#directory);
    const count = this.#names.size;
    this.#put(record(0x0605_4b50, [0, 0, count, count], [this.#length - start, start], [0]));
    return new Blob(this.#parts, { type: 'application/zip' });
  }

  #put(...parts: readonly Uint8Array<ArrayBuffer>[]): void {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let at = 2; this.#names.has(name); at++)
      name = wanted.replace(/(\.[^./]*)?$/u, ` ${at}$1`);
    this.#names.add(name);
    return name;
  }
}

/** A mark, then numbers of two bytes and of four, in turn. */
function record(mark: number, ...groups: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const widths = groups.map((_, i) => (i % 2 === 0 ? 2 : 4));
  const length = groups.reduce((sum, it, i) => sum + it.length * (widths[i] ?? 2), 4);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, mark, true);
  let at = 4;
  for (const [i, group] of groups.entries()) {
    for (const number of group) {
      if (widths[i] === 2) view.setUint16(at, number, true);
      else view.setUint32(at, number, true);
      at += widths[i] ?? 2;
    }
  }
  return bytes;
}

/** A name inside a record is somebody's text: it leads out of no folder, hides nothing and is not too long. */
export function safePath(path: string): string {
  return path
    .split('/')
    .map((part) => {
      const safe = part.replace(/[^\p{L}\p{N}\p{M}. _()-]/gu, '_').replace(/^\.+/u, '_');
      const ending = /\.[a-z0-9]{1,8}$/iu.exec(safe)?.[0] ?? '';
      return safe.length <= 80 ? safe : `${safe.slice(0, 80 - ending.length)}${ending}`;
    })
    .join('/');
}

function stampOf(at: Date): { readonly time: number; readonly date: number } {
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  const date = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  return { time, date };
}

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffff_ffff) >>> 0;
}
