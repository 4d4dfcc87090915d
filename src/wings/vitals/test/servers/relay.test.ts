import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { dayOf } from '../../api/chart-records.ts';
import {
  dataServerRelayPost,
  type RelayedWord,
  relayedAtOnce,
  relayedPerMinute,
} from '../../api/routes/data-server-relay-post.ts';
import { pagesPost } from '../../api/routes/pages-post.ts';
import { peerPost } from '../../api/routes/peer-post.ts';
import { readingsPost } from '../../api/routes/readings-post.ts';
import { registrationsPost } from '../../api/routes/registrations-post.ts';
import { readOwnVitals, readVitals } from '../../sdk/index.ts';
import { changeStudies, registerSensor } from '../../sdk/registering.ts';
import {
  datasetOf,
  type Enrolled,
  pageValues,
  ReadingTown,
  sensorKey,
} from '../settings/reading-town.ts';

/** A page in a browser reaches gateways alone: its hospital's passes on what is signed for a data server (VS-3a). */

const hourMs = 3_600_000;
const inPage = { onlyGateways: true } as const;
let town: ReadingTown;
let ana: Enrolled;
let osei: Enrolled;
let firstHour = 0;
before(async () => {
  town = await ReadingTown.open();
  await town.tellAddresses();
  ana = await town.town.person('Ana', 'north', 'patient', inPage);
  osei = await town.town.person('Osei', 'harbour', 'clinician', inPage);
  await ana.person.addCard(osei.person.card());
  const sensor = await sensorKey();
  const registered = await ana.person.run(registerSensor, {
    ...{ servers: town.accounts, sensor: { key: sensor.publicKey, panels: [1] } },
  });
  assert.deepEqual(registered.missing, []);
  await ana.person.run(changeStudies, { join: [datasetOf] });
  firstHour = 24 * (dayOf(Math.floor(town.town.now() / hourMs)) - 1);
  const { pseudonym } = registered.said;
  const page = { sequence: 0, startHour: firstHour, values: pageValues(1, 3, 1) };
  await town.measure({ sensor, pseudonym }, [page]);
});
after(() => town.close());

const asked = () => ({ panel: 1, firstHour, lastHour: firstHour + 23 });
const states = ({ servers }: { readonly servers: readonly { readonly state: string }[] }) =>
  servers.map(({ state }) => state);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof CodedError ? error.code : String(error)),
  );

test('a patient registers and reads her own by her gateway alone, of servers of three hospitals', async () => {
  const read = await ana.person.run(readOwnVitals, asked());
  assert.deepEqual(states(read), ['answered', 'answered', 'answered']);
  assert.deepEqual(
    read.pages.map(({ startHour, from }) => ({ startHour, from })),
    [{ startHour: firstHour, from: 'servers' }],
  );
});

test('a doctor of another hospital reads by his gateway; one look', async () => {
  const { consent } = await ana.person.grant({
    grantee: osei.person.accounts[0]?.account as AccountId,
    ...{ readClasses: ['iot'], purposes: ['TREAT'], notAfterMs: town.town.now() + hourMs },
  } as never);
  await osei.person.sync();
  const read = await osei.person.run(readVitals, { consent, ...asked() });
  assert.deepEqual(states(read), ['answered', 'answered', 'answered']);
  assert.equal(read.pages.length, 1);
});

test('what a server refuses is refused as it says it', async () => {
  const eve = await town.town.person('Eve', 'north', 'patient', inPage);
  assert.equal(await codeOf(eve.person.run(readOwnVitals, asked())), 'PATIENT_UNKNOWN');
  const server = town.accounts[0] as AccountId;
  assert.equal(await codeOf(passed(eve, server, new Uint8Array([1]))), 'CBOR_SHAPE');
});

test('nothing is passed to somebody who is no data server', async () => {
  const account = osei.person.accounts[0]?.account as AccountId;
  assert.equal(await codeOf(passed(ana, account, new Uint8Array([1]))), 'SERVER_UNKNOWN');
});

test('a stranger has nothing passed on', async () => {
  const http = await ana.person.run(
    { name: 'test/http', run: async (ctx) => ctx.gateway.http },
    undefined,
  );
  const { path, method, stream } = dataServerRelayPost;
  const url = `${http.baseUrl}${path.replace(':server', town.accounts[0] ?? '').replace(':word', 'readings')}`;
  const response = await fetch(url, { method, headers: { 'content-type': stream }, body: 'x' });
  assert.equal(response.status, 401);
});

test('what a server says otherwise than it should is its silence, and no page at this address', async () => {
  const { reading } = town.server(1).server;
  const honest = reading.answer.bind(reading);
  reading.answer = async () => {
    throw new Error('<script>');
  };
  const read = ana.person.run(readOwnVitals, asked());
  const code = await codeOf(read.finally(() => Object.assign(reading, { answer: honest })));
  assert.equal(code, 'VITALS_NOT_HERE');
});

test('one person’s flood takes nothing from another, and none of his other words from himself', async () => {
  const ben = await town.town.person('Ben', 'north', 'patient', inPage);
  const server = town.accounts[0] as AccountId;
  const rubbish = new Uint8Array([1]);
  for (let n = 0; n < relayedPerMinute; n++)
    assert.equal(await codeOf(passed(ben, server, rubbish)), 'CBOR_SHAPE');
  assert.equal(await codeOf(passed(ben, server, rubbish)), 'RATE_LIMITED');
  assert.equal(await codeOf(passed(ben, town.accounts[1] as AccountId, rubbish)), 'CBOR_SHAPE');
  assert.equal(await codeOf(passed(ben, server, rubbish, 'registrations')), 'CBOR_SHAPE');
  const read = await ana.person.run(readOwnVitals, asked());
  assert.deepEqual(states(read), ['answered', 'answered', 'answered']);
});

test('who asks a server that takes its time has so many answers on their way, and leaves room for others', async () => {
  const { reading } = town.server(0).server;
  const honest = reading.answer.bind(reading);
  let go = () => {};
  const slow = new Promise<void>((resolve) => {
    go = resolve;
  });
  reading.answer = async (signed) => slow.then(() => honest(signed));
  const eve = await town.town.person('Eve too', 'north', 'patient', inPage);
  const server = town.accounts[0] as AccountId;
  const said = Array.from({ length: relayedAtOnce.each + 5 }, () =>
    codeOf(passed(eve, server, new Uint8Array([1]))),
  );
  assert.equal(await Promise.race(said), 'STORE_BUSY');
  const hers = passed(ana, town.accounts[1] as AccountId, new Uint8Array([1]));
  assert.equal(await codeOf(hers), 'CBOR_SHAPE');
  go();
  const codes = await Promise.all(said);
  Object.assign(reading, { answer: honest });
  const answered = codes.filter((it) => it === 'CBOR_SHAPE').length;
  assert.ok(answered <= relayedAtOnce.each && answered > relayedAtOnce.each / 2, `${answered}`);
});

test('a network’s flood of one route leaves the others, and servers among themselves', async () => {
  const { url } = town.server(2);
  const post = async (path: string) => {
    const headers = { 'content-type': 'application/cbor' };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: 'x' });
    return ((await response.json()) as { readonly code: string }).code;
  };
  const said = new Set<string>();
  for (let n = 0; n < 1_210; n++) said.add(await post(pagesPost.path));
  assert.ok(said.has('RATE_LIMITED'), [...said].join());
  for (const { path } of [registrationsPost, readingsPost, peerPost])
    assert.notEqual(await post(path), 'RATE_LIMITED');
});

const passed = (
  { person }: Enrolled,
  server: AccountId,
  stream: Uint8Array,
  word: RelayedWord = 'readings',
) =>
  person.run(
    {
      name: 'test/pass',
      run: (ctx) => ctx.gateway.call(dataServerRelayPost, { params: { server, word }, stream }),
    },
    undefined,
  );
