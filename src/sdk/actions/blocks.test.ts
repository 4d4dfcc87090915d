import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, Person } from '../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../test/gateway/town.ts';
import { readBlocks, shownTrustRoot } from './blocks.ts';

let town: Town;
let url: string;
let trustRootJson: string;
let ben: Person;
/** A block whose transaction is held back, and one whose is shown. */
let held: number;
let open: number;
before(async () => {
  town = await openTown();
  url = `${await town.app.listen({ host: '127.0.0.1', port: 0 })}/north`;
  trustRootJson = await shownTrustRoot(url);
  const ana = await Person.enrolled(town, town.north, 'patient');
  ben = await Person.enrolled(town, town.north, 'patient');
  await ben.keySet();
  const { consent, writeKey: key } = await ben.grant(ana.account, { writeClasses: ['diagnosis'] });
  assert.ok(key !== undefined);
  const act = { kind: 'DiagnosisAnchor', consent, epoch: 1, root: new Uint8Array(32), count: 1 };
  const as = { log: 'doc', sender: ben.account, key, nonce: 1 } as const;
  held = accepted<{ height: number }>(
    await ana.submit([{ ...act, kind: 'DiagnosisAnchor' }], as),
  ).height;
  const given = await ben.grant(ana.account);
  open = accepted<{ height: number }>(
    await ben.submit([{ kind: 'ConsentRevoke', consent: given.consent }]),
  ).height;
});
after(() => town.close());

const one = async (height: number) => {
  const { blocks } = await readBlocks(url, { trustRootJson }, { to: height, count: 1 });
  return blocks[0];
};

test('The newest blocks come newest first, with what they say where their log is open (F-12)', async () => {
  const { blocks, tip } = await readBlocks(url, { trustRootJson }, { count: 5 });
  assert.deepEqual(
    blocks.map(({ height }) => height),
    [0, 1, 2, 3, 4].map((it) => tip.height - it),
  );
  const [tx] = (await one(open))?.txs ?? [];
  assert.equal(tx?.body?.sender, ben.account);
  assert.deepEqual(
    tx?.body?.acts.map(({ kind }) => kind),
    ['ConsentRevoke'],
  );
});

test('Of a log that is not open to everybody it is said that something is there, and no more', async () => {
  const [tx] = (await one(held))?.txs ?? [];
  assert.deepEqual([tx?.log, tx?.accepted, tx?.body], ['doc', true, undefined]);
});

test('Who asks for more than there is gets the newest, and the first block has none before it', async () => {
  const { blocks } = await readBlocks(url, { trustRootJson }, { to: 1_000_000, count: 1 });
  assert.equal(blocks[0]?.isFollowed, false);
  const first = await readBlocks(url, { trustRootJson }, { to: 2, count: 50 });
  assert.deepEqual(
    first.blocks.map(({ height }) => height),
    [2, 1],
  );
});

test('A ledger of which another header is known is refused', async () => {
  const { tip } = await readBlocks(url, { trustRootJson }, { count: 1 });
  const other = { ...tip, headerHash: new Uint8Array(32).fill(7) };
  const look = readBlocks(url, { trustRootJson, tip: other }, { count: 1 });
  await assert.rejects(look, { code: 'LEDGER_FORKED' });
  const root = { ...JSON.parse(trustRootJson), validatorsHash: 'a'.repeat(64) };
  const wrong = readBlocks(url, { trustRootJson: JSON.stringify(root) }, { count: 1 });
  await assert.rejects(wrong, { code: 'HEADER_INVALID' });
});

test('A block that does not hash up to its header is not shown', async (t) => {
  const real = globalThis.fetch;
  const lying: typeof fetch = (input, init) =>
    real(String(input).replace(`/blocks/${open}`, `/blocks/${held}`), init);
  t.mock.method(globalThis, 'fetch', lying);
  await assert.rejects(one(open), { code: 'LEDGER_CORRUPT' });
});
