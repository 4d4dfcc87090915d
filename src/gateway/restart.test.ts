import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { CopyOwner } from '../../test/gateway/copy-owner.ts';
import { layout3 } from '../../test/gateway/layout-3.ts';
import { accepted, codeOf, Person } from '../../test/gateway/person.ts';
import { rootOf, sealedItem } from '../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { encodeReadRequest, readEntryHash } from '../api/read-request.ts';
import { labels } from '../crypto/labels.ts';
import { randomBytes } from '../crypto/random.ts';
import { ActSender } from './act-sender.ts';
import { type Gateway, openGateway } from './gateway.ts';

let town: Town;
let ana: Person;
let again: Gateway | undefined;
beforeEach(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
});
afterEach(async () => {
  await again?.close();
  again = undefined;
  await town.close();
});

/** As a process that ended and was started again: the same file, the same ledger, nothing in memory. */
async function restart(): Promise<Gateway> {
  await town.north.gateway.close();
  again = await openGateway(town.north.gateway.options);
  return again;
}

const senderOfNorth = () => {
  const { engine, organisation, key } = town.north.gateway.options;
  const { view } = town.north.gateway;
  return new ActSender({ engine, view, organisation, key, now: Date.now });
};

test('what was committed while a gateway was down is indexed before it serves', async () => {
  const item = sealedItem('lab');
  accepted(await ana.deliver([item]));
  await town.north.gateway.close();
  const viaSouth = new Person(town, town.south, ana.keys);
  const act = {
    kind: 'DataAnchor',
    consent: '',
    epoch: 1,
    root: rootOf([item]),
    count: 1,
  } as const;
  accepted(await viaSouth.submit([act], { nonce: 50 }));
  again = await openGateway(town.north.gateway.options);
  const { rows } = await again.rows.page({ account: ana.account, since: 0, cursor: '', limit: 10 });
  assert.deepEqual(
    rows.map(({ recordId }) => recordId),
    [item.recordId],
  );
});

test('a look whose answer was lost in a crash is shown all the same', async () => {
  const grant = await ana.grant(ana.account);
  const entryHash = readEntryHash(randomBytes(32), randomBytes(40));
  const dead = readEntryHash(randomBytes(32), randomBytes(40));
  const sealed = randomBytes(50);
  town.north.gateway.inbox.addHiddenLook(ana.account, entryHash, sealed);
  town.north.gateway.inbox.addHiddenLook(ana.account, dead, randomBytes(50));
  await town.north.gateway.close();
  const entries = [{ consent: grant.consent, entryHash }];
  const { txId, height } = await senderOfNorth().send(
    'user',
    [{ kind: 'AccessLog', entries }],
    5_000,
  );
  again = await openGateway(town.north.gateway.options);
  const { messages } = again.inbox.list(ana.account, 0);
  assert.deepEqual(
    messages.map(({ anchor }) => anchor),
    [{ txId, height, index: 0 }],
  );
});

test('a refusal that was not anchored before the end is anchored after the start', async () => {
  const eve = await Person.enrolled(town, town.north, 'patient');
  const grant = await ana.grant(ana.account);
  assert.equal(codeOf(await eve.read(grant, town.north)), 'NOT_SHARED');
  const gateway = await restart();
  await gateway.flush();
  const [notice] = gateway.inbox.list(ana.account, 0).messages;
  assert.equal(notice?.kind, 'refusal');
  assert.ok(notice.anchor?.path !== undefined);
});

test('a request that was served before the end is not served after the start', async () => {
  const grant = await ana.grant(ana.account);
  const request = await ana.signed(
    labels.readSign,
    encodeReadRequest(ana.request(grant, town.north)),
  );
  accepted(await ana.postRead(request));
  const gateway = await restart();
  await assert.rejects(gateway.reads.serve(request, false), { code: 'REQUEST_REPLAYED' });
});

test('sessions and tickets end with the process', async () => {
  const { token } = ana;
  const gateway = await restart();
  assert.equal(gateway.sessions.find(`Bearer ${token}`), undefined);
});

test('a home of the layout before opens with its rows, and one line says so', async () => {
  const item = sealedItem('lab');
  accepted(await ana.deliver([item]));
  const root = rootOf([item]);
  await ana.send([{ kind: 'DataAnchor', consent: '', epoch: 1, root, count: 1 }]);
  await town.north.gateway.close();
  const { databasePath } = town.north.gateway.options;
  asLayout3(databasePath);
  again = await openGateway(town.north.gateway.options);
  const { rows } = await again.rows.page({ account: ana.account, since: 0, cursor: '', limit: 10 });
  assert.deepEqual(
    rows.map(({ recordId }) => recordId),
    [item.recordId],
  );
  assert.equal(again.index.height, town.engine.status().height);
  await again.close();
  again = await openGateway(town.north.gateway.options);
  assert.equal(town.logged().split('"msg":"migrated"').length - 1, 1);
  assert.match(town.logged(), /"hospital":"north","layout":3,"steps":\d+,"msg":"migrated"/);
});

/** Moves the rows of a file into one as the build of layout 3 made it. */
function asLayout3(path: string): void {
  const older = `${path}.3`;
  layout3(older, (db) => {
    db.exec(`ATTACH '${path}' AS newer; PRAGMA foreign_keys=OFF; DELETE FROM progress`);
    const columnsOf = (of: string, table: string) =>
      db
        .prepare('SELECT name FROM pragma_table_info(?, ?)')
        .all(table, of)
        .map(({ name }) => String(name));
    const tables = db.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all();
    for (const { name } of tables) {
      const table = String(name);
      const kept = columnsOf('newer', table);
      if (kept.length === 0 || table.startsWith('sqlite_')) continue;
      const columns = columnsOf('main', table);
      const values = columns.map((column) => (kept.includes(column) ? column : '0'));
      db.exec(`INSERT INTO main.${table} (${columns}) SELECT ${values} FROM newer.${table}`);
    }
    db.exec('DETACH newer');
  });
  renameSync(older, path);
}

test('two senders of one organisation find free numbers', async () => {
  const batch = (root: Uint8Array) => ({
    ...({ kind: 'BatchAnchor', batch: 'refusal', root, count: 1 } as const),
    ...{ firstMs: Date.now(), lastMs: Date.now() },
  });
  const senders = [senderOfNorth(), senderOfNorth()];
  const outcomes = [];
  for (let i = 0; i < 4; i++) {
    for (const sender of senders)
      outcomes.push(await sender.send('doc', [batch(randomBytes(32))], 5_000));
  }
  assert.ok(outcomes.every(({ result }) => result.code === 0));
});

test('a copy that was half written when the process stopped keeps no shard', async () => {
  const owner = await CopyOwner.open(town, town.north);
  const [kept, half] = [await owner.shard(), await owner.shard()];
  accepted(await owner.putCopy({ shards: [kept] }));
  await town.north.gateway.wallets.shards.nameAll(owner.account, 2, [kept, half]);
  const { wallets } = await restart();
  town.clock.aheadMs += 3_600_000;
  await wallets.copies.sweep();
  assert.equal(wallets.copies.newestSerial(owner.account), 1);
  assert.equal(wallets.shards.get(owner.account, kept.name).length, kept.bytes);
  assert.throws(() => wallets.shards.get(owner.account, half.name), { code: 'NOT_FOUND' });
});

test('a rotation with the printed code while the gateway was down gives its owner room', async () => {
  const owner = await CopyOwner.open(town, town.north);
  accepted(await owner.putCopy());
  await town.north.gateway.close();
  const viaSouth = new CopyOwner(town, town.south, owner.keys);
  viaSouth.code = owner.code;
  await viaSouth.rotate('code');
  again = await openGateway({
    ...town.north.gateway.options,
    settings: { ...town.north.gateway.settings, maxWalletBytes: 4_096 },
  });
  // The copy of before alone would take more than that.
  again.wallets.shards.put(owner.account, 'ab'.repeat(16), randomBytes(9));
});
