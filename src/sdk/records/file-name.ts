/** A name for a file, without anything that is a folder, a drive or a hidden file somewhere. Undefined: nothing is left. */
export function fileNameOf(name: string): string | undefined {
  const plain = name
    .replace(/[^\p{L}\p{N} ._-]/gu, '_')
    .replace(/^\.+/, '')
    .trim();
  return plain === '' ? undefined : [...plain].slice(0, 120).join('');
}
