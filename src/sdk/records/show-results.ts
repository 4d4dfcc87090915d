import { conceptName } from './headline/codes.ts';
import { flagOf, rangeLimits } from './headline/flag.ts';
import type { Headline } from './headline/headline.ts';
import { readTree } from './headline/readable-resource.ts';
import { headlineValueOf } from './headline/value.ts';
import { fieldOf, type JsonTree, listOf } from './json-tree.ts';
import { rangeWords } from './plain-text.ts';

/** One value of a measurement or result, in its parts: a table puts each in a column of its own. */
export interface ShownResult {
  /** Empty: the one value of the record itself. */
  readonly name: string;
  /** A number as spelled, or a short text. */
  readonly value: string;
  readonly unit: string;
  /** As `Headline.flag`. */
  readonly flag: string;
  /** The source's own ranges in words; empty: it gives none. */
  readonly range: string;
  /** Of the one range that may speak for the person, as spelled: what a chart may shade. */
  readonly low: string | undefined;
  readonly high: string | undefined;
}

/** The value of an observation and those of its parts; of anything else none. */
export function resultsOf(tree: JsonTree, headline: Headline): readonly ShownResult[] {
  if (headline.type !== 'Observation') return [];
  const parts = listOf(fieldOf(tree, 'component'));
  const hasOwn = tree.kind === 'object' && [...tree.fields.keys()].some(isValue);
  return [...(hasOwn ? [tree] : []), ...parts].map((part) => resultOf(part, part === tree));
}

const isValue = (name: string): boolean => /^value[A-Z]/.test(name);

function resultOf(part: JsonTree, isWhole: boolean): ShownResult {
  const readable = readTree(part);
  const quantity = readable.field('valueQuantity');
  const ranges = readable.field('referenceRange');
  const { value, unit } = headlineValueOf(readable, 'Observation');
  const limits = rangeLimits(quantity, ranges);
  return {
    name: isWhole ? '' : (conceptName(readable.field('code')) ?? 'Part'),
    value,
    unit,
    flag: flagOf(readable.field('interpretation'), quantity, ranges),
    range: listOf(ranges)
      .map(rangeWords)
      .filter((it) => it !== '')
      .join('; '),
    low: limits?.low,
    high: limits?.high,
  };
}
