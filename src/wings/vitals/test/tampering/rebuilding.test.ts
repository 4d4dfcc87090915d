import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { compareBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { decodeAs, encodeAs, type Of } from '../../../../primitives/shape.ts';
import { readReport } from '../../api/incident-report.ts';
import { noSalt } from '../../api/registration.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { statDatasets } from '../../ledger/tables/stat-datasets.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import type { PeerLine } from '../../node/data-server-base.ts';
import { people } from '../../node/pages/batch-copies.ts';
import { answerPeer } from '../../node/statements.ts';
import { drawn, valuesOf } from '../settings/pages.ts';
import { actor, hour, Killed, type Place, ThreeServers } from '../settings/three-servers.ts';
import { flippedShare, tampered } from './tampered-file.ts';

const kernel = await openKernel();

/** Two batches: three pages of two uploads, and one; and a page that waits. */
async function sealed(t: TestContext): Promise<{ three: ThreeServers; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-rebuilding-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const uploads = [[valuesOf(1, 64, 1), valuesOf(3, 10, 3)], [valuesOf(1, 2, 2)]];
  for (const [at, values] of uploads.entries())
    await three.uploadTogether(await three.signTogether(values, 10 * at));
  await sealAll(three, 1);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 5, 4)], 20));
  await sealAll(three, 2);
  // It waits.
  await three.uploadTogether(await three.signTogether([valuesOf(1, 3, 5)], 30));
  return { three, folder };
}

async function sealAll(three: ThreeServers, number: number): Promise<void> {
  await three.judge();
  assert.equal(await three.server(0).seal(), number);
  for (const place of [1, 2] as const) await three.server(place).seal();
}

const keyOf = (three: ThreeServers, place: Place) => three.recovery[place] ?? assert.fail();
const accountOf = (three: ThreeServers, place: Place) =>
  three.actors[place]?.account ?? assert.fail();
const sharesOf = async (three: ThreeServers, place: Place) => {
  const hours = { from: hour, until: hour + 1 };
  const pages = await three.store(place).pagesOf(three.pseudonym, 1, hours);
  return pages.map(({ kept, manifest, signature }) => ({ kept, manifest, signature }));
};

/** What a server asks the others from now on; `before` may refuse. */
function listenTo(
  three: ThreeServers,
  place: Place,
  before: (word: string, at: number) => void = () => {},
): readonly string[] {
  const words: string[] = [];
  const peers = three.server(place).base.peers as { ask: PeerLine['ask'] };
  const { ask } = peers;
  peers.ask = async (server, signed) => {
    const { word } = decodeAs(statement, decodeAs(signedStatement, signed).statement);
    words.push(word);
    before(word, words.filter((it) => it === word).length);
    return ask(server, signed);
  };
  return words;
}

/** When the pages of a server came, one an hour. */
const cameOf = async (three: ThreeServers, place: Place) =>
  (await three.store(place).heard(three.pseudonym, 1, hour)).map(({ atMs }) => atMs);

const noShares = (folder: string, place: Place) =>
  tampered(join(folder, `${place}.db`), (db) => db.exec('UPDATE sealed SET shares = zeroblob(32)'));
const noRows = (folder: string, place: Place) =>
  tampered(join(folder, `${place}.db`), (db) =>
    db.exec(
      'DELETE FROM sealed; DELETE FROM sealed_pages; DELETE FROM batches; DELETE FROM days; DELETE FROM patients',
    ),
  );
/** A neighbour that gives other signatures than the sensor made. */
function otherSignatures(three: ThreeServers, place: Place): void {
  const store = three.store(place);
  const honest = store.page.bind(store);
  store.page = async (page) => {
    const found = await honest(page);
    return found && { ...found, signature: new Uint8Array(64) };
  };
}

async function isServing(three: ThreeServers, place: Place): Promise<void> {
  const row = await three.ledger.row(
    statQuarantines,
    quarantineRowId(three.trio, accountOf(three, place)),
  );
  assert.equal(row?.state, 'rebuilt');
  await three.server(place).tampering.requireServed(three.trio, { first: 0, last: 2 });
  assert.deepEqual((await three.server(place).tampering.fullScrub()).bad, []);
}

test('rows that stand are asked of nobody: shares alone come, an envelope once for its pages', async (t) => {
  const { three, folder } = await sealed(t);
  const before = await sharesOf(three, 0);
  noShares(folder, 0);
  const { tampering, rebuilding } = three.server(0);
  await tampering.fullScrub();
  const came = await cameOf(three, 0);
  three.now += 3_600_000 * 5;
  const words = listenTo(three, 0);
  const [rebuilt] = await rebuilding.rebuild(keyOf(three, 0));
  assert.deepEqual([rebuilt?.pages, rebuilt?.fromEnvelopes, rebuilt?.batches], [4, 4, 2]);
  assert.deepEqual(words, ['envelopes', 'envelopes', 'people', 'people']);
  assert.deepEqual(await sharesOf(three, 0), before);
  assert.deepEqual(await cameOf(three, 0), came);
  await isServing(three, 0);
});

test('of a batch with one share that is another, that share alone comes from an envelope', async (t) => {
  const { three, folder } = await sealed(t);
  const path = join(folder, '0.db');
  flippedShare(path, hour);
  const { tampering, rebuilding } = three.server(0);
  await tampering.fullScrub();
  const [rebuilt] = await rebuilding.rebuild(keyOf(three, 0));
  assert.deepEqual([rebuilt?.pages, rebuilt?.fromEnvelopes], [3, 1]);
  await isServing(three, 0);
});

for (const place of [0, 1, 2] as const)
  test(`server ${place + 1} whose rows are gone, too, has the same pages, signatures and shares again`, async (t) => {
    const { three, folder } = await sealed(t);
    const before = await sharesOf(three, place);
    noRows(folder, place);
    const { tampering, rebuilding } = three.server(place);
    await tampering.fullScrub();
    three.now += 3_600_000 * 5;
    const [rebuilt] = await rebuilding.rebuild(keyOf(three, place));
    assert.deepEqual([rebuilt?.pages, rebuilt?.fromEnvelopes, rebuilt?.batches], [4, 4, 2]);
    assert.deepEqual(await sharesOf(three, place), before);
    assert.ok(await three.store(place).registration(three.pseudonym));
    // Nobody knows when they came: as if each had come when its hour was over.
    assert.deepEqual(await cameOf(three, place), [(hour + 1) * 3_600_000]);
    await isServing(three, place);
  });

for (const place of [0, 1, 2] as const)
  test(`server ${place + 1} whose disk is gone says that the ledger has more than it, and is rebuilt`, async (t) => {
    const { three } = await sealed(t);
    const before = await sharesOf(three, place);
    await three.lose(place);
    const { tampering, rebuilding, base } = three.server(place);
    assert.deepEqual(
      (await tampering.fullScrub()).bad.map(({ row, bound }) => [row, bound]),
      [1, 2].map((number) => [`${three.trio} ${number}`, 'row gone']),
    );
    const [incident, more] = await base.incidents.incidents();
    assert.equal(more, undefined);
    assert.equal(readReport(incident?.signed ?? assert.fail()).kind, 'set-back');
    await assert.rejects(tampering.requireServed(three.trio, { first: 1, last: 1 }), {
      code: 'SERVER_QUARANTINED',
    });
    const [rebuilt] = await rebuilding.rebuild(keyOf(three, place));
    assert.deepEqual([rebuilt?.pages, rebuilt?.fromEnvelopes, rebuilt?.batches], [4, 4, 2]);
    assert.deepEqual(await sharesOf(three, place), before);
    assert.ok(await three.store(place).registration(three.pseudonym));
    await isServing(three, place);
  });

test('a pair of before is taken where both of the others have it, and not where one says so', async (t) => {
  const { three } = await sealed(t);
  const pairs = [
    ['both have it', [1, 2]],
    ['one has it', [1]],
  ] as const;
  const pseudonymOf = (name: string) => drawn(name).slice(0, 16);
  // The others tell of whom counts in a study of the trio.
  const study = 'cd'.repeat(16);
  three.ledger.put(statDatasets, study, { trio: three.trio } as never);
  for (const [name, at] of pairs) {
    const who = await actor(name);
    three.ledger.enrol(who, 'patient');
    const [pseudonym, counter] = [pseudonymOf(name), 1];
    const said = { pseudonym, counter, pseudonymSalt: noSalt, datasets: [study] };
    const signed = await three.register(said, who);
    for (const place of at)
      await three.store(place).register({ pseudonym, account: who.account, counter, signed });
  }
  await three.lose(0);
  await three.server(0).tampering.fullScrub();
  await three.server(0).rebuilding.rebuild(keyOf(three, 0));
  const known = await Promise.all(
    pairs.map(([name]) => three.store(0).registration(pseudonymOf(name))),
  );
  assert.deepEqual(
    known.map((it) => it?.counter),
    [1, undefined],
  );
  assert.ok(await three.store(0).registration(three.pseudonym));
});

test('a patient who has new keys, or is frozen, keeps nobody from being rebuilt, and is there again', async (t) => {
  const { three } = await sealed(t);
  const signKey = (await actor('her new key')).sign.publicKey;
  const row = (await three.ledger.row(accounts, three.ana.account)) ?? assert.fail();
  three.ledger.put(accounts, three.ana.account, { ...row, signKey, frozen: true });
  await three.lose(0);
  await three.server(0).tampering.fullScrub();
  await three.server(0).rebuilding.rebuild(keyOf(three, 0));
  assert.deepEqual(
    await three.store(0).registration(three.pseudonym),
    await three.store(1).registration(three.pseudonym),
  );
  await isServing(three, 0);
});

test('what a stolen key signed comes back by no one server that kept it', async (t) => {
  const { three } = await sealed(t);
  const row = (await three.ledger.row(accounts, three.ana.account)) ?? assert.fail();
  // A later one than the others have, by the key that she had then.
  await three.server(1).register(await three.register({ counter: 500, sensors: [] }));
  const ana = { ...three.ana, sign: (await actor('her new key')).sign };
  three.ledger.put(accounts, ana.account, { ...row, signKey: ana.sign.publicKey });
  const rebuilt = async () => {
    await three.lose(0);
    await three.server(0).tampering.fullScrub();
    await three.server(0).rebuilding.rebuild(keyOf(three, 0));
    return (await three.store(0).registration(three.pseudonym))?.counter;
  };
  assert.equal(await rebuilt(), undefined);
  // By her new key one of the others is enough.
  await three.server(2).register(await three.register({ counter: 2 }, ana));
  assert.equal(await rebuilt(), 2);
});

test('a batch that the ledger has and this server has not sealed yet is not missing', async (t) => {
  const { three } = await sealed(t);
  await three.judge();
  three.onStep = (place, step) => {
    if (place === 1 && step === 'batch:seen') throw new Killed();
  };
  assert.equal(await three.server(0).seal(), 3);
  assert.equal(await three.store(1).newestBatch(three.trio), 2);
  assert.deepEqual((await three.server(1).tampering.fullScrub()).bad, []);
});

test('another server that gives other signatures is passed over, and named where both do', async (t) => {
  const { three, folder } = await sealed(t);
  const before = await sharesOf(three, 0);
  otherSignatures(three, 1);
  noRows(folder, 0);
  const { tampering, rebuilding } = three.server(0);
  await tampering.fullScrub();
  const words = listenTo(three, 0);
  await rebuilding.rebuild(keyOf(three, 0));
  assert.equal(words.filter((it) => it === 'batch').length, 3);
  assert.deepEqual(await sharesOf(three, 0), before);
  await isServing(three, 0);

  otherSignatures(three, 2);
  noRows(folder, 0);
  await tampering.fullScrub();
  await assert.rejects(rebuilding.rebuild(keyOf(three, 0)), {
    code: 'SIGNATURE_WRONG',
    details: { server: accountOf(three, 2) },
  });
  await assert.rejects(tampering.requireServed(three.trio, { first: 1, last: 2 }), {
    code: 'SERVER_QUARANTINED',
  });
});

/** Server 2 of three answers so whom it is asked for. */
function saysOfPeople(
  three: ThreeServers,
  said: Of<typeof people> | (() => Of<typeof people>),
): void {
  const peers = three.server(0).base.peers as { ask: PeerLine['ask'] };
  const { ask } = peers;
  peers.ask = async (server, signed) => {
    const { word, from } = decodeAs(statement, decodeAs(signedStatement, signed).statement);
    if (server !== accountOf(three, 1) || word !== 'people') return ask(server, signed);
    const now = typeof said === 'function' ? said() : said;
    return answerPeer(three.server(1).base, { from, word, signed }, encodeAs(people, now));
  };
}

test('another server that tells of people what is no registration keeps nobody from being rebuilt', async (t) => {
  const { three } = await sealed(t);
  await three.lose(0);
  await three.server(0).tampering.fullScrub();
  saysOfPeople(three, { next: 0, registrations: [drawn('none'), Uint8Array.of(0x80)] });
  await three.server(0).rebuilding.rebuild(keyOf(three, 0));
  assert.ok(await three.store(0).registration(three.pseudonym));
  await isServing(three, 0);
});

test('another server that tells of people without end is named', async (t) => {
  const { three } = await sealed(t);
  await three.lose(0);
  await three.server(0).tampering.fullScrub();
  saysOfPeople(three, { next: 1, registrations: [] });
  await assert.rejects(three.server(0).rebuilding.rebuild(keyOf(three, 0)), {
    code: 'SERVER_LIED',
    details: { server: accountOf(three, 1) },
  });
});

test('another server that tells of a thousand people of nobody, or of one again and again, costs a thousand looks and no more', async (t) => {
  const { three } = await sealed(t);
  const { account } = three.ana;
  const row = (await three.ledger.row(accounts, account)) ?? assert.fail();
  const mallory = await actor('mallory');
  const forged = async (n: number) =>
    three.register({ counter: n }, { ...three.ana, sign: mallory.sign });
  const stranger = async (n: number) =>
    three.register({ counter: n }, { ...mallory, account: accountIdOf(drawn(`stranger ${n}`)) });
  const own = await Promise.all([1, 2, 3, 4].map((n) => three.register({ counter: 10 + n })));
  const cases = [
    ['by none of her keys', await Promise.all([1, 2].map(forged)), 'SERVER_LIED'],
    ['of no account', await Promise.all([1, 2].map(stranger)), 'SERVER_LIED'],
    ['of one account, each later than the one before', own, undefined],
  ] as const;
  for (const [name, two, code] of cases) {
    await three.lose(0);
    await three.server(0).tampering.fullScrub();
    let answers = 0;
    const registrations = Array.from({ length: 32 }, () => two)
      .flat()
      .slice(0, 64);
    saysOfPeople(three, () => ({ next: ++answers < 100 ? answers : 0, registrations }));
    const { store } = three.server(0).base;
    let taken = 0;
    const register = store.register.bind(store);
    store.register = async (...of) => {
      taken += 1;
      return register(...of);
    };
    const rebuilding = three.server(0).rebuilding.rebuild(keyOf(three, 0));
    if (code === undefined) await rebuilding;
    else await assert.rejects(rebuilding, { code, details: { server: accountOf(three, 1) } }, name);
    assert.ok(answers <= (code === undefined ? 100 : 17), `${name}: ${answers}`);
    assert.ok(taken <= 2, `${name}: ${taken}`);
    three.ledger.put(accounts, account, row);
  }
});

test('another server whose batches were not those that were sealed is asked last from then on', async (t) => {
  const { three, folder } = await sealed(t);
  otherSignatures(three, 1);
  noRows(folder, 0);
  const { tampering, rebuilding } = three.server(0);
  await tampering.fullScrub();
  const asked: string[] = [];
  const peers = three.server(0).base.peers as { ask: PeerLine['ask'] };
  const { ask } = peers;
  peers.ask = async (server, signed) => {
    const { word } = decodeAs(statement, decodeAs(signedStatement, signed).statement);
    if (word === 'batch') asked.push(server === accountOf(three, 1) ? 'liar' : 'honest');
    return ask(server, signed);
  };
  await rebuilding.rebuild(keyOf(three, 0));
  assert.deepEqual(asked, ['liar', 'honest', 'honest']);
  await isServing(three, 0);
});

test('another server that has fewer pages, or other ones, is named', async (t) => {
  const { three, folder } = await sealed(t);
  for (const place of [1, 2] as const)
    tampered(join(folder, `${place}.db`), (db) =>
      db.exec('UPDATE batches SET pages = substr(pages, 1, length(pages) - 16) WHERE number = 1'),
    );
  noRows(folder, 0);
  const { tampering, rebuilding } = three.server(0);
  await tampering.fullScrub();
  await assert.rejects(rebuilding.rebuild(keyOf(three, 0)), {
    code: 'ROOT_DIFFERS',
    details: { number: 1, server: accountOf(three, 2) },
  });
});

test('a rebuilding that broke off goes on with what is left, and asks for nothing twice', async (t) => {
  const { three, folder } = await sealed(t);
  noShares(folder, 2);
  await three.server(2).tampering.fullScrub();
  listenTo(three, 2, (word, at) => {
    if (word === 'envelopes' && at === 2) throw new CodedError('GATEWAY_UNREACHABLE');
  });
  const key = keyOf(three, 2);
  await assert.rejects(three.server(2).rebuilding.rebuild(key), { code: 'GATEWAY_UNREACHABLE' });
  await three.kill(2);
  const again = three.server(2);
  await assert.rejects(again.tampering.requireServed(three.trio, { first: 1, last: 1 }), {
    code: 'SERVER_QUARANTINED',
  });
  const words = listenTo(three, 2);
  const [rebuilt] = await again.rebuilding.rebuild(key);
  assert.deepEqual([rebuilt?.pages, rebuilt?.fromEnvelopes, rebuilt?.batches], [4, 1, 2]);
  assert.deepEqual(words, ['envelopes', 'people', 'people']);
  await isServing(three, 2);
});

test('what is changed while a rebuilding ends stays out of use: its quarantine is not lifted, and another rebuilding puts it right', async (t) => {
  const { three, folder } = await sealed(t);
  noShares(folder, 0);
  const { tampering, rebuilding } = three.server(0);
  await tampering.fullScrub();
  let isChanged = false;
  const peers = three.server(0).base.peers as { ask: PeerLine['ask'] };
  const { ask } = peers;
  peers.ask = async (server, signed) => {
    const { word } = decodeAs(statement, decodeAs(signedStatement, signed).statement);
    // All was looked at before people are asked for.
    if (word === 'people' && !isChanged) {
      isChanged = true;
      noShares(folder, 0);
      await tampering.fullScrub();
    }
    return ask(server, signed);
  };
  await assert.rejects(rebuilding.rebuild(keyOf(three, 0)), { code: 'ROW_TAMPERED' });
  await assert.rejects(tampering.requireServed(three.trio, { first: 1, last: 2 }), {
    code: 'SERVER_QUARANTINED',
  });
  const [rebuilt] = await rebuilding.rebuild(keyOf(three, 0));
  assert.equal(rebuilt?.fromEnvelopes, 4);
  await isServing(three, 0);
});

test('a keeper that lost the one page that it is asked by gives the envelope by another of the upload', async (t) => {
  const { three, folder } = await sealed(t);
  noShares(folder, 0);
  await three.server(0).tampering.fullScrub();
  const lost = tampered(join(folder, '1.db'), (db) => {
    const { pages } = db.prepare('SELECT pages FROM envelopes WHERE length(pages) = 32').get() as {
      pages: Uint8Array;
    };
    const [first, second] = [pages.subarray(0, 16), pages.subarray(16)];
    const asked = compareBytes(first, second) < 0 ? first : second;
    return db.prepare('DELETE FROM sealed_pages WHERE page = ?').run(asked).changes;
  });
  assert.equal(lost, 1);
  const [rebuilt] = await three.server(0).rebuilding.rebuild(keyOf(three, 0));
  assert.equal(rebuilt?.fromEnvelopes, 4);
  await isServing(three, 0);
});
