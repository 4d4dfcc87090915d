import { fieldOf, type JsonTree, listOf, textOf } from '../json-tree.ts';
import { codingsIn, conceptName, hasCode } from './codes.ts';
import { flagOf } from './flag.ts';
import { absenceReason } from './marks.ts';
import type { ReadableResource } from './readable-resource.ts';
import { stateOf } from './state.ts';

/** What a record says, in a few words. */
export interface HeadlineValue {
  readonly value: string;
  readonly unit: string;
  readonly flag: string;
}

const none: HeadlineValue = { value: '', unit: '', flag: '' };
const systolic = new Set(['8480-6', '271649006']);
const diastolic = new Set(['8462-4', '271650006']);

/** The result of an observation, the conclusion of a report, else how it stands with a record of this type. */
export function headlineValueOf(resource: ReadableResource, type: string): HeadlineValue {
  const name = resource.names.find((name) => /^value[A-Z]/.test(name));
  if (type === 'Observation' || name !== undefined) return resultOf(resource, name);
  if (type === 'DiagnosticReport') {
    const conclusions = listOf(resource.field('conclusionCode')).flatMap(
      (it) => conceptName(it) ?? [],
    );
    return { ...none, value: resource.text('conclusion') ?? conclusions.join(', ') };
  }
  const money = resource.field('total') ?? fieldOf(resource.field('payment'), 'amount');
  const amount = listOf(money).length === 1 ? textOf(fieldOf(money, 'value')) : undefined;
  if (amount !== undefined) {
    return { ...none, value: amount, unit: textOf(fieldOf(money, 'currency')) ?? '' };
  }
  return { ...none, value: stateOf(resource, type) };
}

function resultOf(resource: ReadableResource, name: string | undefined): HeadlineValue {
  const tree = name === undefined ? undefined : resource.field(name);
  const interpretation = resource.field('interpretation');
  if (name === undefined || tree === undefined) {
    const parts = componentsOf(listOf(resource.field('component')));
    if (parts !== undefined)
      return { ...parts, flag: flagOf(interpretation, undefined, undefined) };
    return {
      ...none,
      value: absenceReason(resource) ?? '',
      flag: flagOf(interpretation, undefined, undefined),
    };
  }
  const quantity = name === 'valueQuantity' ? tree : undefined;
  const flag = flagOf(interpretation, quantity, resource.field('referenceRange'));
  return { ...valueOfChoice(name, tree), flag };
}

/** `valueQuantity` and the others of the choice `value[x]`. */
export function valueOfChoice(name: string, tree: JsonTree): Omit<HeadlineValue, 'flag'> {
  switch (name) {
    case 'valueQuantity':
    case 'valueAge':
    case 'valueDuration':
    case 'valueMoney':
      return { value: quantityText(tree), unit: unitOf(tree) };
    case 'valueBoolean':
      return { value: textOf(tree) === 'true' ? 'yes' : 'no', unit: '' };
    case 'valueCodeableConcept':
    case 'valueCoding':
    case 'valueCodeableReference':
      return { value: conceptName(tree) ?? '', unit: '' };
    case 'valueRange':
      return rangeText(tree);
    case 'valueRatio':
      return ratioText(tree);
    case 'valuePeriod': {
      const [start, end] = ['start', 'end'].map((field) => textOf(fieldOf(tree, field)) ?? '…');
      return { value: `${start} to ${end}`, unit: '' };
    }
    case 'valueSampledData':
      return { value: 'a curve', unit: '' };
    case 'valueAttachment':
      return { value: textOf(fieldOf(tree, 'title')) ?? 'a file', unit: '' };
    case 'valueReference':
      return { value: textOf(fieldOf(tree, 'display')) ?? '', unit: '' };
    default:
      return { value: textOf(tree) ?? '', unit: '' };
  }
}

/** `7.2`, `<0.5`: the comparator is part of the value. */
function quantityText(quantity: JsonTree | undefined): string {
  const value = textOf(fieldOf(quantity, 'value'));
  return value === undefined ? '' : `${textOf(fieldOf(quantity, 'comparator')) ?? ''}${value}`;
}

function unitOf(quantity: JsonTree | undefined): string {
  const [unit, code, currency] = ['unit', 'code', 'currency'].map((name) =>
    textOf(fieldOf(quantity, name)),
  );
  return unit ?? (code === '1' ? '' : code) ?? currency ?? '';
}

function rangeText(range: JsonTree): Omit<HeadlineValue, 'flag'> {
  const low = quantityText(fieldOf(range, 'low'));
  const high = quantityText(fieldOf(range, 'high'));
  const unit = unitOf(fieldOf(range, 'low')) || unitOf(fieldOf(range, 'high'));
  if (low === '') return { value: high === '' ? '' : `up to ${high}`, unit };
  return { value: high === '' ? `from ${low}` : `${low} to ${high}`, unit };
}

/** A titre keeps its colon; an amount in one of something is an amount with a unit. */
function ratioText(ratio: JsonTree): Omit<HeadlineValue, 'flag'> {
  const over = fieldOf(ratio, 'numerator');
  const under = fieldOf(ratio, 'denominator');
  const [top, bottom] = [quantityText(over), quantityText(under)];
  const [topUnit, bottomUnit] = [unitOf(over), unitOf(under)];
  if (top === '' || bottom === '') return { value: top, unit: topUnit };
  if (topUnit === bottomUnit) return { value: `${top}:${bottom}`, unit: '' };
  if (bottom === '1') return { value: top, unit: `${topUnit}/${bottomUnit}` };
  return { value: `${top} ${topUnit} in ${bottom} ${bottomUnit}`, unit: '' };
}

/** `120/80` of a blood pressure in whatever order it came; other parts by name. Undefined: there are none. */
function componentsOf(parts: readonly JsonTree[]): Omit<HeadlineValue, 'flag'> | undefined {
  if (parts.length === 0) return undefined;
  const high = parts.find((part) => hasCode(fieldOf(part, 'code'), systolic));
  const low = parts.find((part) => hasCode(fieldOf(part, 'code'), diastolic));
  if (high !== undefined && low !== undefined) {
    const [top, bottom] = [fieldOf(high, 'valueQuantity'), fieldOf(low, 'valueQuantity')];
    const value = [top, bottom].map((it) => quantityText(it) || '?').join('/');
    return { value: value === '?/?' ? '' : value, unit: unitOf(top) || unitOf(bottom) };
  }
  const texts = parts.flatMap((part) => componentText(part) ?? []);
  return { value: texts.join('; '), unit: '' };
}

function componentText(part: JsonTree): string | undefined {
  if (part.kind !== 'object') return undefined;
  const choice = [...part.fields].find(([name]) => /^value[A-Z]/.test(name));
  if (choice === undefined) return undefined;
  const { value, unit } = valueOfChoice(...choice);
  const name =
    conceptName(fieldOf(part, 'code')) ?? codingsIn(fieldOf(part, 'code'))[0]?.code ?? '';
  return [name, value, unit].filter((text) => text !== '').join(' ');
}
