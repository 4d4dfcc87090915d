import { type Format, hex, pattern } from '../../../../../test/vectors/formats/write.ts';
import { accountOf } from '../../../../../test/world.ts';
import { encodeSigned } from '../../../../api/signed.ts';
import { signingKeyFromSeed, signLabelled } from '../../../../crypto/signature.ts';
import { compareBytes, concatBytes } from '../../../../primitives/bytes.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { dayRecordId, encodeChartRecord, serversRecordId } from '../../api/chart-records.ts';
import { noSalt, pseudonymOf, registration, signedRegistration } from '../../api/registration.ts';
import { encodeSensorRead, encodeSensorReading } from '../../api/sensor-read.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { vitalsNames } from '../../names.ts';
import {
  countingPages,
  digestOfDays,
  digestOfPages,
  pageSetOf,
  selectionOf,
} from '../../node/stores/page-selection.ts';

const { labels } = vitalsNames;
const patient = accountOf('ana');
const servers = ['north', 'harbour', 'valley'].map((name) => accountOf(`server ${name}`));
const patientSeed = pattern(32, 40);
const sensorSeed = pattern(32, 41);

async function oneOfEach(): Promise<readonly object[]> {
  const [ana, sensor] = [
    await signingKeyFromSeed(patientSeed),
    await signingKeyFromSeed(sensorSeed),
  ];
  const pseudonymSalt = pattern(32, 1);
  const pseudonym = pseudonymOf(patient, pseudonymSalt);
  const said = {
    ...{ account: patient, pseudonym, counter: 1_800_000_000_000, sex: 1, ageBand: 4 },
    ...{ region: 7, arm: 2, fromHour: 499_000, untilHour: 2 ** 32 - 1 },
    sensors: [{ key: sensor.publicKey, panels: [1, 3] }],
    datasets: [hex(pattern(16, 2)), hex(pattern(16, 3))],
    pseudonymSalt,
  };
  const signedAs = async (of: typeof said) => {
    const bytes = encodeAs(registration, of);
    const signature = await signLabelled(ana, labels.registration, bytes);
    return encodeAs(signedRegistration, { registration: bytes, signature });
  };
  const registered = await signedAs(said);
  const before = { ...said, pseudonym: pattern(16, 1), pseudonymSalt: noSalt };
  const day = { day: 20_833, panel: 3, number: 2 };
  const pages = [0, 1].map((at) => ({
    ...{ sequence: 7 + at, startHour: day.day * 24 + at, n: 2 },
    clinical: pattern(4, 60 + at),
  }));
  const replica = encodeChartRecord({
    kind: 'day',
    ...{ registration: registered, sensor: hex(sensor.publicKey), panel: 3, day: day.day, pages },
  });
  const read = {
    ...{ chainId: 'salus-test-1', trio: hex(pattern(32, 4)), pseudonym, look: pattern(5, 5) },
    ...{ panel: 3, firstHour: 500_000, lastHour: 500_023 },
  };
  const request = encodeAs(statement, {
    ...{ from: patient, to: idBytes(servers[1] ?? patient), word: 'read' },
    ...{ timeMs: 1_800_000_000_000, payload: encodeSensorRead(read) },
  });
  const reading = {
    ...{ request: pattern(32, 6), place: 2, registration: registered },
    newestBatch: 5,
    pages: [
      {
        ...{ manifest: pattern(9, 7), signature: pattern(64, 8), roll: pattern(160, 9) },
        ...{ histogram: pattern(1_280, 10), clinical: pattern(4, 11), salt: pattern(32, 12) },
        ...{ batch: 3, index: 1, path: [pattern(32, 13), pattern(32, 14)] },
      },
    ],
  };
  return [
    ...[
      { of: said, signed: registered },
      { of: before, signed: await signedAs(before) },
    ].map(({ of, signed }) => ({
      ...{ kind: 'registration', ...hexed(of), seed: hex(patientSeed) },
      ...{ sensors: [[hex(sensor.publicKey), [1, 3]]], signed: hex(signed) },
    })),
    {
      ...{ kind: 'servers', patient, servers, pseudonym: hex(pseudonym) },
      ...{ recordId: serversRecordId(patient) },
      bytes: hex(encodeChartRecord({ kind: 'servers', servers, pseudonym })),
    },
    {
      ...{
        kind: 'day',
        patient,
        ...day,
        recordId: dayRecordId(patient, day),
        seed: hex(sensorSeed),
      },
      ...{ registration: hex(registered), pages: pages.map(hexed) },
      signed: hex(
        encodeSigned({
          bytes: replica,
          signature: await signLabelled(sensor, labels.replica, replica),
        }),
      ),
    },
    {
      ...{ kind: 'read', from: patient, to: servers[1], timeMs: 1_800_000_000_000, ...hexed(read) },
      seed: hex(patientSeed),
      signed: hex(
        encodeAs(signedStatement, {
          statement: request,
          signature: await signLabelled(ana, labels.statement, request),
        }),
      ),
    },
    {
      ...{ kind: 'reading', request: hex(reading.request), place: 2 },
      ...{ registration: hex(registered), newestBatch: 5, pages: reading.pages.map(hexed) },
      bytes: hex(encodeSensorReading(reading)),
    },
  ];
}

const hexed = (of: object): object =>
  Object.fromEntries(
    Object.entries(of).map(([name, value]) => [
      name,
      value instanceof Uint8Array
        ? hex(value)
        : Array.isArray(value) && value[0] instanceof Uint8Array
          ? value.map((it: Uint8Array) => hex(it))
          : value,
    ]),
  );

export const vitalsReading: Format = {
  about:
    'vitals-servers.md VS-5 and VS-6, vitals-reading.md VR-5, VR-11, VR-13, VR-20: a registration, one of before with a pseudonym that was made for nobody, a servers\u2019 record, a replica, a request to read and an answer; signatures by the Ed25519 key of `seed`',
  cases: oneOfEach,
};

/** Patients with pages of one or two days; of who has more than the cap some count. */
function selection(patients: number, pagesPerPatient: number): object {
  const query = pattern(32, 90);
  const people = Array.from({ length: patients }, (_, who) => {
    const days = Array.from({ length: 1 + (who % 2) }, (_day, day) =>
      Array.from({ length: 1 + ((who + day) % 3) }, (_page, at) =>
        pattern(16, 3 * who + 50 * day + 7 * at),
      ).sort(compareBytes),
    );
    return { patient: pattern(16, 100 + who), days };
  }).sort((a, b) => compareBytes(a.patient, b.patient));
  const before = people.map(({ patient: name, days }) => ({
    patient: name,
    digest: digestOfDays(concatBytes(...days.map(digestOfPages))),
  }));
  const counting = people.map(({ days }, at) => {
    const all = days.flat().map((page) => ({ page }));
    const own = before[at] ?? { patient: query, digest: query };
    if (all.length <= pagesPerPatient) return { ...own, pages: all };
    const pages = countingPages(all, { query, pagesPerPatient });
    return { ...own, pages, digest: digestOfPages(pages.map(({ page }) => page)) };
  });
  return {
    ...{ query: hex(query), pagesPerPatient },
    patients: people.map(({ patient: name, days }, at) => ({
      ...{ patient: hex(name), days: days.map((pages) => pages.map(hex)) },
      ...{ digest: hex(before[at]?.digest ?? query) },
      counting: (counting[at]?.pages ?? []).map(({ page }) => hex(page)).sort(),
    })),
    ...{ pageSet: hex(pageSetOf(before)), selection: hex(selectionOf(query, pageSetOf(counting))) },
  };
}

export const statisticsSelections: Format = {
  about:
    'vitals-statistics.md VQ-7, VQ-8, VQ-34: page ids a patient and day, the digest of each patient, which pages count, and the selection',
  cases: async () => [selection(3, 8), selection(6, 2), selection(1, 1)],
};
