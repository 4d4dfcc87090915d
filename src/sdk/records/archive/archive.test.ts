import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflatedZip } from '../../../../test/zip.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { openSource } from '../../actions/file-source.ts';
import { HealthDataCounter } from './health-data.ts';
import { readLargeArchive } from './large-archive.ts';

const rate = (value: number, day: string) =>
  `<Record type="HKQuantityTypeIdentifierHeartRate" device="&lt;&lt;HKDevice: 0x28>, name:Watch>" unit="count/min" startDate="${day} 10:00:00 +0100" value="${value}"/>\n`;
const exportOf = (records: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!-- a comment with <Record type="HKQuantityTypeIdentifierHeartRate"/> in it -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout)*)>
<!ATTLIST Record type CDATA #REQUIRED>
]>
<HealthData locale="de_DE"><ExportDate value="2026-11-20"/>${records}</HealthData>`;
const sample = exportOf(
  `${rate(61, '2021-01-02')}${rate(70, '2021-03-04')}${rate(55, '2020-12-31')}
<Correlation type="HKCorrelationTypeIdentifierBloodPressure"><Record type="HKQuantityTypeIdentifierHeartRate" value="1"/></Correlation>
<!-- <Record type="HKQuantityTypeIdentifierStepCount" value="1"/> -->
<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="31.5" durationUnit="min" startDate="2022-02-03 08:00:00 +0100"><MetadataEntry key="a" value="b"/></Workout>`,
);
const expected = [
  {
    kind: 'HeartRate',
    count: 3,
    first: '2020-12-31',
    last: '2021-03-04',
    newest: '70 count/min',
  },
  {
    kind: 'Workout Running',
    count: 1,
    first: '2022-02-03',
    last: '2022-02-03',
    newest: '31.5 min',
  },
];

for (const size of [1, 7, 100, 1_000_000]) {
  test(`measurements are counted by kind, however the text comes: ${size} bytes at once`, () => {
    const counter = new HealthDataCounter();
    const bytes = utf8(sample);
    for (let at = 0; at < bytes.length; at += size) counter.take(bytes.subarray(at, at + size));
    assert.deepEqual(counter.kinds(), expected);
  });
}

test('other XML, and what never ends, counts as nothing', () => {
  for (const text of [
    '<Other><Record type="a"/></Other>',
    `<!--${'<Record type="a"/>'.repeat(20_000)}`,
    `<Record type="${'a'.repeat(100_000)}`,
    '<'.repeat(100_000),
  ]) {
    const counter = new HealthDataCounter();
    for (let at = 0; at < text.length; at += 4096) counter.take(utf8(text.slice(at, at + 4096)));
    assert.deepEqual(counter.kinds(), []);
  }
});

const observation = (id: string) => utf8(JSON.stringify({ resourceType: 'Observation', id }));
const inputOf = (bytes: Uint8Array) => ({
  name: 'export.zip',
  byteLength: bytes.length,
  read: async function* () {
    for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
  },
});
/** More than is unpacked at once, of a few hundred kilobytes. */
const large = utf8(exportOf(rate(61, '2021-01-02').repeat(500_000)));

for (const isStreamed of [false, true]) {
  test(`an export that is too large to be held is counted, and its FHIR is read (sizes ${isStreamed ? 'behind' : 'before'})`, async () => {
    const zip = deflatedZip(
      [
        ['apple_health_export/workout-routes/a.gpx', utf8('<gpx/>')],
        ['apple_health_export/export_cda.xml', utf8('<ClinicalDocument/>')],
        ['apple_health_export/clinical-records/Observation-1.json', observation('1')],
        ['apple_health_export/export.xml', large],
        ['apple_health_export/clinical-records/Observation-2.json', observation('2')],
      ],
      { isStreamed },
    );
    const source = await openSource(inputOf(zip));
    assert.equal(source.bytes, undefined);
    assert.deepEqual(
      source.archive?.members.map((it) => it.name),
      ['Observation-1.json', 'Observation-2.json'],
    );
    assert.deepEqual(source.archive?.unread, []);
    assert.deepEqual(
      source.healthData.map((it) => [it.kind, it.count]),
      [['HeartRate', 500_000]],
    );
  });
}

test('what is damaged or locked inside is told by name, and the rest is read', async () => {
  const files = [
    ['a.json', observation('1')],
    ['export.xml', utf8(sample)],
    ['b.json', observation('2')],
  ] as const;
  const locked = deflatedZip(files, { isLocked: true });
  const archive = await readLargeArchive(inputOf(locked).read, {
    tail: locked,
    byteLength: locked.length,
  });
  assert.deepEqual(
    archive?.unread.map((it) => it.name),
    ['a.json', 'export.xml', 'b.json'],
  );
  const damaged = deflatedZip(files);
  // The first byte of the first file's data: a block of a kind that there is not.
  damaged[30 + 'a.json'.length] = 0xff;
  const rest = await readLargeArchive(inputOf(damaged).read, {
    tail: damaged,
    byteLength: damaged.length,
  });
  assert.deepEqual(rest?.unread, [{ name: 'a.json', reason: 'it is damaged' }]);
  assert.deepEqual(
    rest?.members.map((it) => it.name),
    ['b.json'],
  );
  assert.deepEqual(rest?.healthData, expected);
});

test('FHIR of more than 64 MiB in one archive is told, and is not held', async () => {
  const half = utf8(`{"resourceType":"Basic","id":"${'a'.repeat(40 * 1024 * 1024)}"}`);
  const zip = deflatedZip([
    ['a.json', half],
    ['b.json', half],
  ]);
  const archive = await readLargeArchive(inputOf(zip).read, { tail: zip, byteLength: zip.length });
  assert.deepEqual(
    archive?.members.map((it) => it.name),
    ['a.json'],
  );
  assert.deepEqual(archive?.unread, [
    { name: 'b.json', reason: 'there is more than 64 MiB of FHIR' },
  ]);
});

test('a large ZIP without FHIR and without measurements is one file', async () => {
  const zip = deflatedZip([['a.bin', large]]);
  const source = await openSource(inputOf(zip));
  assert.equal(source.archive, undefined);
  assert.equal(source.members, undefined);
});
