import { baseOf, isHttp } from './address.ts';
import { foreignTypeName, isTypeName } from './foreign-json.ts';
import { type Found, nothingFound, put } from './found.ts';
import { type JsonScanner, token } from './json-scanner.ts';
import { fieldOf, listOf, parseJsonTree, textOf } from './json-tree.ts';
import { recordLimits } from './limits.ts';
import { type ResourceFacts, readResource } from './resource-facts.ts';
import { resourceTypes } from './resource-types.ts';

const bundleTypes = new Set([
  'document',
  'message',
  'transaction',
  'transaction-response',
  'batch',
  'batch-response',
  'history',
  'searchset',
  'collection',
]);

/** One resource, and, where it is made of resources, what is inside. */
export interface ReadValue {
  readonly facts: ResourceFacts;
  readonly inside: Found;
  /** Its own entries make up the file, not it: a Bundle that is no document, or Parameters with resources. */
  readonly isWrapper: boolean;
  readonly fields: ReadonlySet<string>;
  /** Where the first thing lies that a strict reading refuses. */
  readonly flawAt: number | undefined;
  readonly next: boolean;
  readonly total: number | undefined;
}

/**
 * Reads the resource whose opening brace was read last, and the resources in it. Nothing that is JSON is refused
 * here: what R4 does not have is told in `notes`, by entry, id and reason.
 *
 * Throws BUNDLE_TOO_MANY, and what the scanner throws. Source: docs/protocol/items.md, rules I-5 to I-10.
 */
export function readValue(scanner: JsonScanner): ReadValue {
  const entries = new Entries(scanner);
  const fields = new Set<string>();
  const facts = readResource(scanner, {
    onField: (key) => {
      if (fields.size < 64) fields.add(key);
    },
    onEntry: () => entries.read('entry'),
    onParameter: () => entries.read('parameter'),
    onLink: () => entries.readLinks(),
    onTotal: () => entries.readTotal(),
  });
  const isBundle = facts.resourceType === 'Bundle';
  const isDocument = isBundle && facts.bundleType === 'document';
  const isWrapper =
    (isBundle && !isDocument) ||
    (facts.resourceType === 'Parameters' && entries.found.resources.length > 0);
  const inside = entries.finish(facts);
  const wrongType = isBundle && !bundleTypes.has(facts.bundleType ?? '');
  return {
    facts: isDocument ? documentFacts(facts, inside.resources, entries.hidden) : facts,
    inside,
    isWrapper,
    fields,
    flawAt: isBundle ? (entries.flawAt ?? (wrongType ? facts.offset : undefined)) : undefined,
    next: entries.next,
    total: entries.total,
  };
}

/** A document stays whole: what hides or restricts one part of it does so for all. */
const documentFacts = (
  facts: ResourceFacts,
  inside: readonly ResourceFacts[],
  hidden: ResourceFacts['flaw'],
): ResourceFacts => ({
  ...facts,
  labels: [...new Set([facts, ...inside].flatMap((it) => it.labels))],
  flaw: hidden ?? facts.flaw,
});

/** The resources of a list, whose opening bracket was read last; `isTyped`: one of them at least says a type. */
export function readList(scanner: JsonScanner): {
  readonly found: Found;
  readonly isTyped: boolean;
} {
  const entries = new Entries(scanner);
  let isTyped = false;
  entries.each((entry) => {
    const value = readValue(scanner);
    isTyped ||= isTypeName(value.facts.resourceType);
    entries.take(value, entry, undefined);
  });
  return { found: entries.found, isTyped };
}

/** Puts one value that stands by itself, on the line of this number, to what was found before. */
export function takeLine(scanner: JsonScanner, value: ReadValue, line: number, found: Found): void {
  new Entries(scanner, found).take(value, line, undefined);
}

class Entries {
  readonly found: Found;
  flawAt: number | undefined;
  /** Of the first resource inside that nobody can judge. */
  hidden: ResourceFacts['flaw'];
  next = false;
  total: number | undefined;
  #self: string | undefined;
  readonly #scanner: JsonScanner;

  constructor(scanner: JsonScanner, found = nothingFound()) {
    this.#scanner = scanner;
    this.found = found;
  }

  /** The scanner stands before the value of `entry` or `parameter`. */
  read(name: 'entry' | 'parameter' | 'part'): void {
    const kind = this.#scanner.next();
    if (kind === token.arrayOpen) this.each((entry) => this.#readEntry(entry));
    else this.#flaw(kind, undefined, `"${name}" is no list`);
  }

  /** Behind the opening bracket of a list: `readObject` finds each opening brace read last. */
  each(readObject: (entry: number) => void): void {
    const scanner = this.#scanner;
    let entry = 0;
    for (let next = scanner.next(); next !== token.arrayClose; next = scanner.next()) {
      entry += 1;
      if (next === token.objectOpen) readObject(entry);
      else this.#flaw(next, entry, 'it is no object');
    }
  }

  readLinks(): void {
    const scanner = this.#scanner;
    const kind = scanner.next();
    if (kind !== token.arrayOpen) {
      if (kind === token.objectOpen) scanner.skipRest();
      return;
    }
    for (let next = scanner.next(); next !== token.arrayClose; next = scanner.next()) {
      if (next === token.arrayOpen) scanner.skipRest();
      if (next !== token.objectOpen) continue;
      const link = this.#textsOf(['relation', 'url']);
      if (link.get('relation') === 'next') this.next = true;
      if (link.get('relation') === 'self') this.#self = link.get('url');
    }
  }

  readTotal(): void {
    const [start, end] = this.#scanner.skipValue();
    const digits = String.fromCharCode(
      ...this.#scanner.bytes.subarray(start, Math.min(end, start + 12)),
    );
    if (/^\d{1,9}$/.test(digits)) this.total = Number(digits);
  }

  /** What the Bundle says of itself holds for all inside: its labels, and the server it was asked from. */
  finish(facts: ResourceFacts): Found {
    const base = baseOf(this.#self);
    const wraps = facts.resourceType === 'Bundle' || facts.resourceType === 'Parameters';
    if (!wraps) return nothingFound();
    const { notes } = this.found;
    const resources = this.found.resources.map((it) => ({
      ...it,
      base: it.base ?? base,
      labels: [...new Set([...it.labels, ...facts.labels])],
    }));
    const deletions = this.found.deletions.map((it) => ({ ...it, base: it.base ?? base }));
    const shown = resources.length;
    if (facts.bundleType === 'searchset' && (this.next || (this.total ?? 0) > shown)) {
      notes.push({ kind: 'page', shown, total: this.total });
    }
    return { resources, notes, deletions };
  }

  #flaw(kind: number, entry: number | undefined, reason: string): void {
    this.flawAt ??= this.#scanner.start;
    put(this.found.notes, { kind: 'unreadable', entry, reason, at: this.#scanner.start });
    if (kind === token.objectOpen || kind === token.arrayOpen) this.#scanner.skipRest();
  }

  #readEntry(entry: number): void {
    const scanner = this.#scanner;
    let value: ReadValue | undefined;
    let fullUrl: string | undefined;
    let request: ReadonlyMap<string, string> | undefined;
    while (scanner.next() === token.key) {
      const key = scanner.keyText();
      if (key === 'part') this.read('part');
      else if (key !== 'resource' && key !== 'fullUrl' && key !== 'request') scanner.skipValue();
      else {
        const kind = scanner.next();
        if (key === 'resource' && kind === token.objectOpen) value = readValue(scanner);
        else if (key === 'request' && kind === token.objectOpen) {
          request = this.#textsOf(['method', 'url']);
        } else if (key === 'fullUrl' && kind === token.string) fullUrl = scanner.text();
        else this.#flaw(kind, entry, `its ${key} is no ${key === 'fullUrl' ? 'text' : 'object'}`);
      }
    }
    if (request?.get('method') === 'DELETE') {
      const url = request.get('url') ?? '';
      const address = isHttp(fullUrl) ? fullUrl : url;
      if (address !== '') put(this.found.deletions, { address, base: undefined });
    }
    if (value !== undefined) this.take(value, entry, fullUrl);
  }

  take(value: ReadValue, entry: number, fullUrl: string | undefined): void {
    const { facts, inside, isWrapper } = value;
    const { found } = this;
    this.flawAt ??= value.flawAt;
    const { id, flaw } = facts;
    // Labels of a Bundle hold for all inside: where nobody can judge it, nobody can judge those.
    if (hidesClass(facts)) {
      this.flawAt ??= flaw?.at;
      this.hidden ??= flaw;
      const reason = `its ${flaw?.field} is too large to be judged`;
      put(found.notes, { kind: 'unreadable', entry, id, reason, at: facts.offset });
      return;
    }
    if (isWrapper) {
      for (const it of inside.resources) this.#push(it);
      for (const it of inside.notes) put(found.notes, it);
      for (const it of inside.deletions) put(found.deletions, it);
      return;
    }
    if (facts.resourceType === 'OperationOutcome') {
      put(found.notes, { kind: 'outcome', text: saidBy(this.#scanner, facts) });
      return;
    }
    if (!resourceTypes.has(facts.resourceType)) {
      this.flawAt ??= facts.offset;
      const type = isTypeName(facts.resourceType) ? foreignTypeName(facts.resourceType) : 'JSON';
      put(found.notes, { kind: 'foreign', entry, id, type, at: facts.offset });
    } else if (flaw !== undefined) this.flawAt ??= flaw.at;
    this.#push({ ...facts, entry, fullUrl });
  }

  #push(facts: ResourceFacts): void {
    if (this.found.resources.length === recordLimits.maxItemsPerFile) {
      this.#scanner.fail(facts.offset, 'BUNDLE_TOO_MANY');
    }
    this.found.resources.push(facts);
  }

  /** Some texts of the object whose brace was read last. */
  #textsOf(names: readonly string[]): ReadonlyMap<string, string> {
    const scanner = this.#scanner;
    const texts = new Map<string, string>();
    while (scanner.next() === token.key) {
      const key = scanner.keyText();
      if (!names.includes(key)) {
        scanner.skipValue();
        continue;
      }
      const kind = scanner.next();
      if (kind === token.string) texts.set(key, scanner.text());
      else if (kind === token.objectOpen || kind === token.arrayOpen) scanner.skipRest();
    }
    return texts;
  }
}

/** What decides its class or its label cannot be read: nobody knows who may see it. */
export const hidesClass = ({ flaw }: ResourceFacts): boolean =>
  flaw !== undefined && flaw.field !== 'id';

/** The words of an OperationOutcome, short enough to be told. */
function saidBy(scanner: JsonScanner, facts: ResourceFacts): string {
  const { offset, length } = facts;
  if (length > 64 * 1024) return 'it could not give all';
  const outcome = parseJsonTree(scanner.bytes.subarray(offset, offset + length));
  const said = listOf(fieldOf(outcome, 'issue'))
    .slice(0, 5)
    .flatMap((issue) => {
      const details = fieldOf(fieldOf(issue, 'details'), 'text');
      const words = [fieldOf(issue, 'diagnostics'), details, fieldOf(issue, 'code')];
      return words.map(textOf).find((it) => it !== undefined && it !== '') ?? [];
    });
  return said.length === 0 ? 'it could not give all' : said.join('; ').slice(0, 300);
}
