import type { EntryView, TestView, VitalName } from './chart-view.ts';

/** LOINC, the usual ones; Synthea of before files a blood pressure under 55284-4. */
const vitalCodes: Readonly<Record<string, VitalName>> = {
  'loinc|85354-9': 'bloodPressure',
  'loinc|55284-4': 'bloodPressure',
  'loinc|8867-4': 'pulse',
  'loinc|2708-6': 'oxygen',
  'loinc|59408-5': 'oxygen',
  'loinc|8310-5': 'temperature',
  'loinc|8331-1': 'temperature',
  'loinc|9279-1': 'breaths',
  'loinc|29463-7': 'weight',
  'loinc|3141-9': 'weight',
  'loinc|39156-5': 'bmi',
};
const wrongMarks = new Set(['entered-in-error', 'refuted', 'withdrawn']);
const past = new Set([
  ...['resolved', 'inactive', 'remission', 'completed', 'stopped', 'cancelled', 'ended'],
]);
const critical = new Set(['HH', 'LL', 'AA']);
const trendPoints = 12;

/** It was so and is no more; what does not say is taken as now: nothing is hidden by a missing word. */
export const isPast = (entry: EntryView): boolean =>
  entry.status !== undefined && past.has(entry.status);

export const isWrong = (entry: EntryView): boolean =>
  entry.marks.some((mark) => wrongMarks.has(mark));

const newestFirst = (a: EntryView, b: EntryView): number => b.dateMs - a.dateMs;

/** High risk first; then those of now before those that were. */
export function allergiesIn(entries: readonly EntryView[]): readonly EntryView[] {
  return entries
    .filter((it) => it.type === 'AllergyIntolerance')
    .toSorted(
      (a, b) =>
        Number(isPast(a)) - Number(isPast(b)) ||
        Number(b.criticality === 'high') - Number(a.criticality === 'high') ||
        a.name.localeCompare(b.name),
    );
}

export function problemsIn(entries: readonly EntryView[]): readonly EntryView[] {
  return entries.filter((it) => it.recordClass === 'diagnosis').toSorted(newestFirst);
}

export function medicinesIn(entries: readonly EntryView[]): readonly EntryView[] {
  return entries
    .filter((it) => it.recordClass === 'medication' && it.type !== 'Medication')
    .toSorted(newestFirst);
}

export function vitalsIn(
  entries: readonly EntryView[],
): Readonly<Partial<Record<VitalName, EntryView>>> {
  const found: Partial<Record<VitalName, EntryView>> = {};
  for (const it of entries) {
    const name = vitalCodes[it.code];
    const isValue = it.value !== '' && !it.marks.includes('absent');
    if (name === undefined || !isValue) continue;
    const before = found[name];
    if (before === undefined || before.dateMs < it.dateMs) found[name] = it;
  }
  return found;
}

/** Critical first, then out of range, then the rest, each by name. */
export function testsIn(entries: readonly EntryView[]): readonly TestView[] {
  const byTest = new Map<string, EntryView[]>();
  for (const it of entries) {
    if (it.recordClass !== 'lab' || it.type === 'DiagnosticReport') continue;
    const test = it.code === '' ? it.name : it.code;
    byTest.set(test, [...(byTest.get(test) ?? []), it]);
  }
  return [...byTest.values()]
    .map(testOf)
    .toSorted(
      (a, b) => gravity(a.last) - gravity(b.last) || a.last.name.localeCompare(b.last.name),
    );
}

function testOf(all: readonly EntryView[]): TestView {
  const values = all.toSorted((a, b) => a.dateMs - b.dateMs);
  const last = values.at(-1) as EntryView;
  const trend = values.slice(-trendPoints).flatMap((it) => {
    const value = Number(it.value);
    const fits = it.value !== '' && Number.isFinite(value) && it.unit === last.unit;
    return fits ? [{ ms: it.dateMs, value }] : [];
  });
  return { last, values, trend };
}

const bare = (flag: string): string => flag.replace(/^range:/u, '');

function gravity({ flag }: EntryView): number {
  const code = bare(flag);
  if (critical.has(code)) return 0;
  return code === '' || code === 'N' || code === 'NEG' || code === 'ND' ? 2 : 1;
}

const asDocument = new Set(['note', 'image', 'other', 'summary', 'lab']);
/** They stand in parts of their own, or are about papers and places. */
const elsewhere = new Set([
  ...['Patient', 'AllergyIntolerance', 'Immunization', 'FamilyMemberHistory', 'Medication'],
  ...[
    'DeviceUseStatement',
    'Device',
    'Organization',
    'Practitioner',
    'PractitionerRole',
    'Location',
  ],
]);

export function documentsIn(entries: readonly EntryView[]): readonly EntryView[] {
  return entries
    .filter((it) => asDocument.has(it.recordClass) && !elsewhere.has(it.type))
    .filter((it) => it.recordClass !== 'lab' || it.type === 'DiagnosticReport')
    .toSorted(newestFirst);
}

export const ofType = (
  entries: readonly EntryView[],
  ...types: readonly string[]
): readonly EntryView[] => entries.filter((it) => types.includes(it.type)).toSorted(newestFirst);
