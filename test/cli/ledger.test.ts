import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { foundingLogs } from '../../src/ledger/protocol.ts';
import { type Json, list, refused, remove, run, salus, temporaryHome, text } from './salus.ts';
import { startTown, type Town } from './town.ts';

/**
 * `ledger profile`: the town's own consortium takes acts of the other log, in one home, and with the three keys in
 * three homes. Tests that change what a log takes have a log or a town of their own.
 */
const takenBy = (name: string) =>
  foundingLogs.find((it) => it.name === name)?.acts ?? assert.fail();
const user = takenBy('user');
const doc = takenBy('doc');

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const logOf = (facts: Json, name: string): Json =>
  list(facts, 'logs').find((it) => it.log === name) ?? assert.fail(`no log ${name}`);
const profile = (of: Town, ...args: readonly string[]) => of.salus('ledger', 'profile', ...args);

test('it shows what each log takes, by which rules, from which height, and that nothing is left to take', async () => {
  const shown = await profile(town);
  assert.deepEqual(Object.keys(shown), ['ok', 'chain', 'height', 'logs']);
  const { log, takes, waits, untaken, unknown, kinds } = logOf(shown, 'user');
  assert.deepEqual(takes, { acts: user, version: 1, fromHeight: 1 });
  assert.deepEqual([log, waits, untaken, unknown], ['user', null, [], []]);
  assert.equal(Object(kinds)[30], 'AccessLog');
  const ran = await run(['ledger', 'profile'], { home: town.home });
  assert.match(ran.stdout, /^doc takes, by version 1 of the rules from height 1 on:$/m);
  assert.doesNotMatch(ran.stdout, /not yet/);
});

test('what it takes already changes nothing, and is said', async () => {
  for (const take of ['all', '1,2', '30']) {
    const { changed, profiles, txId } = await profile(town, '--take', take);
    assert.deepEqual([changed, profiles, txId], [false, [], undefined]);
  }
});

for (const [name, code, exit, args] of [
  ['an act that this version does not know', 'USAGE', 2, ['--take', '251']],
  ['no number', 'USAGE', 2, ['--take', 'Enrol']],
  ['a number that no act can have', 'USAGE', 2, ['--take', '256']],
  ['two things at once', 'USAGE', 2, ['--take', 'all', '--sign', 'x']],
  [
    'a height and a distance',
    'USAGE',
    2,
    ['--take', 'all', '--from-height', '9', '--in-blocks', '9'],
  ],
  ['a file without a change', 'USAGE', 2, ['--out', 'x']],
  ['a log to sign for', 'USAGE', 2, ['--sign', 'x', '--log', 'user']],
  ['a height to send at', 'USAGE', 2, ['--send', 'x', '--from-height', '9']],
  ['blocks to wait before it is shown', 'USAGE', 2, ['--in-blocks', '9']],
  ['a log that there is not', 'USAGE', 2, ['--take', '1', '--log', 'third']],
  ['rules of a later version', 'LEDGER_NEWER', 5, ['--rules', '2']],
  [
    'from this height on',
    'PROFILE_HEIGHT',
    3,
    ['--take', '1', '--log', 'doc', '--from-height', '1'],
  ],
  [
    'from far ahead',
    'PROFILE_HEIGHT',
    3,
    ['--take', '1', '--log', 'doc', '--from-height', '200000'],
  ],
  ['no file', 'FILE_UNREADABLE', 2, ['--sign', 'nowhere.json']],
] as const) {
  test(`${name}: ${code}`, async () => {
    await town.no(code, exit, 'ledger', 'profile', ...args);
  });
}

test('all keys in one home: signed, sent, waits, holds; and the same again changes nothing', async () => {
  const own = await startTown();
  try {
    const taken = await profile(own, '--take', '1', '--log', 'doc', '--in-blocks', '50');
    const [change = {}] = list(taken, 'profiles');
    const { log, acts, version, fromHeight, signedBy } = change;
    assert.deepEqual([log, acts, version], ['doc', [1, ...doc], 1]);
    assert.ok(Array.isArray(signedBy) && signedBy.length === 3);
    assert.match(text(taken, 'txId'), /^[0-9a-f]{64}$/);
    const height = Number(taken.height);
    assert.ok(height > 1 && Number(fromHeight) > height);

    const waiting = logOf(await profile(own), 'doc');
    assert.deepEqual(waiting.takes, { acts: doc, version: 1, fromHeight: 1 });
    assert.deepEqual(waiting.waits, { acts: [1, ...doc], version: 1, fromHeight });
    const again = await profile(own, '--take', '1', '--log', 'doc');
    assert.equal(again.changed, false);
    const more = ['ledger', 'profile', '--take', '2', '--log', 'doc'];
    const pending = await own.no('PROFILE_PENDING', 3, ...more);
    assert.deepEqual(pending.details, { log: 'doc', fromHeight });
    const both = logOf(await profile(own, '--take', '72').then(() => profile(own)), 'user');
    assert.deepEqual(Object(both.waits).acts, [...user, 72]);
  } finally {
    await own.leave();
  }
});

test('no server, no answer: GATEWAY_UNREACHABLE', async () => {
  const home = temporaryHome();
  const expected = { code: 'GATEWAY_UNREACHABLE', exit: 5 };
  await refused(['ledger', 'profile'], expected, { home });
  remove(home);
});

/** A machine of some hospitals: the ledger's genesis and trust root, and the keys of these alone. */
function machineOf(of: Town, ...hospitals: readonly string[]): string {
  const home = temporaryHome();
  cpSync(join(of.home, 'trust.json'), join(home, 'trust.json'));
  const genesis = join('servers', 'genesis.cbor');
  cpSync(join(of.home, genesis), join(home, genesis));
  for (const name of hospitals) {
    const key = join('servers', name, 'organisation.key');
    cpSync(join(of.home, key), join(home, key));
  }
  return home;
}

test('keys on three machines: each signs the file on its own, and one of them sends it', async () => {
  const own = await startTown();
  const homes = ['north', 'harbour', 'valley'].map((name) => machineOf(own, name));
  const [north = '', harbour = '', valley = ''] = homes;
  const nobody = machineOf(own);
  const gateway = `${own.url}/north`;
  const file = own.file('proposal.json');
  const here = (home: string, ...args: readonly string[]) =>
    salus(['ledger', 'profile', '--gateway', gateway, ...args], { home });
  const no = (home: string, code: string, exit: number, ...args: readonly string[]) =>
    refused(['ledger', 'profile', '--gateway', gateway, ...args], { code, exit }, { home });
  const take = ['--take', '1', '--log', 'doc'];
  try {
    const alone = await no(north, 'PROFILE_APPROVAL', 3, ...take);
    assert.deepEqual(alone.details, { missing: "Harbour Clinic, Valley Children's Hospital" });
    await no(nobody, 'SENDER_WRONG', 3, ...take);

    const proposed = await here(north, ...take, '--out', file);
    assert.deepEqual(proposed.missing, ['Harbour Clinic', "Valley Children's Hospital"]);
    assert.equal(proposed.file, file);
    await no(north, 'PROFILE_APPROVAL', 3, '--send', file);
    assert.deepEqual((await here(harbour, '--sign', file)).missing, ["Valley Children's Hospital"]);
    // Who signs again, and who has no key, changes nothing.
    assert.deepEqual((await here(harbour, '--sign', file)).missing, ["Valley Children's Hospital"]);
    assert.deepEqual((await here(nobody, '--sign', file)).missing, ["Valley Children's Hospital"]);

    const signed = JSON.parse(readFileSync(file, 'utf8'));
    for (const [code, exit, change] of [
      ['SIGNATURE_WRONG', 3, { profiles: [{ ...signed.profiles[0], acts: [1, 2, ...doc] }] }],
      ['SIGNATURE_WRONG', 3, { profiles: [{ ...signed.profiles[0], fromHeight: 5_000 }] }],
      ['LEDGER_NEWER', 5, { profiles: [{ ...signed.profiles[0], acts: [...doc, 250] }] }],
      ['LEDGER_NEWER', 5, { profiles: [{ ...signed.profiles[0], version: 9 }] }],
      ['CHAIN_WRONG', 3, { chain: 'another-1' }],
      ['PROPOSAL_INVALID', 3, { more: true }],
      ['PROPOSAL_INVALID', 3, { profiles: [] }],
      ['PROPOSAL_INVALID', 3, { profiles: [signed.profiles[0], signed.profiles[0]] }],
    ] as const) {
      const changed = own.file('changed.json', JSON.stringify({ ...signed, ...change }));
      await no(valley, code, exit, '--sign', changed);
      assert.deepEqual(JSON.parse(readFileSync(changed, 'utf8')), { ...signed, ...change });
    }
    await no(valley, 'PROPOSAL_INVALID', 3, '--sign', own.file('none.json', '{'));

    assert.deepEqual((await here(valley, '--sign', file)).missing, []);
    const sent = await here(valley, '--send', file);
    assert.equal(sent.changed, true);
    const { waits } = logOf(await profile(own), 'doc');
    assert.deepEqual(waits, {
      ...{ acts: [1, ...doc], version: 1 },
      fromHeight: signed.profiles[0].fromHeight,
    });
    await no(valley, 'PROFILE_PENDING', 3, '--send', file);
  } finally {
    await own.leave();
    for (const home of [...homes, nobody]) rmSync(home, { recursive: true, force: true });
  }
});

test('a key that is another organisation’s is no key of this one: HOME_INVALID', async () => {
  const home = machineOf(town, 'north', 'harbour');
  const servers = join(home, 'servers');
  writeFileSync(
    join(servers, 'harbour', 'organisation.key'),
    readFileSync(join(servers, 'north', 'organisation.key')),
  );
  const args = [
    'ledger',
    'profile',
    '--gateway',
    `${town.url}/north`,
    '--take',
    '2',
    '--log',
    'doc',
  ];
  await refused(args, { code: 'HOME_INVALID', exit: 3 }, { home });
  remove(home);
});

/** The hospital of a later version, as it answers transactions; everything else it passes on. */
function laterHospital(url: string, answer: Json): Server {
  return createServer(async (request, response) => {
    const path = String(request.url);
    if (request.method === 'POST' && path.startsWith('/v1/tx?')) {
      response.writeHead(Number(answer.ok === false ? 409 : 200));
      response.end(JSON.stringify(answer));
      return;
    }
    const { authorization, 'content-type': type } = request.headers;
    const passed = await fetch(`${url}${path}`, {
      method: request.method ?? 'GET',
      headers: {
        ...(authorization !== undefined && { authorization }),
        ...(type !== undefined && { 'content-type': type }),
      },
      ...(request.method !== 'GET' && { body: await buffer(request) }),
    });
    response.writeHead(passed.status);
    response.end(new Uint8Array(await passed.arrayBuffer()));
  });
}

for (const [name, answer, details] of [
  [
    'by its code',
    { ok: false, code: 'PERMIT_ENDED', kind: 'not-shared', sentence: 'Ask the owner.' },
    { code: 'PERMIT_ENDED', kind: 'not-shared' },
  ],
  [
    'by its number',
    {
      txId: 'ab'.repeat(32),
      height: 9,
      timeMs: 9,
      index: 0,
      code: 399,
      name: 'PERMIT_ENDED',
      data: '',
    },
    { number: 399 },
  ],
] as const) {
  test(`a refusal of a later version accuses nobody, told ${name}: REFUSAL_UNKNOWN`, async () => {
    const [ana, doctor] = [await town.patient(), await town.doctor()];
    const later = laterHospital(`${town.url}/north`, answer);
    await once(later.listen(0, '127.0.0.1'), 'listening');
    try {
      const gateway = `http://127.0.0.1:${(later.address() as AddressInfo).port}`;
      const grant = ['grant', doctor.name, '--as', ana.name, '--class', 'lab', '--until', '+1h'];
      const found = await town.no('REFUSAL_UNKNOWN', 5, ...grant, '--gateway', gateway);
      assert.deepEqual(
        { ...Object(found.details), txId: undefined },
        { ...details, txId: undefined },
      );
      assert.equal(found.kind, 'unavailable');
      assert.equal(found.servedBy, undefined);
    } finally {
      later.close();
      later.closeAllConnections();
    }
  });
}
