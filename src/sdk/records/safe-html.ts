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

// Controls are no text; the marks that turn the writing direction could disguise a value.
const neverText = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text as HTML shows it, within an element or a quoted attribute. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(neverText, '\ufffd');
}
