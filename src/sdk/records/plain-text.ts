import { conceptName } from './headline/codes.ts';
import { valueForPeople } from './headline/decimal.ts';
import { flagWords, type Headline, spokenName } from './headline/headline.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { personName } from './show-values.ts';
import { wordsOfField } from './show-words.ts';

const maxLength = 400;
const unsaid = new Set(['id', 'system', 'use', 'extension', 'reference', 'url', 'data', 'hash']);

/** A value of FHIR in one line for people; numbers are rounded as they would say them. */
export function plainText(
  tree: JsonTree,
  nameOf: (reference: string) => string | undefined,
): string {
  const words = wordsOf(tree, nameOf).replace(/\s+/g, ' ').trim();
  return words.length <= maxLength ? words : `${words.slice(0, maxLength)}…`;
}

type NameOf = (reference: string) => string | undefined;

function wordsOf(tree: JsonTree, nameOf: NameOf): string {
  if (tree.kind === 'text') return readableDate(tree.text);
  if (tree.kind === 'number') return valueForPeople(tree.spelling);
  if (tree.kind === 'literal')
    return tree.word === 'true' ? 'yes' : tree.word === 'false' ? 'no' : '';
  if (tree.kind === 'array')
    return joined(
      tree.items.map((item) => wordsOf(item, nameOf)),
      '; ',
    );
  for (const shape of shapes) {
    const words = shape(tree, nameOf);
    if (words !== undefined && words !== '') return words;
  }
  const parts = [...tree.fields].flatMap(([name, value]) => {
    if (unsaid.has(name) || name.startsWith('_')) return [];
    const words = wordsOf(value, nameOf);
    return words.trim() === '' ? [] : [`${wordsOfField(name).toLowerCase()}: ${words}`];
  });
  return joined(parts, ', ');
}

const get = (tree: JsonTree, name: string): string | undefined => textOf(fieldOf(tree, name));
const joined = (parts: readonly string[], between: string): string =>
  parts.filter((part) => part !== '').join(between);

/** The first that fits says the whole of an object. */
const shapes: readonly ((object: JsonTree, nameOf: NameOf) => string | undefined)[] = [
  (object) => {
    const isCoding = get(object, 'code') !== undefined && fieldOf(object, 'value') === undefined;
    const isConcept =
      fieldOf(object, 'coding') !== undefined || get(object, 'display') !== undefined;
    return isConcept || (isCoding && fieldOf(object, 'system') !== undefined)
      ? conceptName(object)
      : undefined;
  },
  (object) => (fieldOf(object, 'contentType') === undefined ? undefined : documentWords(object)),
  quantityWords,
  (object) => {
    const [low, high] = [fieldOf(object, 'low'), fieldOf(object, 'high')];
    return low === undefined && high === undefined ? undefined : rangeWords(object);
  },
  (object) => {
    const [start, end] = [get(object, 'start'), get(object, 'end')];
    if (start === undefined && end === undefined) return undefined;
    if (start === undefined) return `until ${readableDate(end ?? '')}`;
    return end === undefined
      ? `since ${readableDate(start)}`
      : `${readableDate(start)} to ${readableDate(end)}`;
  },
  (object, nameOf) => {
    const reference = get(object, 'reference');
    // An address of another record says nothing to a person.
    return reference === undefined ? undefined : (nameOf(reference) ?? ' ');
  },
  (object) => personName(object),
  (object) => {
    const [numerator, denominator] = [fieldOf(object, 'numerator'), fieldOf(object, 'denominator')];
    if (numerator === undefined || denominator === undefined) return undefined;
    return `${quantityWords(numerator) ?? ''} / ${quantityWords(denominator) ?? ''}`;
  },
  (object) => {
    const lines = ['line', 'postalCode', 'city', 'state', 'country'].flatMap((name) =>
      listOf(fieldOf(object, name)).flatMap((line) => textOf(line) ?? []),
    );
    return fieldOf(object, 'city') === undefined || fieldOf(object, 'text') !== undefined
      ? undefined
      : lines.join(', ');
  },
  // A note, a dosage, an address: what was written for people.
  (object) => get(object, 'text'),
];

function quantityWords(object: JsonTree): string | undefined {
  const value = get(object, 'value');
  if (value === undefined) return undefined;
  const unit = get(object, 'unit') ?? get(object, 'code') ?? get(object, 'currency');
  const number = `${get(object, 'comparator') ?? ''}${valueForPeople(value)}`;
  return joined([number, unit ?? ''], ' ');
}

/** `12 to 15.5 g/dL`, with whom it is for; its text where it has no limits. */
export function rangeWords(range: JsonTree): string {
  const [low, high] = ['low', 'high'].map((name) => {
    const limit = fieldOf(range, name);
    return limit === undefined ? undefined : quantityWords(limit);
  });
  const lowNumber = get(fieldOf(range, 'low') ?? range, 'value');
  const limits =
    low === undefined
      ? high === undefined
        ? (get(range, 'text') ?? '')
        : `up to ${high}`
      : high === undefined
        ? `from ${low}`
        : `${lowNumber === undefined ? low : valueForPeople(lowNumber)} to ${high}`;
  const whom = listOf(fieldOf(range, 'appliesTo')).flatMap((it) => conceptName(it) ?? []);
  const kind = conceptName(fieldOf(range, 'type'));
  const remark = joined([kind ?? '', ...whom], ', ');
  return remark === '' ? limits : `${limits} (${remark})`;
}

function documentWords(object: JsonTree): string {
  const data = get(object, 'data');
  const size = data === undefined ? '' : `about ${Math.floor((data.length * 3) / 4)} bytes`;
  const where = data === undefined ? (get(object, 'url') ?? '') : '';
  return joined([get(object, 'title') ?? '', get(object, 'contentType') ?? '', size, where], ', ');
}

/** `13.35 g/dL (low)`. */
export function resultWords({
  value,
  unit,
  flag,
}: Pick<Headline, 'value' | 'unit' | 'flag'>): string {
  const judgement = flag === '' ? '' : `(${flagWords(flag)})`;
  return joined([valueForPeople(value), unit, judgement], ' ');
}

/** `Haemoglobin: 13.35 g/dL (low)`. */
export function headlineWords(headline: Headline): string {
  return joined([spokenName(headline), resultWords(headline)], ': ');
}

/** Dates and times read better with a blank. */
export function readableDate(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/, '$1 $2');
}
