import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { textOfBytes } from '../../../../api/message-parts.ts';
import type { CauseMet } from '../../../../gateway/causes.ts';
import { definePart } from '../../../../gateway/part.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { type ReportLine, reportedMs } from '../../../../sdk/actions/access-report.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { dayOf } from '../../api/chart-records.ts';
import { type IncidentNotice, incidentNotice, incidentWord } from '../../api/incident-notice.ts';
import { dataServerIncidentsPost } from '../../api/routes/data-server-incidents-post.ts';
import { silenceNotice, silenceWord } from '../../api/silence-notice.ts';
import { incidentNotices } from '../../gateway/incident-notices-part.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';
import { tellPeople } from '../../node/incidents/telling.ts';
import { state } from '../../node/statements.ts';
import { registerSensor } from '../../sdk/registering.ts';
import { type Enrolled, pageValues, ReadingTown, sensorKey } from '../settings/reading-town.ts';
import { flipped } from './tampered-file.ts';

/** A wing that listens, as the one that tells people does. */
const met: CauseMet[] = [];
const listening = definePart({
  name: 'listening',
  open: ({ causes }) => causes.onCause((it) => met.push(it)),
});
const hourMs = 3_600_000;

let town: ReadingTown;
let ana: Enrolled;
let firstHour: number;
let ben: Enrolled;
before(async () => {
  town = await ReadingTown.open([{ name: 'ears', parts: [listening], handlers: [] }]);
  // Of a hospital that is not the one whose server it is.
  ana = await town.town.person('Ana', 'harbour', 'patient');
  ben = await town.town.person('Ben', 'harbour', 'patient');
  const sensor = await sensorKey();
  const registered = await ana.person.run(registerSensor, {
    ...{ line: town.line, servers: town.accounts, sensor: { key: sensor.publicKey, panels: [1] } },
  });
  firstHour = 24 * (dayOf(Math.floor(town.town.now() / hourMs)) - 1);
  const page = { sequence: 0, startHour: firstHour, values: pageValues(1, 3, 1) };
  await town.measure({ sensor, pseudonym: registered.said.pseudonym }, [page]);
});
after(() => town.close());
beforeEach(() => {
  met.length = 0;
});

const hospitalOf = (organisation: AccountId) =>
  (['north', 'harbour', 'valley'] as const).find(
    (name) => town.town.gateway(name).options.organisation === organisation,
  );
const hand = async (organisation: AccountId, statement: Uint8Array): Promise<void> => {
  const gateway = new GatewayClient(new Http(town.town.url(hospitalOf(organisation) ?? '')));
  const body = { notice: textOfBytes(statement) };
  await gateway.call(dataServerIncidentsPost, { body } as never);
};

test('a patient of another hospital whose page was changed is told once, by her own hospital, with hours and no content', async () => {
  const { server } = town.server(0);
  flipped(join(town.town.home, 'pages-north.db'), { table: 'sealed', column: 'shares', row: 0 });
  const { bad } = await server.tampering.fullScrub();
  assert.equal(bad.length, 1);
  const of = { name: 'north', hand };
  // Nobody is told before the ledger has the report.
  assert.equal(await tellPeople(server.base, of), 0);
  assert.equal(await server.tampering.tellLedger(), 1);
  const silent = async () => {
    throw new CodedError('GATEWAY_UNREACHABLE');
  };
  assert.equal(await tellPeople(server.base, { ...of, hand: silent }), 0);
  assert.equal(await tellPeople(server.base, of), 1);
  assert.equal(await tellPeople(server.base, of), 0);
  assert.equal(met.length, 1);
  const [cause] = met;
  assert.ok(cause?.kind === 'incident');
  assert.equal(cause.account, ana.person.accounts[0]?.account);
  assert.deepEqual(cause.facts, {
    ...{ server: 'North Hospital', done: 'quarantined', source: '', claimedMac: '' },
    ...{ fromMs: firstHour * hourMs, untilMs: (firstHour + 1) * hourMs },
  });
});

/** Incidents in somebody's report of three years. */
async function reported(of: Enrolled): Promise<readonly ReportLine[]> {
  const untilMs = town.town.now() + hourMs;
  const { report } = await of.person.accessReport({ fromMs: untilMs - reportedMs, untilMs });
  assert.deepEqual(report.missing, []);
  return report.lines.filter(({ kind }) => kind === 'incident');
}

test('her report has the incident: proven to stand on the ledger, with hours as her hospital told them, and the server still out', async () => {
  const { server, account } = town.server(0);
  const [incident] = await server.base.incidents.incidents();
  const [line, ...more] = await reported(ana);
  assert.deepEqual(more, []);
  assert.equal(line?.account, account);
  assert.ok((line?.height ?? 0) > 0);
  const { sinceMs, ...facts } = line?.facts ?? {};
  assert.ok(Number(sinceMs) > 0);
  assert.deepEqual(facts, {
    ...{ told: 1, proven: 1, report: incident?.name, incident: 'tampering' },
    server: 'North Hospital',
    ...{ fromMs: firstHour * hourMs, untilMs: (firstHour + 1) * hourMs, done: 'quarantined' },
    ...{ source: '', claimedMac: '', state: 'out' },
  });
  assert.deepEqual(await reported(ben), [], 'whom it does not concern has none');
});

/** A server says that what is in no batch is not what it was. */
async function putOut(place: 0 | 1 | 2): Promise<void> {
  const { server, account } = town.server(place);
  const report = new Uint8Array(32).fill(7);
  const of = { trio: town.trio, server: account, incident: bytesToHex(report) };
  await server.base.send({ kind: 'Incident', report, incident: 'lost' });
  await server.base.send({ kind: 'ServerQuarantine', ...of, firstBatch: 0, lastBatch: 0 });
}

test('a server that was out and of which she was told nothing is a line of the ledger’s own, and of what her hospital alone says it is said', async () => {
  const { gateway } = town.town;
  const { account } = ana.person.accounts[0] ?? {};
  assert.ok(account);
  const told = gateway('harbour').parts.get(incidentNotices);
  const facts = { server: 'evil.example\u202e', fromMs: 0, untilMs: 7, done: 'reported' } as const;
  const of = { by: gateway('harbour').options.organisation, account, report: 'ab'.repeat(32) };
  const address = { source: 'not one', claimedMac: '52:54:00:12:34:56' };
  told.note({ ...of, began: of.report, facts: { ...facts, ...address } });
  told.note({ ...of, began: of.report, facts: { ...facts, ...address } });
  await putOut(1);
  const lines = await reported(ana);
  const [alone, ...twice] = lines.filter((it) => it.facts.report === of.report);
  assert.deepEqual(twice, []);
  assert.equal(alone?.height, undefined);
  assert.deepEqual(
    [alone?.facts.proven, alone?.facts.server, alone?.facts.source, alone?.facts.claimedMac],
    [0, '', '', ''],
  );
  const [untold] = lines.filter((it) => it.facts.told === 0);
  assert.equal(untold?.account, town.accounts[1]);
  assert.deepEqual([untold?.facts.proven, untold?.facts.state], [1, 'out']);
  assert.equal(lines.length, 3);
  const rebuilt = {
    kind: 'ServerRebuilt',
    trio: town.trio,
    server: town.server(1).account,
  } as const;
  await town.server(1).server.base.send({ ...rebuilt, fromBatch: 1, roots: [] });
  const back = (await reported(ana)).find((it) => it.facts.told === 0);
  assert.equal(back?.facts.state, 'back');
});

const noticeOf = async (change: Partial<IncidentNotice> = {}): Promise<IncidentNotice> => {
  const [incident] = await town.server(0).server.base.incidents.incidents();
  assert.ok(incident);
  return {
    ...{ incident: Uint8Array.from(Buffer.from(incident.name, 'hex')), began: incident.name },
    ...{ server: 'north', fromMs: 1, untilMs: 2, done: 'quarantined', source: '', claimedMac: '' },
    people: [ana.person.accounts[0]?.account as AccountId],
    ...change,
  };
};
const saidBy = async (place: 0 | 1, to: string, change: Partial<IncidentNotice> = {}) => {
  const { base } = town.server(place).server;
  const organisation = town.town.gateway(to).options.organisation;
  const payload = encodeAs(incidentNotice, await noticeOf(change));
  return state(base, { to: organisation, word: incidentWord, payload });
};

test('the same again tells nobody, and neither does what is not this server’s, not of the ledger or not for this hospital', async () => {
  const harbour = town.town.gateway('harbour').options.organisation;
  await hand(harbour, await saidBy(0, 'harbour'));
  const unknown = { incident: new Uint8Array(32) };
  for (const [statement, code] of [
    [await saidBy(1, 'harbour'), 'INCIDENT_UNKNOWN'],
    [await saidBy(0, 'harbour', unknown), 'INCIDENT_UNKNOWN'],
    [await saidBy(0, 'valley'), 'UNAUTHENTICATED'],
    [
      (await saidBy(0, 'harbour')).map((byte, at) => (at === 90 ? byte ^ 1 : byte)),
      'UNAUTHENTICATED',
    ],
  ] as const)
    await assert.rejects(hand(harbour, statement), (error) => {
      assert.ok(
        error instanceof CodedError && [code, 'CBOR_SHAPE'].includes(error.code),
        String(error),
      );
      return true;
    });
  // Somebody of nobody here.
  const stranger = town.accounts[0] as AccountId;
  await hand(harbour, await saidBy(0, 'harbour', { people: [stranger] }));
  assert.deepEqual(met, []);
});

test('who hands over what another server did not sign is written down with his address', async () => {
  const { findings } = town.town.gateway('harbour');
  const { base } = town.server(0).server;
  const { base: other } = town.server(1).server;
  const organisation = town.town.gateway('harbour').options.organisation;
  const payload = encodeAs(incidentNotice, await noticeOf());
  const of = { account: base.account, sign: other.sign, now: base.now };
  const forged = await state(of, { to: organisation, word: incidentWord, payload });
  const refused = { code: 'UNAUTHENTICATED' };
  for (let n = 0; n < 3; n++) await assert.rejects(hand(organisation, forged), refused);
  // What it said itself, at a time when its clock was wrong, is not.
  const early = await state(
    { ...base, now: () => base.now() + 24 * hourMs },
    { to: organisation, word: incidentWord, payload },
  );
  for (let n = 0; n < 5; n++) await assert.rejects(hand(organisation, early), refused);
  // Nor is what a server of another ledger says to the hospital whose address this one has now.
  const elsewhere = await state(
    { ...base, account: organisation, sign: other.sign },
    { to: base.account, word: incidentWord, payload },
  );
  for (let n = 0; n < 5; n++) await assert.rejects(hand(organisation, elsewhere), refused);
  const [met, ...more] = findings.attempts.take(3);
  assert.deepEqual([met?.route, met?.code], ['POST /v1/data-servers/incidents', 'UNAUTHENTICATED']);
  // The test before this one tried once.
  assert.ok((met?.times ?? 0) >= 3 && (met?.times ?? 0) <= 4, String(met?.times));
  assert.deepEqual(more, []);
});

const silenceSaidBy = (place: 0 | 1 | 2, of: { readonly id: number; readonly trio?: string }) => {
  const organisation = town.town.gateway('harbour').options.organisation;
  const { account } = ana.person.accounts[0] ?? assert.fail();
  const silences = [{ account, id: new Uint8Array(16).fill(of.id) }];
  const payload = encodeAs(silenceNotice, { trio: of.trio ?? trioId(town.accounts), silences });
  return state(town.server(place).server.base, { to: organisation, word: silenceWord, payload });
};

test('that a sensor fell silent is told once, when two of its three servers say the same', async () => {
  const harbour = town.town.gateway('harbour').options.organisation;
  const hand35 = async (place: 0 | 1 | 2, id: number) =>
    hand(harbour, await silenceSaidBy(place, { id }));
  // Whatever one server says as often as it likes.
  for (let id = 0; id < 40; id++) await hand35(0, id);
  await hand35(0, 39);
  assert.deepEqual(met, []);
  await hand35(1, 39);
  const account = ana.person.accounts[0]?.account;
  const subject = `${trioId(town.accounts)} ${'27'.repeat(16)}`;
  assert.deepEqual(met, [{ kind: 'silent-device', account, subject }]);
  await hand35(2, 39);
  await hand35(1, 39);
  assert.equal(met.length, 1);
  // What it said first has made room: there is an end to what one server leaves here.
  await hand35(1, 0);
  assert.equal(met.length, 1);
  // Of three that it is not one of it says nothing, and neither does anybody with another word.
  const refused = { code: 'UNAUTHENTICATED' };
  const elsewhere = await silenceSaidBy(0, { id: 1, trio: '00'.repeat(32) });
  await assert.rejects(hand(harbour, elsewhere), refused);
  const { base } = town.server(0).server;
  const payload = new Uint8Array(0);
  const word = await state(base, { to: harbour, word: 'something', payload });
  await assert.rejects(hand(harbour, word), refused);
});
