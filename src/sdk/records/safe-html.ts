/** HTML that was put together by `html` alone, so that every text in it is escaped. */
export class SafeHtml {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static ofTemplate(literals: TemplateStringsArray, parts: readonly HtmlPart[]): SafeHtml {
    let text = literals[0] ?? '';
    for (const [i, part] of parts.entries()) text += textOfPart(part) + (literals[i + 1] ?? '');
    return new SafeHtml(text);
  }

  toString(): string {
    return this.#text;
  }
}

export type HtmlPart = string | number | SafeHtml | readonly SafeHtml[] | undefined;

/** Escapes every part that is not HTML already; right in text and in quoted attributes. */
export function html(literals: TemplateStringsArray, ...parts: readonly HtmlPart[]): SafeHtml {
  return SafeHtml.ofTemplate(literals, parts);
}

function textOfPart(part: HtmlPart): string {
  if (part === undefined) return '';
  if (part instanceof SafeHtml) return part.toString();
  if (typeof part === 'object') return part.join('');
  return escaped(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Controls are no text; marks that turn the writing direction could disguise a value, annotations and tags are not
// seen. Marks within words of a script (joiners, LRM, RLM) stay: a name stands in an element of its own.
const neverText = /[^\P{Cc}\t\n\r]|[\u2028-\u202e\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const isolates = /[\u2066-\u2069]/gu;

/** Isolates that come in pairs turn nothing outside of them (UAX 9): honest Arabic and Hebrew names carry them. */
function areIsolatesPaired(text: string): boolean {
  let open = 0;
  for (const [mark] of text.matchAll(isolates)) {
    open += mark === '\u2069' ? -1 : 1;
    if (open < 0) return false;
  }
  return open === 0;
}

/** A record's text for any face that shows it: what is no text, or would turn what stands around it, is U+FFFD. */
export function harmlessText(text: string): string {
  const shown = areIsolatesPaired(text) ? text : text.replace(isolates, '\ufffd');
  return shown.replace(neverText, '\ufffd');
}

/** Text as HTML shows it, within an element or a quoted attribute. */
export function escaped(text: string): string {
  return harmlessText(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
