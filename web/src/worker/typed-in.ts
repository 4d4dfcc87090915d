/** What a person types in: one of a few forms, and its words. */
export type TypedIn =
  | {
      readonly kind: 'value';
      /** A key of `measurements`, or the person's own word. */
      readonly what: string;
      /** A number, `120/80` of a blood pressure, or words. */
      readonly value: string;
      readonly unit: string;
      readonly day: string;
    }
  | {
      readonly kind: 'allergy' | 'problem';
      readonly what: string;
      readonly note: string;
      readonly day: string;
    }
  | {
      readonly kind: 'medicine';
      readonly what: string;
      readonly note: string;
      readonly day: string;
    }
  | { readonly kind: 'note'; readonly what: string; readonly note: string; readonly day: string };

/** Of LOINC and UCUM, so that what is typed stands in one line with what a hospital measured. */
const measurements: Readonly<
  Record<string, { readonly code: string; readonly name: string; readonly ucum: string }>
> = {
  weight: { code: '29463-7', name: 'Body weight', ucum: 'kg' },
  height: { code: '8302-2', name: 'Body height', ucum: 'cm' },
  pressure: { code: '85354-9', name: 'Blood pressure', ucum: 'mm[Hg]' },
  pulse: { code: '8867-4', name: 'Heart rate', ucum: '/min' },
  temperature: { code: '8310-5', name: 'Body temperature', ucum: 'Cel' },
  oxygen: { code: '59408-5', name: 'Oxygen saturation', ucum: '%' },
};
const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';

/** The file that it is kept as: FHIR R4, or text for a note. */
export function fileOfTyped(typed: TypedIn): { readonly name: string; readonly text: string } {
  if (typed.kind === 'note') {
    const name = `${typed.what.trim() === '' ? 'Note' : typed.what.trim().slice(0, 80)}.txt`;
    return { name: name.replace(/[\\/]/gu, '-'), text: typed.note };
  }
  const resource = { ...resourceOf(typed), id: crypto.randomUUID() };
  const name = `${typed.what.slice(0, 80)}.json`.replace(/[\\/]/gu, '-');
  return { name, text: JSON.stringify(resource) };
}

function resourceOf(typed: Exclude<TypedIn, { kind: 'note' }>): Record<string, unknown> {
  if (typed.kind === 'value') return observationOf(typed);
  const code = { text: typed.what.trim() };
  const note = typed.note.trim() === '' ? {} : { note: [{ text: typed.note.trim() }] };
  const date = typed.day === '' ? {} : { date: typed.day };
  if (typed.kind === 'medicine') {
    return {
      resourceType: 'MedicationStatement',
      status: 'active',
      medicationCodeableConcept: code,
      ...(typed.note.trim() === '' ? {} : { dosage: [{ text: typed.note.trim() }] }),
      ...(date.date === undefined ? {} : { effectiveDateTime: date.date }),
    };
  }
  if (typed.kind === 'allergy') {
    return {
      resourceType: 'AllergyIntolerance',
      clinicalStatus: status('allergyintolerance-clinical', 'active'),
      verificationStatus: status('allergyintolerance-verification', 'unconfirmed'),
      code,
      ...(typed.note.trim() === ''
        ? {}
        : { reaction: [{ manifestation: [{ text: typed.note.trim() }] }] }),
      ...(date.date === undefined ? {} : { onsetDateTime: date.date }),
    };
  }
  return {
    resourceType: 'Condition',
    clinicalStatus: status('condition-clinical', 'active'),
    verificationStatus: status('condition-ver-status', 'unconfirmed'),
    code,
    ...note,
    ...(date.date === undefined ? {} : { onsetDateTime: date.date }),
  };
}

const status = (system: string, code: string) => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
});

function observationOf({
  what,
  value,
  unit,
  day,
}: Extract<TypedIn, { kind: 'value' }>): Record<string, unknown> {
  const known = Object.hasOwn(measurements, what) ? measurements[what] : undefined;
  const code =
    known === undefined
      ? { text: what.trim() }
      : { coding: [{ system: loinc, code: known.code, display: known.name }], text: known.name };
  const quantity = (text: string) => ({
    value: numberOf(text),
    ...(known === undefined
      ? unit.trim() === ''
        ? {}
        : { unit: unit.trim() }
      : { unit: unitShown(known.ucum), system: ucum, code: known.ucum }),
  });
  const parts = value.split('/').map((it) => it.trim());
  const isPressure = what === 'pressure' && parts.length === 2 && parts.every(isNumeric);
  const said = isPressure
    ? {
        component: ['8480-6', '8462-4'].map((part, i) => ({
          code: {
            coding: [{ system: loinc, code: part }],
            text: i === 0 ? 'Systolic blood pressure' : 'Diastolic blood pressure',
          },
          valueQuantity: quantity(parts[i] ?? ''),
        })),
      }
    : isNumeric(value)
      ? { valueQuantity: quantity(value) }
      : { valueString: value.trim() };
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code,
    ...(day === '' ? {} : { effectiveDateTime: day }),
    ...said,
  };
}

const unitShown = (code: string): string =>
  code === 'mm[Hg]' ? 'mmHg' : code === 'Cel' ? '°C' : code;

/** A comma is a point where people write one. */
const isNumeric = (text: string): boolean => /^-?\d{1,9}([.,]\d{1,6})?$/u.test(text.trim());
const numberOf = (text: string): number => Number(text.trim().replace(',', '.'));
