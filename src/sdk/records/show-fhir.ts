import type { Attachment } from './attachments.ts';
import { type BundleParts, bundleParts } from './bundle-parts.ts';
import { absenceOfRecord, documentKind, notNamedTitle } from './document-text.ts';
import { codingsIn } from './headline/codes.ts';
import { type HeadlineMark, spokenName } from './headline/headline.ts';
import { marksOf } from './headline/marks.ts';
import { namingReference, subjectOf } from './headline/name.ts';
import { type ReadableResource, readTree } from './headline/readable-resource.ts';
import { headlineValueOf } from './headline/value.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { resultWords } from './plain-text.ts';
import { html, type SafeHtml } from './safe-html.ts';
import {
  type Around,
  type Field,
  shortened,
  showDocument,
  showField,
  showState,
} from './show-values.ts';
import { absenceOf, missingFields, wordsOfField, wordsOfResource } from './show-words.ts';
import { textOfHtml } from './text-of-html.ts';

/** Shown after everything else: they are about the record, not about the person. */
const technical = new Set(['resourceType', 'id', 'meta', 'language', 'identifier']);

/** Shown elsewhere: as text, and after the record. */
const unlisted = new Set(['text', 'contained']);
const turning = new Set(['modifierExtension', 'implicitRules', 'doNotPerform']);

const maxNameLength = 400;

type NameOf = Around['nameOf'];
const knowsNobody: NameOf = () => undefined;

/** What all parts of one page share. */
export type Page = Pick<Around, 'nameOf' | 'attachmentOf' | 'linkTo'>;

/** One FHIR resource as headings, terms and values; nothing in it is taken for HTML. */
export function showResource(resource: JsonTree, page: Page, level = 1): SafeHtml {
  const readable = readTree(resource);
  const resourceType = readable.text('resourceType') ?? '';
  if (resourceType === 'Bundle') return showBundle(resource, page, level);
  const around = aroundAt(page, level);
  const marks = marksOf(readable, resourceType);
  const all = resource.kind === 'object' ? [...resource.fields] : [];
  const attachment = page.attachmentOf(resource);
  const fields = all.filter(([name, value]) => !unlisted.has(name) && !isDataOf(attachment, value));
  const rows = fields.filter(([name]) => !technical.has(name));
  const details = fields.filter(([name]) => technical.has(name));
  const missing = missingFields(
    resourceType,
    all.map(([name]) => name),
    marks,
  ).map((name) => html`<dt>${wordsOfField(name)}</dt><dd>${showState('not recorded')}</dd>`);
  const words = wordsOfResource(resourceType);
  const name = titleOf(resource, page.nameOf) ?? words;
  return html`<article>${heading(level, spokenName({ type: resourceType, name, marks }))}
<p class="kind">${words}</p>${warningOf(marks)}${valueLine(readable, resourceType)}
<dl>${turningFirst(rows).map((field) => showField(field, around))}${missing}</dl>
${attachment === undefined ? '' : showDocument(attachment, around)}
${listOf(fieldOf(resource, 'contained')).map(around.showResource)}
${narrativeOf(resource)}
<dl class="technical">${details.map((field) => showField(field, around))}</dl></article>
`;
}

/** The bytes of a Binary are no text to read. */
function isDataOf(attachment: Attachment | undefined, value: JsonTree): boolean {
  return attachment !== undefined && value.kind === 'text' && value.text === attachment.data;
}

function warningOf(marks: readonly HeadlineMark[]): SafeHtml | '' {
  return marks.includes('modified')
    ? html`<p class="care">This record holds something that changes its meaning and that this page does not know. Read all of it.</p>`
    : '';
}

/** A result as a clinician would say it; the rows below keep the spelling. */
function valueLine(resource: ReadableResource, type: string): SafeHtml | '' {
  if (type !== 'Observation') return '';
  const result = headlineValueOf(resource, type);
  return result.value === ''
    ? ''
    : html`
<p class="result">${resultWords(result)}</p>`;
}

/** What turns the meaning of the rest is read before it. */
function turningFirst(rows: readonly Field[]): readonly Field[] {
  const turns = ([name]: Field): number => (turning.has(name) ? 0 : 1);
  return [...rows].sort((a, b) => turns(a) - turns(b));
}

function aroundAt(page: Page, level: number): Around {
  return { ...page, showResource: (inner) => showResource(inner, page, level + 1) };
}

interface DocumentParts {
  readonly find: BundleParts['find'];
  readonly page: Page;
  readonly shown: Set<JsonTree>;
}

/** A document in the order of its sections; any other bundle resource by resource. */
function showBundle(bundle: JsonTree, around: Page, level: number): SafeHtml {
  const { resources, find, composition } = bundleParts(bundle);
  // Thousands of references may lead to one resource: its name is made once, and short.
  const names = new Map<JsonTree, string | undefined>();
  const nameOf: NameOf = (reference) => {
    const target = find(reference);
    if (target === undefined) return undefined;
    if (!names.has(target))
      names.set(target, titleOf(target, knowsNobody)?.slice(0, maxNameLength));
    return names.get(target);
  };
  const page: Page = { ...around, nameOf };
  if (composition === undefined) {
    return html`${resources.map((part) => showResource(part, page, level))}`;
  }
  const document = { find, page, shown: new Set([composition]) };
  const facts = ['date', 'subject', 'author', 'custodian'].map((name) => {
    const value = fieldOf(composition, name);
    if (value !== undefined) return showField([name, value], aroundAt(page, level));
    return html`<dt>${wordsOfField(name)}</dt><dd>${showState('not recorded')}</dd>`;
  });
  const sections = listOf(fieldOf(composition, 'section')).map((section) =>
    showSection(section, level + 1, document),
  );
  const rest = resources.filter((part) => !document.shown.has(part));
  return html`<article>${heading(level, documentName(composition, nameOf))}
<p class="kind">${documentKind(composition)}</p>
<dl>${facts}</dl>
${sections}${rest.length === 0 ? '' : heading(level + 1, notNamedTitle)}
${rest.map((part) => showResource(part, page, level + 2))}</article>`;
}

function showSection(section: JsonTree, level: number, document: DocumentParts): SafeHtml {
  const parts = listOf(fieldOf(section, 'entry')).flatMap((entry) => {
    const reference = textOf(fieldOf(entry, 'reference')) ?? '';
    const part = document.find(reference);
    if (part === undefined) {
      const words = textOf(fieldOf(entry, 'display')) ?? reference;
      return [html`<p class="absent">Not in this document: ${words}</p>`];
    }
    // A part may be named by several sections; it is shown with the first.
    if (document.shown.has(part)) return [];
    document.shown.add(part);
    return [showResource(part, document.page, level + 1)];
  });
  const inner = listOf(fieldOf(section, 'section')).map((part) =>
    showSection(part, level + 1, document),
  );
  const narrative = narrativeOf(section);
  const absence = absenceOf(codingsIn(fieldOf(section, 'emptyReason')));
  const empty = parts.length === 0 && inner.length === 0 && narrative === undefined;
  const state = absence ?? (empty ? 'not recorded' : undefined);
  return html`<section>${heading(level, textOf(fieldOf(section, 'title')) ?? 'Section')}
${state === undefined ? '' : showState(state)}
${narrative}${parts}${inner}</section>`;
}

function heading(level: number, text: string): SafeHtml {
  if (level <= 1) return html`<h1>${text}</h1>`;
  return level === 2 ? html`<h2>${text}</h2>` : html`<h3>${text}</h3>`;
}

/** What the sender wrote for people, without its markup. */
function narrativeOf(tree: JsonTree): SafeHtml | undefined {
  const div = textOf(fieldOf(fieldOf(tree, 'text'), 'div'));
  if (div === undefined) return undefined;
  const text = textOfHtml(div);
  if (text === '') return undefined;
  return html`<aside><p class="kind">As the sender wrote it</p><pre>${shortened(text)}</pre></aside>`;
}

function documentName(composition: JsonTree, nameOf: NameOf): string {
  const name = titleOf(composition, nameOf) ?? 'Document';
  return spokenName({
    type: 'Composition',
    name,
    marks: marksOf(readTree(composition), 'Composition'),
  });
}

/** What the record itself is called; an absence ("no known allergy") is a state and no name. */
function titleOf(resource: JsonTree, nameOf: NameOf): string | undefined {
  const readable = readTree(resource);
  if (absenceOfRecord(resource) !== undefined) return undefined;
  const { name } = subjectOf(readable, readable.text('resourceType') ?? '');
  return name ?? nameOf(namingReference(readable) ?? '');
}
