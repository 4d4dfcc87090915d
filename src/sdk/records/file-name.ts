/** What the file systems of Debian take, in UTF-8. */
const mostFileNameBytes = 255;

/**
 * A name for a file out of somebody's text: it chooses no folder, drive or hidden file anywhere, and is one that a file
 * system takes. With `ending` (`.pdf`) behind it unless it has that; of more than `most` bytes it is cut before its ending,
 * at a character. Undefined: nothing is left.
 */
export function fileNameOf(
  name: string,
  {
    ending = '',
    most = mostFileNameBytes,
  }: { readonly ending?: string; readonly most?: number } = {},
): string | undefined {
  const plain = name
    .replace(/[/\\:*?"<>=|\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '_')
    .replace(/^\.+/, '')
    .trim()
    .replace(/[. ]+$/, '');
  if (plain === '') return undefined;
  const hasEnding = ending !== '' && plain.toLowerCase().endsWith(ending);
  const last = hasEnding || ending === '' ? (/\.[a-z0-9]{1,8}$/i.exec(plain)?.[0] ?? '') : ending;
  const stem = plain.endsWith(last) && last !== '' ? plain.slice(0, -last.length) : plain;
  const room = most - new TextEncoder().encode(last).length;
  return `${textOfAtMost(room, stem)}${last}`;
}

/** As many whole characters as have so many bytes in UTF-8. */
function textOfAtMost(bytes: number, text: string): string {
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, bytes))).read);
}
