import {
  type Attachment,
  attachmentsIn,
  listAttachments,
  sizeOfAttachment,
} from './attachments.ts';
import { type CdaDocument, readCda } from './cda/cda-document.ts';
import { documentText, lineOfHeadline } from './document-text.ts';
import { readFhirXml } from './fhir-xml.ts';
import { headlineOfFhirXml } from './fhir-xml-facts.ts';
import { codingsIn, conceptName } from './headline/codes.ts';
import { headlineOfResource, shownHeadline } from './headline/derive.ts';
import { flagOf } from './headline/flag.ts';
import { type Headline, spokenName } from './headline/headline.ts';
import { readTree } from './headline/readable-resource.ts';
import { headlineValueOf } from './headline/value.ts';
import type { CheckedCards } from './health-card/check-card.ts';
import { cardParagraphs } from './health-card/show-cards.ts';
import { fieldOf, type JsonTree, listOf, parseJsonTree, textOf } from './json-tree.ts';
import { recordLimits } from './limits.ts';
import { plainText, rangeWords, readableDate, resultWords } from './plain-text.ts';
import { resultsOf, type ShownResult } from './show-results.ts';
import { shortened } from './show-values.ts';
import { absenceOf, choiceOf, wordsOfField, wordsOfResource } from './show-words.ts';
import { textOfFile, textOfHtml } from './text-of-html.ts';

/** An opened item for a terminal. */
export interface TextOfItem {
  /** The name with what turns its meaning. */
  readonly title: string;
  readonly kind: string;
  readonly headline: Headline;
  /** What it says, the most telling first. */
  readonly rows: readonly (readonly [label: string, text: string])[];
  /** Of a measurement or result: its value and those of its parts; `rows` says them too. */
  readonly results: readonly ShownResult[];
  /** Of a document, and of plain text. */
  readonly paragraphs: readonly string[];
  /** Documents inside, in the order of their numbers. */
  readonly attachments: readonly {
    readonly number: number;
    readonly fileName: string;
    readonly contentType: string;
    readonly bytes: number;
  }[];
}

type Row = readonly [label: string, text: string];

/** Said by the title, by the first rows, or about the record and not about the person. */
const unsaid = new Set([
  ...['resourceType', 'id', 'meta', 'language', 'identifier', 'text', 'contained', 'extension'],
  ...['code', 'value', 'component', 'referenceRange', 'interpretation', 'category', 'data'],
]);

/**
 * One item in words for a terminal: values rounded as a clinician would say them, with range and judgement. What
 * is neither FHIR nor text has no rows and no paragraphs.
 *
 * Never throws for what an item holds. Source: docs/protocol/items.md, rules I-43 and I-56.
 */
export function textOfItem(item: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly name: string;
  /** What `checkHealthCards` found in it: without it a file of health cards is only a file. */
  readonly healthCards?: CheckedCards | undefined;
}): TextOfItem {
  const fhirXml = readFhirXml(item.mediaType, item.bytes);
  const headline = fhirXml === undefined ? shownHeadline(item) : headlineOfFhirXml(fhirXml);
  const title = spokenName(headline);
  const kind = headline.type === '' ? '' : wordsOfResource(headline.type);
  if (item.healthCards !== undefined) {
    const paragraphs = cardParagraphs(item.healthCards);
    return {
      ...{ title, kind: 'Health card', headline, rows: [], results: [], paragraphs },
      attachments: [],
    };
  }
  const document = readCda(item.mediaType, item.bytes);
  if (document !== undefined) return textOfCda(document, headline, item.bytes);
  const tree = fhirXml ?? (headline.type === '' ? undefined : treeOf(item.bytes));
  if (tree === undefined) {
    const isLarge = item.bytes.length > recordLimits.maxBundleBytes;
    const text = isLarge ? undefined : textOfFile(item);
    const paragraphs = text === undefined ? [] : [shortened(text)];
    return { title, kind, headline, rows: [], results: [], paragraphs, attachments: [] };
  }
  const attachments = [...attachmentsIn(tree).values()].map(attachmentFacts);
  if (headline.type === 'Bundle') {
    return { title, headline, attachments, results: [], ...documentText(tree) };
  }
  const rows = rowsOf(tree, headline);
  const paragraphs = narrative(tree, rows);
  return {
    title,
    kind,
    headline,
    rows,
    results: resultsOf(tree, headline),
    paragraphs,
    attachments,
  };
}

function attachmentFacts(it: Attachment): TextOfItem['attachments'][number] {
  const { number, fileName, contentType } = it;
  return { number, fileName, contentType, bytes: sizeOfAttachment(it) };
}

/** Each section with what its entries say in one line each; else what the sender wrote. */
function textOfCda(document: CdaDocument, headline: Headline, bytes: Uint8Array): TextOfItem {
  const { title, date, patientName, sections } = document;
  const rows: Row[] = [
    [wordsOfField('period'), readableDate(date)],
    [wordsOfField('subject'), patientName],
  ];
  const paragraphs = sections.map(({ title, headlines, text }) => {
    const lines = headlines.map((it) => `  ${lineOfHeadline(it)}`);
    return [title, ...(lines.length > 0 ? lines : [shortened(text)])].join('\n');
  });
  return {
    title,
    kind: 'Clinical document',
    headline: { ...headline, clinicalDate: date },
    rows: rows.filter(([, text]) => text !== ''),
    results: [],
    paragraphs,
    attachments: listAttachments(bytes).map(attachmentFacts),
  };
}

function treeOf(bytes: Uint8Array): JsonTree | undefined {
  if (bytes.length > recordLimits.maxBundleBytes) return undefined;
  try {
    return parseJsonTree(bytes);
  } catch {
    return undefined;
  }
}

function rowsOf(tree: JsonTree, headline: Headline): readonly Row[] {
  const rows = resultRows(tree, headline);
  const when = wordsOfField('period');
  const date = readableDate(headline.clinicalDate);
  const said = new Map(rows);
  const nameOf = containedNames(tree);
  const fields = tree.kind === 'object' ? [...tree.fields] : [];
  if (date !== '') said.set(when, date);
  for (const [name, field] of fields) {
    if (name.startsWith('_') || unsaid.has(choiceOf(name))) continue;
    const text = stateOrText(field, nameOf).trim();
    // The same moment under another word: when it was written down, mostly.
    if (text === '' || (text === date && said.has(when))) continue;
    said.set(wordsOfField(name), text);
  }
  return [...said].filter(([, text]) => text !== '');
}

function resultRows(tree: JsonTree, { type, ...said }: Headline): Row[] {
  if (type !== 'Observation' && type !== 'DiagnosticReport') return [];
  const ranges = listOf(fieldOf(tree, 'referenceRange')).map(rangeWords);
  return [
    [wordsOfField('value'), resultWords(said)],
    [wordsOfField('referenceRange'), ranges.join('; ')],
    ...listOf(fieldOf(tree, 'component')).map(componentRow),
  ];
}

/** What `#med1` leads to. */
function containedNames(tree: JsonTree): (reference: string) => string | undefined {
  const inside = listOf(fieldOf(tree, 'contained'));
  const byReference = new Map(
    inside.toReversed().map((part) => [`#${textOf(fieldOf(part, 'id'))}`, part]),
  );
  const names = new Map<JsonTree, string>();
  return (reference) => {
    const target = byReference.get(reference);
    if (target === undefined) return undefined;
    const name = names.get(target) ?? headlineOfResource(readTree(target)).name;
    names.set(target, name);
    return name;
  };
}

function componentRow(part: JsonTree): Row {
  const readable = readTree(part);
  const label = conceptName(readable.field('code')) ?? 'Part';
  const quantity = readable.field('valueQuantity');
  const flag = flagOf(readable.field('interpretation'), quantity, readable.field('referenceRange'));
  return [label, resultWords({ ...headlineValueOf(readable, 'Observation'), flag })];
}

/** That nothing is recorded, and that it is recorded that there is nothing, are two things. */
function stateOrText(field: JsonTree, nameOf: (reference: string) => string | undefined): string {
  const absence = absenceOf(codingsIn(field));
  return absence === undefined ? plainText(field, nameOf) : absence;
}

/** What the sender wrote for people, where the fields say little. */
function narrative(tree: JsonTree, rows: readonly Row[]): readonly string[] {
  const div = textOf(fieldOf(fieldOf(tree, 'text'), 'div'));
  if (div === undefined || rows.length > 3) return [];
  const text = textOfHtml(div);
  return text === '' ? [] : [shortened(text)];
}
