import { crc32, deflateRawSync } from 'node:zlib';

/** A ZIP whose files are deflated, as a phone writes it: with sizes behind the data where `isStreamed`. */
export function deflatedZip(
  files: readonly (readonly [path: string, content: Uint8Array])[],
  { isStreamed = false, isLocked = false } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  let at = 0;
  for (const [path, content] of files) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const flags = (isStreamed ? 8 : 0) + (isLocked ? 1 : 0);
    const sizes = [crc32(content), packed.length, content.length];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(8, 8);
    if (!isStreamed) for (const [i, size] of sizes.entries()) local.writeUInt32LE(size, 14 + 4 * i);
    local.writeUInt16LE(name.length, 26);
    const behind = Buffer.alloc(isStreamed ? 16 : 0);
    if (isStreamed) behind.writeUInt32LE(0x08074b50, 0);
    if (isStreamed) for (const [i, size] of sizes.entries()) behind.writeUInt32LE(size, 4 + 4 * i);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(8, 10);
    for (const [i, size] of sizes.entries()) entry.writeUInt32LE(size, 16 + 4 * i);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    parts.push(local, name, packed, behind);
    list.push(entry, name);
    at += local.length + name.length + packed.length + behind.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...parts, directory, end]));
}
