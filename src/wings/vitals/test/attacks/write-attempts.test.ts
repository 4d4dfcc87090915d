import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { SigningKey } from '../../../../crypto/signature.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../../primitives/shape.ts';
import { trustedProxies } from '../../../../server/trusted-proxies.ts';
import { type IncidentNotice, incidentNotice } from '../../api/incident-notice.ts';
import { type IncidentReport, readReport } from '../../api/incident-report.ts';
import { carryingStatement, signedStatement, statement } from '../../api/statement.ts';
import { pageUpload } from '../../api/upload.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { incidentRowId, statIncidents } from '../../ledger/tables/stat-incidents.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import { DataServer } from '../../node/data-server.ts';
import type { DataServerBase } from '../../node/data-server-base.ts';
import { forgeryIn } from '../../node/forged.ts';
import { openReport } from '../../node/incidents/incident-signing.ts';
import { tellPeople } from '../../node/incidents/telling.ts';
import { askPeer, askPeerCarrying, state } from '../../node/statements.ts';
import { ForgetfulServers } from '../../sdk/sensor/forgetful-servers.ts';
import { signPages, uploadsOf } from '../../sdk/sensor/page-upload.ts';
import { Uplink } from '../../sdk/sensor/uplink.ts';
import { createDataServerHttp } from '../../server/data-server-http.ts';
import { localCaller } from '../../server/local-caller.ts';
import { SqliteSensorQueue } from '../../server/sqlite-sensor-queue.ts';
import { valuesOf } from '../settings/pages.ts';
import { actor, type Place, ThreeServers } from '../settings/three-servers.ts';
import { flipped } from '../tampering/tampered-file.ts';

/** Who writes in another's name at a data server's door. Source: docs/protocol/vitals-tampering.md, rule VT-18. */

const kernel = await openKernel();
const hourMs = 3_600_000;
const none = new Uint8Array(0);
/** Until a signature by no known key is held against the ledger anew. */
const unseenMs = 300_000;

interface Door {
  readonly three: ThreeServers;
  readonly server: DataServer;
  readonly app: FastifyInstance;
  readonly folder: string;
  post(path: string, payload: Uint8Array, from?: string, headers?: object): Promise<number>;
  reports(): Promise<readonly IncidentReport[]>;
}

async function opened(
  t: TestContext,
  change: Partial<DataServerBase> = {},
  proxies: readonly string[] = [],
): Promise<Door> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-attempts-'));
  const three = await ThreeServers.open(folder, kernel);
  await three.registerEverywhere();
  const server = new DataServer({ ...three.server(0).base, ...change });
  const isProxy = trustedProxies(proxies);
  const app = await createDataServerHttp(server, { isProxy });
  t.after(async () => {
    await app.close();
    await three.close();
  });
  return {
    ...{ three, server, app, folder },
    async post(path, payload, from = '203.0.113.7', headers = {}) {
      const { statusCode } = await app.inject({
        ...{ method: 'POST', url: path, remoteAddress: from, payload: Buffer.from(payload) },
        headers: { 'content-type': 'application/cbor', ...headers },
      });
      return statusCode;
    },
    async reports() {
      const kept = await server.base.incidents.incidents();
      return kept.map(({ signed }) => readReport(signed));
    },
  };
}

/** The second server's word, signed by somebody else. */
async function forgedWord(three: ThreeServers): Promise<Uint8Array> {
  const [first, second] = three.actors;
  const { sign } = await actor('a stranger');
  return state(
    { account: second?.account ?? assert.fail(), sign, now: () => three.now },
    { to: first?.account ?? assert.fail(), word: 'secrets', payload: none },
  );
}

/** A page of her sensor, signed by another key. */
async function forgedUpload(three: ThreeServers): Promise<Uint8Array> {
  const [upload] = await three.uploads([await three.sign(valuesOf(1, 3, 1), 0)]);
  const { pages, ...rest } = decodeAs(pageUpload, upload);
  const forged = pages.map((it) => ({ ...it, signature: new Uint8Array(64) }));
  return encodeAs(pageUpload, { ...rest, pages: forged });
}

test('whoever speaks for another server, or for her sensor, is an incident: from where, at which door, with which code, and nothing is put out of use', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  assert.equal(await door.post('/v1/peer', await forgedWord(three)), 401);
  assert.notEqual(await door.post('/v1/pages', await forgedUpload(three)), 200);
  three.now += unseenMs;
  assert.equal(await server.watch(), 1);
  const [kept] = await server.base.incidents.incidents();
  assert.ok(kept?.isOnLedger);
  const { account, sign } = server.base;
  const report = await openReport(kept.signed, sign.publicKey);
  assert.deepEqual(
    [report.kind, report.store, report.foundBy, report.people, report.batches],
    ['write-attempt', 'data-server', 'watch', 0, []],
  );
  const atMs = three.now - unseenMs;
  const at = new Date(atMs).toISOString();
  assert.deepEqual(
    report.attempts.map(({ way, from, what, atMs }) => [way, from, what, atMs]),
    [
      ['http', '203.0.113.7', `POST /v1/peer: UNAUTHENTICATED, once, last ${at}`, atMs],
      ['http', '203.0.113.7', `POST /v1/pages: SIGNATURE_WRONG, once, last ${at}`, atMs],
    ],
  );
  const row = await three.ledger.row(statIncidents, incidentRowId(account, kept.name));
  assert.equal(row?.kind, 'write-attempt');
  assert.deepEqual(server.tampering.quarantines(), []);
  assert.deepEqual(await server.base.incidents.toTell(9), []);
  await server.tampering.requireServed(three.trio, { first: 1, last: 1 });
  assert.equal(await server.watch(), 0, 'and once');
});

test('each door: an operator’s word, a registration, a carried round, another’s pseudonym', async (t) => {
  const door = await opened(t);
  const { three } = door;
  const own = door.server.base.account;
  const { sign } = await actor('a stranger');
  const now = () => three.now;
  const word = await state(
    { account: own, sign, now },
    { to: own, word: 'operator rebuild', payload: none },
  );
  await door.post('/v1/operator', word, '203.0.113.1');
  const signed = await three.register({ counter: 5 });
  const changed = Uint8Array.from(signed, (byte, at) =>
    at === signed.length - 1 ? byte ^ 1 : byte,
  );
  await door.post('/v1/registrations', changed, '203.0.113.2');
  // The word of server 2, where server 1 alone may say it.
  const [first] = three.actors;
  const stranger = await actor('another data server');
  three.ledger.enrol(stranger, 'data-server');
  const payload = Uint8Array.from(Buffer.from(three.trio, 'hex'));
  const asked = await state(
    { ...stranger, now },
    { to: first?.account ?? assert.fail(), word: 'secrets', payload },
  );
  await door.post('/v1/peer', asked, '203.0.113.3');
  const ben = await actor('ben');
  three.ledger.enrol(ben, 'patient');
  const his = await three.register({ account: ben.account, counter: 9 });
  await door.post('/v1/registrations', his, '203.0.113.5');
  three.now += unseenMs;
  await door.server.watch();
  const [report] = await door.reports();
  assert.deepEqual(
    report?.attempts.map(({ from, what }) => [from, what.split(',')[0]]),
    [
      ['203.0.113.1', 'POST /v1/operator: UNAUTHENTICATED'],
      ['203.0.113.2', 'POST /v1/registrations: SIGNATURE_WRONG'],
      ['203.0.113.3', 'POST /v1/peer: UNAUTHENTICATED'],
      ['203.0.113.5', 'POST /v1/registrations: SIGNATURE_WRONG'],
    ],
  );
});

test('what is only malformed, old, too much, unknown or said again is none', async (t) => {
  const door = await opened(t);
  const { three } = door;
  const [first, second] = three.actors;
  await door.post('/v1/peer', new Uint8Array([1, 2, 3]));
  await door.post('/v1/pages', new Uint8Array(100));
  // Its own word, of a clock that is wrong.
  const own = { ...(second ?? assert.fail()), now: () => three.now - hourMs };
  const old = await state(own, {
    to: first?.account ?? assert.fail(),
    word: 'secrets',
    payload: none,
  });
  assert.equal(await door.post('/v1/peer', old), 401);
  // Where another server answered before, of this ledger and of another one, by those that asked it there.
  const its = { ...(second ?? assert.fail()), now: () => three.now };
  const strange = { ...(await actor('of another ledger')), now: () => three.now };
  const third = three.actors[2] ?? assert.fail();
  for (const from of [its, strange])
    for (let n = 0; n < 4; n++) {
      const word = { to: third.account, word: 'people', payload: new Uint8Array([n]) };
      assert.equal(await door.post('/v1/peer', await state(from, word)), 401);
    }
  // A page that was accepted, by its own sensor again, and a registration again.
  const [upload] = await three.uploads([await three.sign(valuesOf(1, 3, 1), 0)]);
  for (let n = 0; n < 4; n++) await door.post('/v1/pages', upload);
  for (let n = 0; n < 4; n++)
    await door.post('/v1/registrations', await three.register({ counter: 0 }));
  // Nobody knows this pseudonym: it is written in nobody's name.
  const line = { ...three.line, pseudonym: new Uint8Array(16).fill(9) };
  const nobodys = await uploadsOf(line, { pages: [await three.sign(valuesOf(1, 3, 1), 4)] });
  for (let n = 0; n < 4; n++) await door.post('/v1/pages', nobodys[0]);
  // Reading is no writing, with whatever signature.
  for (let n = 0; n < 4; n++) await door.post('/v1/readings', await forgedWord(three));
  await door.server.watch();
  assert.deepEqual(await door.reports(), []);
});

test('a sensor that she did not name counts from the third time on, and a letter never names it', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const stranger = await actor('another sensor');
  const line = { ...three.line, key: stranger.sign, recoveryKeys: undefined };
  const signed = await signPages(kernel, line, [
    { values: valuesOf(1, 2, 1), sequence: 0, startHour: 500_000 },
  ]);
  const [upload] = await uploadsOf(line, signed);
  for (const reports of [0, 0, 1]) {
    await door.post('/v1/pages', upload, '198.51.100.9');
    await server.watch();
    assert.equal((await door.reports()).length, reports);
  }
  assert.match((await door.reports())[0]?.attempts[0]?.what ?? '', /SENSOR_UNKNOWN, 3 times/);
  assert.deepEqual(server.attempts.sureSince(0), []);
});

/** Its key is another one on the ledger from now on. */
async function rotate(three: ThreeServers, account: AccountId, to: SigningKey): Promise<void> {
  const row = (await three.ledger.row(accounts, account)) ?? assert.fail();
  const directory = (await three.ledger.row(keys, account)) ?? assert.fail();
  const before = directory.identities.at(-1) ?? assert.fail();
  const identity = { ...before.identity, signKey: to.publicKey };
  three.ledger.put(keys, account, {
    ...directory,
    identities: [...directory.identities, { ...before, identity }],
  });
  const { keyGeneration } = row;
  three.ledger.put(accounts, account, {
    ...{ ...row, signKey: to.publicKey, keyGeneration: keyGeneration + 1 },
  });
}

test('a server whose new key this one has not seen yet is no forger; a forger is one five minutes later', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const second = three.actors[1] ?? assert.fail();
  const { sign } = await actor('its new key');
  const to = server.base.account;
  const word = (by: SigningKey) =>
    state(
      { account: second.account, sign: by, now: () => three.now },
      { to, word: 'secrets', payload: none },
    );
  // It has changed its key, and this server's hospital is a block behind.
  for (let n = 0; n < 2; n++) {
    assert.equal(await door.post('/v1/peer', await word(sign), '192.0.2.1'), 401);
    await server.watch();
  }
  await rotate(three, second.account, sign);
  // What was on its way is by the key of before.
  for (let n = 0; n < 2; n++)
    assert.equal(await door.post('/v1/peer', await word(second.sign), '192.0.2.2'), 401);
  three.now += unseenMs;
  await server.watch();
  assert.deepEqual(await door.reports(), []);
  const stranger = (await actor('a stranger')).sign;
  assert.equal(await door.post('/v1/peer', await word(stranger), '192.0.2.3'), 401);
  await server.watch();
  assert.deepEqual(await door.reports(), []);
  assert.deepEqual(
    server.attempts.sureSince(0).map(({ from }) => from),
    ['192.0.2.3'],
  );
  three.now += unseenMs;
  await server.watch();
  // Who goes on with the key of before is told the third time.
  await door.post('/v1/peer', await word(second.sign), '192.0.2.2');
  three.now += 2 * unseenMs;
  await server.watch();
  assert.deepEqual(
    (await door.reports()).map(({ attempts }) => attempts.map(({ from }) => from)),
    [['192.0.2.3'], ['192.0.2.2']],
  );
});

test('a registration by the key of before is no attempt, and one by nobody’s key in the same line is one', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const old = await three.register({ counter: 5 });
  const { sign } = await actor('her new key');
  await rotate(three, three.ana.account, sign);
  await door.post('/v1/registrations', old);
  three.now += unseenMs;
  await server.watch();
  assert.deepEqual(await door.reports(), []);
  // In the same line.
  const stranger = (await actor('a stranger')).sign;
  const hers = { ...three.ana, sign: stranger };
  await door.post('/v1/registrations', await three.register({ counter: 6 }, hers));
  three.now += unseenMs;
  await server.watch();
  assert.equal((await door.reports()).length, 1);
});

test('what another server answers is nobody’s request: who had this one ask is not named for it', async (t) => {
  const { three } = await opened(t);
  const { base } = three.server(0);
  const [, second] = three.actors;
  const liar = second?.account ?? assert.fail();
  const peers = { ask: async () => forgedWord(three) };
  const asking = askPeer({ ...base, peers }, liar, { word: 'secrets', payload: none });
  await assert.rejects(
    asking,
    (error) => isCoded(error, 'UNAUTHENTICATED') && forgeryIn(error) === undefined,
  );
  const round = askPeerCarrying(
    {
      ...base,
      peers: {
        ask: async () =>
          encodeAs(carryingStatement, {
            ...decodeAs(signedStatement, await forgedWord(three)),
            carried: none,
          }),
      },
    },
    liar,
    { word: 'round', carried: none },
  );
  await assert.rejects(
    round,
    (error) => isCoded(error, 'UNAUTHENTICATED') && forgeryIn(error) === undefined,
  );
});

test('where the ledger cannot be asked, a signature by no known key is held against it later', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  await door.post('/v1/peer', await forgedWord(three));
  three.now += unseenMs;
  const { row } = three.ledger;
  three.ledger.row = () => Promise.reject(new CodedError('GATEWAY_UNREACHABLE'));
  server.attempts.refused({
    ...{ from: '192.0.2.1', port: 1, wide: '192.0', route: 'POST /v1/peer', forwardedFor: '' },
    ...{ proxy: '', code: 'UNAUTHENTICATED', isSure: true },
  });
  await server.watch().catch(() => {});
  three.ledger.row = row;
  three.now += 2 * unseenMs;
  await server.watch();
  assert.deepEqual(
    (await door.reports()).map(({ attempts }) => attempts.map(({ from }) => from)),
    [['192.0.2.1'], ['203.0.113.7']],
  );
});

test('her own sensor at a server that was set back to before she named it is no attempt, and heals it', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const watch = await actor('her watch');
  const sensors = [{ key: watch.sign.publicKey, panels: [1, 3] }];
  const registration = await three.register({ counter: 2, sensors });
  for (const place of [1, 2] as const) await three.server(place).register(registration);
  const queue = new SqliteSensorQueue(':memory:', { pauseMs: 180_000 });
  t.after(() => queue.end());
  await queue.add([{ panel: 3, timeMs: three.now, values: [{ value: 5, unit: 'mmol/L' }] }]);
  await queue.close(three.now + hourMs);
  const posted = async (path: string, bytes: Uint8Array) => {
    const status = await door.post(path, bytes);
    if (status !== 200) throw new CodedError('SENSOR_UNKNOWN');
    return none;
  };
  const servers = three.actors.map(({ sign }, at) => ({
    signKey: sign.publicKey,
    upload: (bytes: Uint8Array) =>
      at === 0 ? posted('/v1/pages', bytes) : three.server(at as Place).upload(bytes),
    states: (of: Uint8Array) => three.server(at as Place).pageStates(of),
    register: async () => {
      await posted('/v1/registrations', registration);
      return true;
    },
  }));
  const forgetful = new ForgetfulServers(() => three.now);
  const line = { ...three.line, key: watch.sign };
  const uplink = new Uplink({ arithmetic: kernel, line, servers, queue, forgetful });
  for (let turn = 0; turn < 5; turn++)
    assert.deepEqual(await uplink.send(), { done: 0, refused: [], waiting: 1 });
  await server.watch();
  assert.deepEqual(await door.reports(), []);
  await three.judge();
  assert.equal((await uplink.send()).done, 1);
});

test('a flood of one caller is one line with its count, told anew after longer and longer pauses', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const word = await forgedWord(three);
  let reports = 0;
  // Three days, a burst each ten minutes.
  for (let n = 0; n < 3 * 144; n++) {
    for (let burst = 0; burst < 5; burst++) await door.post('/v1/peer', word);
    if ((await server.watch()) > 0) reports += 1;
    three.now += 600_000;
  }
  // At once, after 1, 2, 4, 8 and 16 hours, then once a day.
  assert.ok(reports >= 6 && reports <= 8, String(reports));
  const all = await door.reports();
  assert.deepEqual(
    all.map(({ attempts }) => attempts.length),
    all.map(() => 1),
  );
  assert.match(all.at(-1)?.attempts[0]?.what ?? '', /: UNAUTHENTICATED, 1\d{3} times/);
  const names = (await server.base.incidents.incidents()).map(({ name }) => name);
  assert.deepEqual(
    all.map(({ follows }) => Buffer.from(follows).toString('hex')),
    ['', ...names.slice(0, -1)],
  );
});

test('a flood from many addresses fills neither memory, reports nor ledger, and takes no line from another’s', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const word = await forgedWord(three);
  let reports = 0;
  let rows = 0;
  const hours = 24;
  for (let n = 0; n < hours * 6; n++) {
    for (let burst = 0; burst < 40; burst++) {
      const at = n * 40 + burst;
      await door.post('/v1/peer', word, `198.51.${(at >> 8) & 255}.${at & 255}`);
    }
    if (n === 72) await door.post('/v1/peer', word, '192.0.2.1');
    if (await server.watch()) reports += 1;
    three.now += 600_000;
    rows = three.ledger.rows.size;
  }
  assert.ok(reports <= 12 + hours, `${reports} in a day`);
  assert.ok(rows < 100);
  const all = await door.reports();
  assert.ok(all.every(({ attempts }) => attempts.length <= 64));
  // The other's one attempt stands in the next report, before the hundreds of the flood.
  const his = all.filter(({ attempts }) => attempts.some(({ from }) => from === '192.0.2.1'));
  assert.equal(his.length, 1);
  assert.ok((his[0]?.foundMs ?? 0) <= three.now - (hours * 6 - 72) * 600_000 + hourMs);
  const kept = (await server.base.incidents.incidents()).reduce(
    (sum, it) => sum + it.signed.length,
    0,
  );
  assert.ok(kept < 1_000_000, `${kept} bytes`);
  assert.ok(server.attempts.lines <= 1_024);
});

test('of a wide flood a network has 128 lines at most, and what has no line is counted', async (t) => {
  const door = await opened(t);
  const { three, server } = door;
  const word = await forgedWord(three);
  for (let at = 0; at < 300; at++)
    await door.post('/v1/peer', word, `2001:db8:${at.toString(16)}::1`);
  assert.ok(server.attempts.lines <= 128);
  three.now += unseenMs;
  await server.watch();
  const [report] = await door.reports();
  assert.equal(report?.attempts.length, 64);
  assert.ok(report.untold.some((it) => /further attempts/.test(it)));
});

test('forwarded headers are claims: they make no line, no address, and nothing but an address of them is kept', async (t) => {
  const door = await opened(t);
  const word = await forgedWord(door.three);
  const headers = [
    '10.9.8.7, 1.1.1.1',
    'evil"\u001b[2J, x',
    `${'9'.repeat(5_000)}`,
    'for=192.0.2.60;proto=http',
    '<script>alert(1)</script>',
  ];
  for (const said of headers)
    await door.post('/v1/peer', word, '203.0.113.7', { 'x-forwarded-for': said });
  await door.server.watch();
  const [report] = await door.reports();
  assert.deepEqual(
    report?.attempts.map(({ from, who, what }) => [from, who, /, 5 times/.test(what)]),
    [['203.0.113.7', 'says it passes on for 10.9.8.7 (claimed)', true]],
  );
});

test('behind a proxy that was named each caller has a line of his own, and what he claims himself stays a claim', async (t) => {
  const seen: string[] = [];
  const callers = {
    who: (address: string) => {
      seen.push(address);
      return '';
    },
    claimedMac: () => '',
  };
  const door = await opened(t, { callers }, ['10.0.0.0/8']);
  const word = await forgedWord(door.three);
  for (const [from, said] of [
    ['10.0.0.1', '198.51.100.1'],
    ['10.0.0.1', '10.9.8.7, 198.51.100.2'],
    ['10.0.0.1', '192.0.2.9, [2001:db8::3]:4711, 10.0.0.2'],
    // No address: the proxy's own.
    ['10.0.0.1', 'evil"\u001b[2J'],
    // Nobody named this one.
    ['203.0.113.7', '198.51.100.4'],
  ] as const)
    await door.post('/v1/peer', word, from, { 'x-forwarded-for': said });
  door.three.now += unseenMs;
  await door.server.watch();
  const [report] = await door.reports();
  assert.deepEqual(
    report?.attempts.map(({ from, who }) => [from, who]),
    [
      ['198.51.100.1', 'by way of the proxy 10.0.0.1'],
      ['2001:db8::3', 'by way of the proxy 10.0.0.1, says it passes on for 192.0.2.9 (claimed)'],
      ['10.0.0.1', ''],
      ['203.0.113.7', 'says it passes on for 198.51.100.4 (claimed)'],
      ['198.51.100.2', 'by way of the proxy 10.0.0.1, says it passes on for 10.9.8.7 (claimed)'],
    ],
  );
  // The other end of the connection is the proxy's: no process of this machine is named for its callers.
  assert.deepEqual(seen, ['10.0.0.1', '203.0.113.7']);
});

for (const [name, proxies, neighbour] of [
  ['that was named', ['10.0.0.1'], 422],
  ['that nobody named', [], 429],
] as const)
  test(`who uses up what he may ask behind a proxy ${name}: his neighbour is answered ${neighbour}`, async (t) => {
    const door = await opened(t, {}, proxies);
    const ask = (said: string) =>
      door.post('/v1/pages', none, '10.0.0.1', { 'x-forwarded-for': said });
    for (let n = 0; n < 1_200; n++) await ask('198.51.100.1');
    assert.equal(await ask('198.51.100.1'), 429);
    assert.equal(await ask('198.51.100.2'), neighbour);
  });

test('to end the process gives nobody more reports', async (t) => {
  const door = await opened(t);
  const word = await forgedWord(door.three);
  for (let n = 0; n < 6; n++) {
    const again = new DataServer(door.server.base);
    const app = await createDataServerHttp(again);
    const payload = Buffer.from(word);
    const headers = { 'content-type': 'application/cbor' };
    for (let at = 0; at < 3; at++)
      await app.inject({ method: 'POST', url: '/v1/peer', headers, payload });
    await again.watch();
    await app.close();
    door.three.now += 60_000;
  }
  assert.equal((await door.reports()).length, 1);
});

test('where rows were changed meanwhile, the report of that names who tried, and so does the letter', async (t) => {
  const callers = { who: () => '', claimedMac: () => '02:00:5e:10:00:01' };
  const door = await opened(t, { callers });
  const { three, server, folder } = door;
  await three.upload([await three.sign(valuesOf(1, 3, 1), 0)]);
  await three.judge();
  for (const place of [0, 1, 2] as const) await three.server(place).seal();
  await door.post('/v1/peer', await forgedWord(three), '192.0.2.44');
  three.now += unseenMs;
  flipped(join(folder, '0.db'), { table: 'sealed', column: 'shares', row: 0 });
  await server.watch();
  const tampering = (await door.reports()).find(({ kind }) => kind === 'tampering');
  const [attempt] = tampering?.attempts ?? [];
  assert.deepEqual([attempt?.from, attempt?.claimedMac], ['192.0.2.44', '02:00:5e:10:00:01']);
  // The quarantine names the report of the rows.
  // The quarantine is of the rows, and not of the attempt that was reported before them.
  const kept = await server.base.incidents.incidents();
  assert.deepEqual(
    kept.map(({ signed }) => readReport(signed).kind),
    ['write-attempt', 'tampering'],
  );
  const row = await three.ledger.row(
    statQuarantines,
    quarantineRowId(three.trio, server.base.account),
  );
  assert.equal(row?.incident, kept[1]?.name);
  const notices: IncidentNotice[] = [];
  const hand = async (_organisation: AccountId, signed: Uint8Array): Promise<void> => {
    const said = decodeAs(statement, decodeAs(signedStatement, signed).statement);
    notices.push(decodeAs(incidentNotice, said.payload));
  };
  assert.equal(await tellPeople(server.base, { name: 'north', hand }), 1);
  const [notice] = notices;
  assert.deepEqual([notice?.source, notice?.claimedMac], ['192.0.2.44', '02:00:5e:10:00:01']);
});

test('what keeps the report of an attempt from being written does not keep rows from being looked after', async (t) => {
  const broken = new CodedError('ROW_TAMPERED', { table: 'incidents' });
  const door = await opened(t);
  const { three, folder } = door;
  await three.upload([await three.sign(valuesOf(1, 3, 1), 0)]);
  await three.judge();
  for (const place of [0, 1, 2] as const) await three.server(place).seal();
  const { base } = three.server(0);
  const incidents = { ...base.incidents, incidents: () => Promise.reject(broken) };
  const server = new DataServer({ ...base, incidents });
  server.attempts.refused({
    ...{
      from: '192.0.2.1',
      port: 1,
      wide: '192.0',
      route: 'POST /v1/peer',
      forwardedFor: '',
      proxy: '',
    },
    ...{ code: 'UNAUTHENTICATED', isSure: true },
  });
  flipped(join(folder, '0.db'), { table: 'sealed', column: 'shares', row: 0 });
  await assert.rejects(server.watch(), broken);
  assert.equal(server.tampering.quarantines().length, 1);
});

test('of a caller on this very machine the system tells the user, and the process where it may be seen', async (t) => {
  if (process.platform !== 'linux') return assert.equal(localCaller('127.0.0.1', 1), '');
  const door = await opened(t, { callers: { who: localCaller, claimedMac: () => '' } });
  await door.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = door.app.server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/v1/peer`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/cbor' } },
    body: Buffer.from(await forgedWord(door.three)),
  });
  assert.equal(response.status, 401);
  door.three.now += unseenMs;
  await door.server.watch();
  const [report] = await door.reports();
  const uid = process.getuid?.() ?? -1;
  assert.match(
    report?.attempts[0]?.who ?? '',
    new RegExp(`^process ${process.pid} \\S+, uid ${uid} of this machine$`),
  );
  assert.equal(report?.attempts[0]?.from, '127.0.0.1');
});
