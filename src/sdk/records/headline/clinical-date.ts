import { fieldOf, listOf, textOf } from '../json-tree.ts';
import type { ReadableResource } from './readable-resource.ts';

/** The most telling first: when it was so, then when it was told, then when it was written down. */
const dateFields: readonly string[] = [
  'effectiveDateTime',
  'effectivePeriod',
  'effectiveInstant',
  'effectiveTiming',
  'onsetDateTime',
  'onsetPeriod',
  'performedDateTime',
  'performedPeriod',
  'occurrenceDateTime',
  'occurrencePeriod',
  'occurrenceTiming',
  'authoredOn',
  'authored',
  'dateWritten',
  'whenHandedOver',
  'whenPrepared',
  'period',
  'start',
  'started',
  'billablePeriod',
  'servicedDate',
  'servicedPeriod',
  'startDate',
  'identifiedDateTime',
  'createdDateTime',
  'collection',
  'issued',
  'recordedDate',
  'assertedDate',
  'dateRecorded',
  'dateAsserted',
  'dateTime',
  'date',
  'sent',
  'recorded',
  'created',
  'timestamp',
];
/** Types of which another field says more than the general order does. */
const dateFieldsOf: Readonly<Record<string, readonly string[]>> = {
  AllergyIntolerance: ['onsetDateTime', 'recordedDate', 'assertedDate', 'lastOccurrence'],
  Consent: ['dateTime'],
  Coverage: ['period'],
  Patient: [],
};
const maxDateLength = 40;

/** As spelled in the resource; the start of a period, its end where it has no start. Empty: it says none. */
export function clinicalDateOf(resource: ReadableResource, type: string): string {
  const fields = Object.hasOwn(dateFieldsOf, type) ? dateFieldsOf[type] : dateFields;
  for (const name of fields ?? dateFields) {
    const tree = resource.field(name);
    const [event] = listOf(fieldOf(tree, 'event'));
    const collected = fieldOf(tree, 'collectedDateTime') ?? fieldOf(tree, 'collectedPeriod');
    for (const value of [tree, event, collected]) {
      const date =
        textOf(value) ?? textOf(fieldOf(value, 'start')) ?? textOf(fieldOf(value, 'end'));
      if (date !== undefined && /^\d{4}/.test(date)) return date.slice(0, maxDateLength);
    }
  }
  return '';
}

/**
 * A date as a moment, in milliseconds, to put records in order: what is not said counts from its beginning
 * (`2019` as the first of January), a time without a zone as UTC. Undefined: no date of the calendar's kind.
 */
export function momentOf(date: string): number | undefined {
  const parts =
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?/.exec(
      date,
    );
  if (parts === null) return undefined;
  const number = (index: number, missing: number): number => Number(parts[index] ?? missing);
  const month = number(2, 1);
  const day = number(3, 1);
  // An impossible month or day says no more than the year, or the month.
  const isMonth = month >= 1 && month <= 12;
  const monthIndex = isMonth ? month - 1 : 0;
  const dayOfMonth = isMonth && day >= 1 && day <= 31 ? day : 1;
  const moment = new Date(0);
  moment.setUTCFullYear(number(1, 0), monthIndex, dayOfMonth);
  moment.setUTCHours(number(4, 0), number(5, 0), number(6, 0));
  return moment.getTime() - zoneMs(parts[8]);
}

function zoneMs(zone: string | undefined): number {
  const parts = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (parts === null) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return (parts[1] === '-' ? -minutes : minutes) * 60_000;
}
