import { bareMediaType, soundTextOf } from './media-type.ts';

const entityWords: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
};

/** What HTML says without its markup: a line for each of its blocks, nothing of its scripts and styles. */
export function textOfHtml(html: string): string {
  // No pattern here can look twice at the same text: it may be megabytes of '<'.
  return withoutHidden(html)
    .replace(/<(br|\/p|\/div|\/tr|\/li|\/h\d)\b[^<>]*>/gi, '\n')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&(nbsp|#160|lt|gt|quot|apos|amp);/g, (_, name: string) => entityWords[name] ?? ' ')
    .split('\n')
    .map((line) => line.replace(/[ \t]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** What a file of text says, HTML without its markup. Undefined: it is no text. */
export function textOfFile(file: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}): string | undefined {
  const mediaType = bareMediaType(file.mediaType);
  if (!mediaType.startsWith('text/')) return undefined;
  const text = soundTextOf(file.bytes, file.mediaType);
  return text === undefined || mediaType !== 'text/html' ? text : textOfHtml(text);
}

/** Of what is opened and never closed, the rest is hidden too. */
function withoutHidden(html: string): string {
  const opening = /<(script|style|title)\b/gi;
  let kept = '';
  let at = 0;
  for (let found = opening.exec(html); found !== null; found = opening.exec(html)) {
    const closing = new RegExp(`</${found[1]}`, 'gi');
    closing.lastIndex = found.index;
    const end = closing.exec(html)?.index;
    kept += html.slice(at, found.index);
    if (end === undefined) return kept;
    at = end;
    opening.lastIndex = end;
  }
  return kept + html.slice(at);
}
