/** One file of a ZIP, as the list at its end says. */
export interface ZipEntry {
  readonly path: string;
  /** 0 stored, 8 DEFLATE. */
  readonly method: number;
  readonly isLocked: boolean;
  readonly packedBytes: number;
  /** Where its local header begins in the file. */
  readonly at: number;
}

const endMark = 0x0605_4b50;
const entryMark = 0x0201_4b50;
const entryBytes = 46;
const endBytes = 22;

/**
 * The files of a ZIP by the list at its end (APPNOTE 4.3.12, 4.3.16). `tail` is the end of the file, which begins at
 * `tailAt` in it; a list that begins before it, ZIP64, a document of an office program and files that lie over one
 * another give undefined. Folders and what hides are left out.
 */
export function zipDirectory(
  tail: Uint8Array,
  { tailAt, maxEntries }: { readonly tailAt: number; readonly maxEntries: number },
): readonly ZipEntry[] | undefined {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  const end = endOf(view);
  if (end === undefined) return undefined;
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true) - tailAt;
  if (count === 0 || count > maxEntries || at < 0) return undefined;
  // Members lie one after another: what lies over another would be unpacked as often as it is listed.
  let left = tailAt + tail.length;
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== entryMark) return undefined;
    const nameLength = view.getUint16(at + 28, true);
    const name = tail.subarray(at + entryBytes, at + entryBytes + nameLength);
    const path = new TextDecoder().decode(name);
    // Documents of office programs are archives too; each is one document.
    if (/^(?:\[Content_Types\]\.xml|mimetype|META-INF\/)/.test(path)) return undefined;
    const isFile = !path.endsWith('/') && !/(?:^|\/)(?:\.|__MACOSX\/)/.test(path);
    if (isFile) {
      const packedBytes = view.getUint32(at + 20, true);
      left -= packedBytes;
      if (left < 0) return undefined;
      entries.push({
        ...{ path, packedBytes, at: view.getUint32(at + 42, true) },
        method: view.getUint16(at + 10, true),
        isLocked: (view.getUint16(at + 8, true) & 1) === 1,
      });
    }
    at += entryBytes + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function endOf(view: DataView): number | undefined {
  for (let at = view.byteLength - endBytes; at >= 0; at--) {
    if (view.getUint32(at, true) === endMark) return at;
    if (view.byteLength - at > 0xffff + endBytes) return undefined;
  }
  return undefined;
}

/** `a.json` of `folder/a.json`. */
export const nameIn = (path: string): string => path.split(/[/\\]/).at(-1) ?? path;

export const localHeaderBytes = 30;

/** From the 30 bytes of a local header: how many of name and extra fields lie before the data. */
export function skippedByLocal(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  return view.getUint16(26, true) + view.getUint16(28, true);
}
