/** An element with the local parts of its names: `value` for `sdtc:value`, `type` for `xsi:type`. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (XmlElement | string)[];
}

/** Beyond these no document of a patient goes. */
export const xmlLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 100,
  maxElements: 300_000,
} as const;

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (XmlElement | string)[];
}

const named: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};
const nameBegins = /[A-Za-z_]/;

/**
 * Reads the one element of an XML text: no document type, so no entities but the five of XML and numbered
 * characters; nothing is fetched; comments and instructions are passed over. It looks at every character once.
 *
 * Undefined for what is no well-formed XML, has a document type, or goes beyond the limits.
 */
export function parseXml(bytes: Uint8Array): XmlElement | undefined {
  if (bytes.length > xmlLimits.maxBytes) return undefined;
  const text = textOf(bytes);
  return text === undefined ? undefined : new XmlReader(text).read();
}

/** By its byte order mark, else by the encoding that it names, else UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const head = String.fromCharCode(...bytes.subarray(0, 120));
  const said = /^<\?xml[^>]*\bencoding\s*=\s*["']([\w.-]+)["']/.exec(head)?.[1];
  const encoding =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : (said ?? 'utf-8');
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

class XmlReader {
  readonly #text: string;
  #at = 0;
  #elements = 0;
  #root: XmlElement | undefined;
  readonly #open: Open[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): XmlElement | undefined {
    const text = this.#text;
    while (this.#at < text.length) {
      const next = text.indexOf('<', this.#at);
      const end = next < 0 ? text.length : next;
      if (!this.#take(text.slice(this.#at, end))) return undefined;
      this.#at = end;
      if (next >= 0 && !this.#markup()) return undefined;
    }
    return this.#open.length === 0 ? this.#root : undefined;
  }

  /** Text between tags; outside the one element only blanks. */
  #take(raw: string): boolean {
    if (raw === '') return true;
    const parent = this.#open.at(-1);
    if (parent === undefined) return raw.trim() === '';
    const text = unescaped(raw);
    if (text === undefined) return false;
    parent.children.push(text);
    return true;
  }

  /** The reader stands at `<`. */
  #markup(): boolean {
    const text = this.#text;
    if (text.startsWith('<!--', this.#at)) return this.#skipTo('-->');
    if (text.startsWith('<?', this.#at)) return this.#skipTo('?>');
    if (text.startsWith('<![CDATA[', this.#at)) {
      const end = text.indexOf(']]>', this.#at);
      const parent = this.#open.at(-1);
      if (end < 0 || parent === undefined) return false;
      parent.children.push(text.slice(this.#at + 9, end));
      this.#at = end + 3;
      return true;
    }
    if (text.startsWith('</', this.#at)) return this.#close();
    return this.#start();
  }

  #skipTo(mark: string): boolean {
    const end = this.#text.indexOf(mark, this.#at);
    if (end < 0) return false;
    this.#at = end + mark.length;
    return true;
  }

  #close(): boolean {
    const end = this.#text.indexOf('>', this.#at);
    const element = this.#open.pop();
    if (end < 0 || element === undefined) return false;
    const name = localName(this.#text.slice(this.#at + 2, end).trim());
    this.#at = end + 1;
    return name === element.name && this.#put(element);
  }

  #start(): boolean {
    const text = this.#text;
    const tag = /[^\s/>]+/y;
    tag.lastIndex = this.#at + 1;
    const name = tag.exec(text)?.[0];
    // `<!DOCTYPE` ends here too.
    if (name === undefined || !nameBegins.test(name.charAt(0))) return false;
    if (++this.#elements > xmlLimits.maxElements || this.#open.length >= xmlLimits.maxDepth)
      return false;
    this.#at = tag.lastIndex;
    const attributes = new Map<string, string>();
    for (;;) {
      this.#blanks();
      if (text.startsWith('/>', this.#at)) {
        this.#at += 2;
        return this.#put({ name: localName(name), attributes, children: [] });
      }
      if (text.charAt(this.#at) === '>') {
        this.#at += 1;
        this.#open.push({ name: localName(name), attributes, children: [] });
        return true;
      }
      if (!this.#attribute(attributes)) return false;
    }
  }

  #blanks(): void {
    while (' \t\r\n'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length)
      this.#at++;
  }

  #attribute(attributes: Map<string, string>): boolean {
    const text = this.#text;
    const sticky = /([^\s=/>]+)\s*=\s*(["'])/y;
    sticky.lastIndex = this.#at;
    const [, name, quote] = sticky.exec(text) ?? [];
    if (name === undefined || quote === undefined) return false;
    const from = sticky.lastIndex;
    const end = text.indexOf(quote, from);
    if (end < 0) return false;
    const raw = text.slice(from, end);
    const value = raw.includes('<') ? undefined : unescaped(raw);
    this.#at = end + 1;
    if (value === undefined) return false;
    if (!name.startsWith('xmlns')) attributes.set(localName(name), value);
    return true;
  }

  #put(element: XmlElement): boolean {
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(element);
    else if (this.#root !== undefined) return false;
    else this.#root = element;
    return true;
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Undefined: an entity that only a document type could explain. */
function unescaped(raw: string): string | undefined {
  if (!raw.includes('&')) return raw;
  let isKnown = true;
  const text = raw.replace(/&([^;&\s]{0,12});?/g, (_, entity: string) => {
    const number = /^#(x[0-9a-f]{1,6}|\d{1,7})$/i.exec(entity)?.[1];
    const code = number === undefined ? undefined : Number(number.replace(/^x/i, '0x'));
    if (code !== undefined && code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    const known = Object.hasOwn(named, entity) ? named[entity] : undefined;
    if (known === undefined) isKnown = false;
    return known ?? '';
  });
  return isKnown ? text : undefined;
}

/** The first child element of this name, and so on inwards. */
export function inside(
  element: XmlElement | undefined,
  ...path: readonly string[]
): XmlElement | undefined {
  let at = element;
  for (const name of path) at = allInside(at, name)[0];
  return at;
}

export function allInside(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return (element?.children ?? []).filter(
    (child): child is XmlElement => typeof child !== 'string' && child.name === name,
  );
}

export function attribute(element: XmlElement | undefined, name: string): string | undefined {
  const value = element?.attributes.get(name);
  return value === '' ? undefined : value;
}

const blocks = new Set(['br', 'paragraph', 'tr', 'item', 'caption', 'title', 'table']);

/** All text inside, or its first `most` characters, a line for each block; a cell is set apart from the next. */
export function textInside(
  element: XmlElement | undefined,
  most = Number.POSITIVE_INFINITY,
): string {
  const parts: string[] = [];
  if (element !== undefined) collectText(element, parts, most);
  return parts
    .join('')
    .split('\n')
    .map((line) => line.replace(/[ \t\r]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** Answers how many characters are still wanted. */
function collectText(element: XmlElement, parts: string[], most: number): number {
  let left = most;
  for (const child of element.children) {
    if (left <= 0) break;
    if (typeof child === 'string') {
      parts.push(child.slice(0, left).replace(/\n/g, ' '));
      left -= child.length;
    } else {
      left = collectText(child, parts, left);
      parts.push(
        blocks.has(child.name) ? '\n' : child.name === 'td' || child.name === 'th' ? '  ' : '',
      );
    }
  }
  return left;
}
