import { utf8 } from '../primitives/bytes.ts';

/**
 * Laboratory results and vital signs of the last year, made up for the demonstration: what Synthea wrote of these people
 * ends years ago, has no reference ranges and judges nothing. FHIR R4, dated back from the day the demo is founded, so
 * that a week of vital signs is last week's.
 */

/** A test as a laboratory reports it: LOINC, UCUM, the laboratory's own range. */
interface Test {
  readonly code: string;
  readonly name: string;
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
  readonly values: readonly (readonly [daysAgo: number, value: number])[];
}

const bloodCount: readonly Test[] = [
  {
    code: '718-7',
    name: 'Hemoglobin [Mass/volume] in Blood',
    ...{ unit: 'g/dL', low: 12, high: 15.5 },
    values: [
      [362, 13.4],
      [271, 13.1],
      [184, 12.8],
      [96, 12.5],
      [41, 12.2],
      [6, 12.3],
    ],
  },
  {
    code: '787-2',
    name: 'MCV [Entitic volume] by Automated count',
    ...{ unit: 'fL', low: 80, high: 98 },
    values: [
      [96, 83.4],
      [6, 81.2],
    ],
  },
  {
    code: '6690-2',
    name: 'Leukocytes [#/volume] in Blood by Automated count',
    ...{ unit: '10*3/uL', low: 4, high: 10.5 },
    values: [[6, 6.4]],
  },
  {
    code: '777-3',
    name: 'Platelets [#/volume] in Blood by Automated count',
    ...{ unit: '10*3/uL', low: 150, high: 400 },
    values: [[6, 318]],
  },
];

const ironAndMore: readonly Test[] = [
  {
    code: '2276-4',
    name: 'Ferritin',
    ...{ unit: 'ng/mL', low: 15, high: 150 },
    values: [
      [362, 38],
      [271, 31],
      [184, 24],
      [141, 19],
      [96, 14],
      [41, 9],
      [6, 11],
    ],
  },
  {
    code: '2502-3',
    name: 'Transferrin saturation',
    ...{ unit: '%', low: 16, high: 45 },
    values: [
      [96, 15],
      [41, 11],
      [6, 12],
    ],
  },
  {
    code: '62292-8',
    name: '25-hydroxyvitamin D',
    ...{ unit: 'ng/mL', low: 20, high: 50 },
    values: [
      [184, 16],
      [6, 24],
    ],
  },
  {
    code: '3016-3',
    name: 'Thyrotropin (TSH)',
    ...{ unit: 'm[IU]/L', low: 0.4, high: 4 },
    values: [
      [96, 3.62],
      [6, 4.71],
    ],
  },
  {
    code: '1988-5',
    name: 'C-reactive protein',
    ...{ unit: 'mg/L', high: 5 },
    values: [[6, 1.2]],
  },
  {
    code: '17861-6',
    name: 'Calcium',
    ...{ unit: 'mg/dL', low: 8.6, high: 10.2 },
    values: [[6, 9.3]],
  },
  {
    code: '2160-0',
    name: 'Creatinine',
    ...{ unit: 'mg/dL', low: 0.5, high: 1 },
    values: [[6, 0.78]],
  },
];

/** One a day; the blood pressure as systolic and diastolic. */
const week: readonly { readonly pulse: number; readonly pressure: readonly [number, number] }[] = [
  { pulse: 84, pressure: [118, 76] },
  { pulse: 88, pressure: [121, 79] },
  { pulse: 82, pressure: [116, 74] },
  { pulse: 91, pressure: [124, 80] },
  { pulse: 86, pressure: [119, 77] },
  { pulse: 79, pressure: [115, 73] },
  { pulse: 77, pressure: [117, 75] },
];

const vitalsOfVisit: readonly Test[] = [
  { code: '8310-5', name: 'Body temperature', unit: 'Cel', values: [[2, 36.7]] },
  { code: '59408-5', name: 'Oxygen saturation', unit: '%', values: [[2, 98]] },
  { code: '9279-1', name: 'Respiratory rate', unit: '/min', values: [[2, 15]] },
];

/** A FHIR Bundle of what a laboratory and a ward of this last year found. */
export const recentResults = (nowMs: number): Uint8Array =>
  bundle([
    ...[...bloodCount, ...ironAndMore].flatMap((it) => resultsOf(it, 'laboratory', nowMs)),
    ...vitalsOfVisit.flatMap((it) => resultsOf(it, 'vital-signs', nowMs)),
    ...week.flatMap(({ pulse, pressure: [systolic, diastolic] }, at) => {
      // Before yesterday: what is typed in today is newer in every zone.
      const daysAgo = week.length + 1 - at;
      const about = { category: 'vital-signs', at: morning(daysAgo, nowMs) };
      return [
        observation({ ...about, code: '8867-4', name: 'Heart rate' }, quantity(pulse, '/min')),
        observation(
          { ...about, code: '85354-9', name: 'Blood pressure' },
          {
            component: [
              part('8480-6', 'Systolic blood pressure', systolic),
              part('8462-4', 'Diastolic blood pressure', diastolic),
            ],
          },
        ),
      ];
    }),
  ]);

/** A result that its source marked restricted: no share of laboratory results opens it. */
export const restrictedResult = (nowMs: number): Uint8Array =>
  bundle([
    {
      ...observation(
        {
          category: 'laboratory',
          code: '56888-1',
          name: 'HIV 1 and 2 antibody',
          at: morning(75, nowMs),
        },
        { valueCodeableConcept: { text: 'Not detected' } },
      ),
      meta: { security: [{ system: terminology('v3-Confidentiality'), code: 'R' }] },
    },
  ]);

const terminology = (name: string): string => `http://terminology.hl7.org/CodeSystem/${name}`;

const bundle = (resources: readonly object[]): Uint8Array =>
  utf8(
    JSON.stringify({
      resourceType: 'Bundle',
      type: 'collection',
      entry: resources.map((resource) => ({ resource })),
    }),
  );

const resultsOf = (test: Test, category: string, nowMs: number): readonly object[] =>
  test.values.map(([daysAgo, value]) =>
    observation(
      { ...test, category, at: morning(daysAgo, nowMs) },
      { ...quantity(value, test.unit), ...judged(test, value) },
    ),
  );

interface About {
  readonly category: string;
  readonly code: string;
  readonly name: string;
  readonly at: string;
}

const observation = ({ category, code, name, at }: About, found: object): object => ({
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system: terminology('observation-category'), code: category }] }],
  code: named(code, name),
  subject: { display: 'Eboni Brekke' },
  effectiveDateTime: at,
  ...found,
});

const named = (code: string, name: string): object => ({
  coding: [{ system: 'http://loinc.org', code, display: name }],
  text: name,
});

const amount = (value: number, unit: string): object => ({
  value: value,
  unit,
  system: 'http://unitsofmeasure.org',
  code: unit,
});
const quantity = (value: number, unit: string): object => ({ valueQuantity: amount(value, unit) });
const part = (code: string, name: string, value: number): object => ({
  code: named(code, name),
  ...quantity(value, 'mm[Hg]'),
});

/** The range, and what the laboratory itself says of the value; of what is normal it says nothing. */
function judged({ low, high, unit }: Test, value: number): object {
  if (low === undefined && high === undefined) return {};
  const range = {
    ...(low !== undefined && { low: amount(low, unit) }),
    ...(high !== undefined && { high: amount(high, unit) }),
  };
  const isLow = low !== undefined && value < low;
  const isHigh = high !== undefined && value > high;
  const code = isLow ? 'L' : isHigh ? 'H' : undefined;
  const system = terminology('v3-ObservationInterpretation');
  return {
    referenceRange: [range],
    ...(code !== undefined && { interpretation: [{ coding: [{ system, code }] }] }),
  };
}

/** Twenty past eight of that day, where the demo runs. */
function morning(daysAgo: number, nowMs: number): string {
  const at = new Date(nowMs);
  at.setDate(at.getDate() - daysAgo);
  at.setHours(8, 20, 0, 0);
  return at.toISOString();
}
