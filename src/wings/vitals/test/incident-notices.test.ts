import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { textOfBytes } from '../../../api/message-parts.ts';
import type { CauseMet } from '../../../gateway/causes.ts';
import { definePart } from '../../../gateway/part.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { dayOf } from '../api/chart-records.ts';
import { type IncidentNotice, incidentNotice, incidentWord } from '../api/incident-notice.ts';
import { dataServerIncidentsPost } from '../api/routes/data-server-incidents-post.ts';
import { state } from '../node/statements.ts';
import { tellPeople } from '../node/telling.ts';
import { registerSensor } from '../sdk/registering.ts';
import { type Enrolled, pageValues, ReadingTown, sensorKey } from './reading-town.ts';
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
before(async () => {
  town = await ReadingTown.open([{ name: 'ears', parts: [listening], handlers: [] }]);
  // Of a hospital that is not the one whose server it is.
  ana = await town.town.person('Ana', 'harbour', 'patient');
  await town.town.person('Ben', 'harbour', 'patient');
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
    ...{ server: 'north', done: 'quarantined', source: '', claimedMac: '' },
    ...{ fromMs: firstHour * hourMs, untilMs: (firstHour + 1) * hourMs },
  });
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
  await hand(harbour, await saidBy(0, 'harbour', { began: '00'.repeat(32), people: [stranger] }));
  assert.deepEqual(met, []);
});
