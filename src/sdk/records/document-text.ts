import { type BundleParts, bundleParts } from './bundle-parts.ts';
import { codingsIn, conceptName } from './headline/codes.ts';
import { headlineOfResource } from './headline/derive.ts';
import { type Headline, spokenName } from './headline/headline.ts';
import { namingReference, subjectOf } from './headline/name.ts';
import { readTree } from './headline/readable-resource.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { headlineWords, readableDate } from './plain-text.ts';
import { shortened } from './show-values.ts';
import { type Absence, absenceOf, wordsOfField, wordsOfResource } from './show-words.ts';
import { textOfHtml } from './text-of-html.ts';

/** A document Bundle for a terminal. */
export interface DocumentText {
  readonly kind: string;
  /** When, about whom, by whom, kept by whom: also what is not recorded of it. */
  readonly rows: readonly (readonly [label: string, text: string])[];
  /** The sections in order, then what no section names. */
  readonly paragraphs: readonly string[];
}

/** LOINC, the type of an International Patient Summary. */
const patientSummary = '60591-5';

/**
 * A document in the order of its sections: each part in one line, or what the sender wrote; "not recorded", "none
 * known" and a list are three things. Nothing of the Bundle is left out. A Bundle without a Composition is a list.
 *
 * Source: docs/protocol/items.md, rule I-48.
 */
export function documentText(bundle: JsonTree): DocumentText {
  const parts = bundleParts(bundle);
  const { composition, resources } = parts;
  const lines = new DocumentLines(parts);
  if (composition === undefined) {
    return { kind: 'Bundle', rows: [], paragraphs: resources.map((it) => lines.of(it)) };
  }
  const sections = listOf(fieldOf(composition, 'section')).map((it) => lines.section(it, 0));
  const rest = resources.filter((it) => it !== composition && !lines.named.has(it));
  const restLines = rest.map((it) => `  ${kindOf(it)}: ${lines.of(it)}`);
  return {
    kind: documentKind(composition),
    rows: lines.head(composition),
    paragraphs: [
      ...sections,
      ...(rest.length > 0 ? [[notNamedTitle, ...restLines].join('\n')] : []),
    ],
  };
}

/** What stands over the parts of a document that no section leads to. */
export const notNamedTitle = 'Not named by a section';

export function documentKind(composition: JsonTree): string {
  const codes = codingsIn(fieldOf(composition, 'type')).map(({ code }) => code);
  return codes.includes(patientSummary) ? 'International Patient Summary' : 'Document';
}

const kindOf = (resource: JsonTree): string =>
  wordsOfResource(textOf(fieldOf(resource, 'resourceType')) ?? '');

/** Of whom or what a record says that nothing is known, by its own code, and in which words. */
export function absenceOfRecord(
  resource: JsonTree,
): { readonly state: Absence; readonly words: string } | undefined {
  for (const name of ['code', 'medicationCodeableConcept', 'vaccineCode']) {
    const concept = fieldOf(resource, name);
    const state = absenceOf(codingsIn(concept));
    if (state === undefined) continue;
    const [coding] = listOf(fieldOf(concept, 'coding'));
    const written = textOf(fieldOf(concept, 'text')) ?? textOf(fieldOf(coding, 'display'));
    return { state, words: written ?? textOf(fieldOf(coding, 'code')) ?? '' };
  }
  return undefined;
}

/** The lines of one document, and which of its resources they have told. */
class DocumentLines {
  readonly named = new Set<JsonTree>();
  readonly #parts: BundleParts;
  readonly #headlines = new Map<JsonTree, Headline>();

  constructor(parts: BundleParts) {
    this.#parts = parts;
  }

  head(composition: JsonTree): DocumentText['rows'] {
    const date = textOf(fieldOf(composition, 'date'));
    const people = ['subject', 'author', 'custodian'].map((name) => {
      const who = listOf(fieldOf(composition, name)).map((it) => this.#person(it));
      return [wordsOfField(name), who.join('; ') || 'not recorded'] as const;
    });
    const when = date === undefined ? 'not recorded' : readableDate(date);
    return [[wordsOfField('period'), when], ...people];
  }

  #person(reference: JsonTree): string {
    const target = this.#target(reference);
    if (target === undefined) return textOf(fieldOf(reference, 'display')) ?? missing(reference);
    return this.#headline(target).name;
  }

  section(section: JsonTree, depth: number): string {
    const parts = listOf(fieldOf(section, 'entry')).flatMap((entry) => this.#entry(entry, 1));
    const div = textOf(fieldOf(fieldOf(section, 'text'), 'div'));
    const absence = absenceOf(codingsIn(fieldOf(section, 'emptyReason')));
    const written = div === undefined || parts.length > 0 ? '' : shortened(textOfHtml(div));
    const inner = listOf(fieldOf(section, 'section')).map((part) =>
      depth > 8 ? '' : this.section(part, depth + 1),
    );
    const isEmpty = parts.length === 0 && written === '' && inner.length === 0;
    const state = absence ?? (isEmpty ? 'not recorded' : '');
    const heading = textOf(fieldOf(section, 'title')) ?? 'Section';
    return [heading, ...parts, written, state === '' ? '' : `  ${state}`, ...inner]
      .filter((line) => line !== '')
      .join('\n');
  }

  /** A part and, a step in, the parts that it consists of. */
  #entry(reference: JsonTree, depth: number): readonly string[] {
    const indent = '  '.repeat(depth);
    const part = this.#target(reference);
    if (part === undefined) return [`${indent}${missing(reference)}`];
    const wasNamed = this.named.has(part);
    this.named.add(part);
    const members = wasNamed || depth > 8 ? [] : ['hasMember', 'result'];
    const inner = members.flatMap((name) => listOf(fieldOf(part, name)));
    const known = inner.filter((it) => this.#target(it) !== undefined);
    return [`${indent}${this.of(part)}`, ...known.flatMap((it) => this.#entry(it, depth + 1))];
  }

  /** `2011-08-08  Haemoglobin: 13.35 g/dL (low)`; `none known: No known allergies`. */
  of(resource: JsonTree): string {
    const headline = this.#headline(resource);
    const absence = absenceOfRecord(resource);
    if (absence === undefined) return lineOfHeadline(headline);
    // Also of "no known allergies" it is said when it was entered in error.
    return `${absence.state}: ${spokenName({ ...headline, name: absence.words })}`;
  }

  /** A medicine may be named only by another resource of the document. */
  #headline(resource: JsonTree): Headline {
    const known = this.#headlines.get(resource);
    if (known !== undefined) return known;
    const readable = readTree(resource);
    const own = headlineOfResource(readable);
    const isNamed = subjectOf(readable, own.type).name !== undefined;
    const target = isNamed ? undefined : this.#parts.find(namingReference(readable) ?? '');
    const name = conceptName(fieldOf(target, 'code'));
    const headline = name === undefined ? own : { ...own, name: name.slice(0, 160) };
    this.#headlines.set(resource, headline);
    return headline;
  }

  #target(reference: JsonTree): JsonTree | undefined {
    return this.#parts.find(textOf(fieldOf(reference, 'reference')) ?? '');
  }
}

/** What a reference of a document says that leads out of it. */
function missing(reference: JsonTree): string {
  const address = textOf(fieldOf(reference, 'reference')) ?? 'something without an address';
  return `not in this document: ${textOf(fieldOf(reference, 'display')) ?? address}`;
}

/** `2011-08-08  Haemoglobin: 13.35 g/dL (low)`. */
export function lineOfHeadline(headline: Headline): string {
  return [headline.clinicalDate.slice(0, 10), headlineWords(headline)]
    .filter((it) => it !== '')
    .join('  ');
}
