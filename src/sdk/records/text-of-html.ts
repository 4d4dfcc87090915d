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

/** Of what is opened and never closed, the rest is hidden too. */
function withoutHidden(html: string): string {
  const lower = html.toLowerCase();
  const opening = /<(script|style|title)\b/g;
  let kept = '';
  let at = 0;
  for (let found = opening.exec(lower); found !== null; found = opening.exec(lower)) {
    const end = lower.indexOf(`</${found[1]}`, found.index);
    kept += html.slice(at, found.index);
    if (end < 0) return kept;
    at = end;
    opening.lastIndex = end;
  }
  return kept + html.slice(at);
}
