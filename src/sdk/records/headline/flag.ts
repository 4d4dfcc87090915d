import { fieldOf, type JsonTree, listOf, textOf } from '../json-tree.ts';
import { codingsIn, conceptName } from './codes.ts';
import { compareDecimals } from './decimal.ts';

const maxFlagLength = 16;
const flagOfWords: Readonly<Record<string, string>> = {
  high: 'H',
  low: 'L',
  normal: 'N',
  abnormal: 'A',
  positive: 'POS',
  negative: 'NEG',
  'critical high': 'HH',
  'critically high': 'HH',
  'critical low': 'LL',
  'critically low': 'LL',
};
const judgements = /ObservationInterpretation|v2-0078|v2\/0078|observation-interpretation/i;

/**
 * The source's own judgement of a result or a component; else what its one reference range says of its
 * number, marked `range:`. Empty: neither can be told.
 */
export function flagOf(
  interpretation: JsonTree | undefined,
  quantity: JsonTree | undefined,
  ranges: JsonTree | undefined,
): string {
  return sourceFlag(interpretation) ?? rangeFlag(quantity, ranges) ?? '';
}

function sourceFlag(interpretation: JsonTree | undefined): string | undefined {
  for (const concept of listOf(interpretation)) {
    const codings = codingsIn(concept).filter(({ code }) => code !== undefined);
    const known =
      codings.find(({ system }) => judgements.test(system ?? '')) ??
      codings.find(({ code }) => /^[A-Z<>+-]{1,4}$/.test(code ?? ''));
    const words = conceptName(concept);
    const flag = known?.code ?? flagOfWords[words?.toLowerCase() ?? ''] ?? words;
    if (flag !== undefined && flag !== '') return flag.slice(0, maxFlagLength);
  }
  return undefined;
}

/**
 * The limits of the one range that may speak for the person, in the value's own unit, as spelled: what a chart may shade.
 * Undefined: there is none, or more than one.
 */
export function rangeLimits(
  quantity: JsonTree | undefined,
  ranges: JsonTree | undefined,
): { readonly low: string | undefined; readonly high: string | undefined } | undefined {
  const [range, ...others] = listOf(ranges).filter(isForEverybody);
  if (range === undefined || others.length > 0) return undefined;
  const low = limitOf(range, 'low', quantity);
  const high = limitOf(range, 'high', quantity);
  if (low === 'other unit' || high === 'other unit') return undefined;
  return low === undefined && high === undefined ? undefined : { low, high };
}

/** Only one range may speak for the person, and only in the value's own unit. */
function rangeFlag(
  quantity: JsonTree | undefined,
  ranges: JsonTree | undefined,
): string | undefined {
  const value = textOf(fieldOf(quantity, 'value'));
  const limits = rangeLimits(quantity, ranges);
  if (value === undefined || limits === undefined) return undefined;
  const { low, high } = limits;
  const comparator = textOf(fieldOf(quantity, 'comparator')) ?? '';
  const toLow = low === undefined ? undefined : compareDecimals(value, low);
  const toHigh = high === undefined ? undefined : compareDecimals(value, high);
  if (comparator.startsWith('<')) return toLow !== undefined && toLow <= 0 ? 'range:L' : undefined;
  if (comparator.startsWith('>'))
    return toHigh !== undefined && toHigh >= 0 ? 'range:H' : undefined;
  return judgedBy(toLow, toHigh);
}

/** How a value compares with the limits of its range says what its flag is; undefined: with neither. */
export function judgedBy(
  toLow: number | undefined,
  toHigh: number | undefined,
): string | undefined {
  if (toLow === undefined && toHigh === undefined) return undefined;
  if (toLow !== undefined && toLow < 0) return 'range:L';
  return toHigh !== undefined && toHigh > 0 ? 'range:H' : 'range:N';
}

/** A range for an age or a group, or one of another kind than the usual, says nothing without knowing who it is. */
function isForEverybody(range: JsonTree): boolean {
  if (fieldOf(range, 'age') !== undefined || fieldOf(range, 'appliesTo') !== undefined)
    return false;
  const type = fieldOf(range, 'type');
  return type === undefined || codingsIn(type).some(({ code }) => code === 'normal');
}

function limitOf(
  range: JsonTree,
  name: 'low' | 'high',
  quantity: JsonTree | undefined,
): string | 'other unit' | undefined {
  const limit = fieldOf(range, name);
  const value = textOf(fieldOf(limit, 'value'));
  if (value === undefined) return undefined;
  for (const field of ['code', 'unit']) {
    const its = textOf(fieldOf(limit, field));
    const asked = textOf(fieldOf(quantity, field));
    if (its !== undefined && asked !== undefined) return its === asked ? value : 'other unit';
  }
  // One has a code and the other a unit alone: nobody says that they are the same.
  const hasUnit = ['code', 'unit'].some((field) => fieldOf(limit, field) !== undefined);
  return hasUnit ? 'other unit' : value;
}
