import { codeText } from '../headline/codes.ts';
import { allInside, attribute, inside, textInside, type XmlElement } from './xml.ts';

/** The words of a section's text, by the ID that entries refer to. */
export type Words = ReadonlyMap<string, string>;

/** What a coded element is called: its own words, those in the text it refers to, its code's, a translation's. */
export function nameOf(element: XmlElement | undefined, words: Words): string | undefined {
  const original = inside(element, 'originalText');
  const reference = attribute(inside(original, 'reference'), 'value')?.replace(/^#/, '');
  const own = reference === undefined ? undefined : words.get(reference);
  const names = [
    attribute(element, 'displayName'),
    textInside(original).replace(/\n/g, ' '),
    own,
    ...allInside(element, 'translation').map((it) => attribute(it, 'displayName')),
  ];
  return names.find((name) => name !== undefined && name !== '');
}

/** `loinc|718-7`; of several codings the first with a short name. Empty: it has no code. */
export function codeOf(element: XmlElement | undefined): string {
  const codes = [element, ...allInside(element, 'translation')].flatMap((it) => {
    const [code, system] = [attribute(it, 'code'), attribute(it, 'codeSystem')];
    return codeText({ system: system === undefined ? undefined : `urn:oid:${system}`, code }) ?? [];
  });
  return codes.find((code) => code.includes('|')) ?? codes[0] ?? '';
}

/** A time of HL7 (`20210304101500+0100`, a moment or the beginning of an interval) as FHIR spells it. */
export function dateOf(time: XmlElement | undefined): string {
  const value =
    attribute(time, 'value') ??
    attribute(inside(time, 'low'), 'value') ??
    attribute(inside(time, 'high'), 'value') ??
    '';
  const parts = /^(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?([+-]\d{4})?)?/.exec(value);
  if (parts === null) return '';
  const [, year = '', month, day, hour, minute, second, zone] = parts;
  if (month === undefined) return year;
  if (day === undefined) return `${year}-${month}`;
  const date = `${year}-${month}-${day}`;
  if (hour === undefined || minute === undefined) return date;
  const offset = zone === undefined ? '' : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return `${date}T${hour}:${minute}:${second ?? '00'}${offset}`;
}

/** A result in words: a quantity, an interval, a code or text. */
export function valueIn(
  value: XmlElement | undefined,
  words: Words,
): { readonly value: string; readonly unit: string } {
  const amount = attribute(value, 'value');
  const unit = attribute(value, 'unit');
  if (amount !== undefined) return { value: amount, unit: unitOf(unit) };
  const [low, high] = [inside(value, 'low'), inside(value, 'high')];
  const [from, to] = [attribute(low, 'value'), attribute(high, 'value')];
  const limitUnit = unitOf(attribute(low, 'unit') ?? attribute(high, 'unit'));
  if (from !== undefined && to !== undefined) return { value: `${from} to ${to}`, unit: limitUnit };
  if (from !== undefined) return { value: `>${inclusive(low)}${from}`, unit: limitUnit };
  if (to !== undefined) return { value: `<${inclusive(high)}${to}`, unit: limitUnit };
  return { value: nameOf(value, words) ?? textInside(value).replace(/\n/g, ' '), unit: '' };
}

const unitOf = (unit: string | undefined): string =>
  unit === undefined || unit === '1' ? '' : unit;
const inclusive = (limit: XmlElement | undefined): string =>
  attribute(limit, 'inclusive') === 'false' ? '' : '=';
