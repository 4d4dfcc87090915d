import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { CopyOwner } from '../../../../test/gateway/copy-owner.ts';
import { accepted, codeOf } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';

/** When the copies of an account that is closed go, and when they stay. Source: docs/protocol/http.md, rule H-28. */
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

const open = async () => {
  town.clock.aheadMs = 0;
  const owner = await CopyOwner.open(town, town.north);
  const shard = await owner.shard();
  accepted(await owner.putCopy({ shards: [shard] }));
  accepted(await owner.putCopy({ serial: 2, shards: [shard] }));
  return owner;
};
const sweep = () => town.north.gateway.wallets.copies.sweep();
const later = (ms: number) => {
  town.clock.aheadMs += ms;
};
const ask = (owner: CopyOwner) => owner.call('DELETE', '/v1/wallet');
const askByCode = async (owner: CopyOwner) =>
  owner.call('DELETE', '/v1/wallet', {
    anonymous: true,
    headers: { authorization: `Bearer ${await owner.tokenByCode()}` },
  });
const revoke = (owner: CopyOwner) => owner.send([{ kind: 'RevokeKey', account: owner.account }]);
/** What is in the hospital's file of this account: heads, names, shards, room, orders. */
const held = ({ account }: CopyOwner): number[] =>
  ['heads', 'named', 'shards', 'room', 'leaving'].map((table) => {
    const db = new DatabaseSync(join(town.folder, 'north', 'gateway.sqlite'), { readOnly: true });
    try {
      const sql = `SELECT count(*) AS count FROM wallet_${table} WHERE account = ?`;
      return Number(Object(db.prepare(sql).get(account)).count);
    } finally {
      db.close();
    }
  });
const nothing = [0, 0, 0, 0, 0];

test('with the printed code, once the key is revoked, every copy goes at once, history and first heads too', async () => {
  const ana = await open();
  accepted(await ask(ana));
  await revoke(ana);
  accepted(await askByCode(ana));
  assert.deepEqual(held(ana), nothing);
  assert.deepEqual(await ana.kept(), []);
  accepted(await askByCode(ana));
});

test('with the printed code nothing goes while the account is at work', async () => {
  const ana = await open();
  assert.equal(codeOf(await askByCode(ana)), 'FORBIDDEN');
  assert.equal((await ana.kept()).length, 2);
});

test('by the key alone they go 30 days after it was revoked, and not a day before', async () => {
  const ana = await open();
  const { goneMs } = accepted<{ goneMs: number }>(await ask(ana));
  assert.ok(Math.abs(goneMs - Date.now() - town.clock.aheadMs - 30 * dayMs) < hourMs);
  await revoke(ana);
  later(29 * dayMs);
  await sweep();
  assert.ok((await ana.kept()).length > 0);
  later(2 * dayMs);
  await sweep();
  assert.deepEqual(held(ana), nothing);
});

const staying: readonly [string, (owner: CopyOwner) => Promise<unknown>][] = [
  ['nobody asked', revoke],
  ['who asked goes on', ask],
  [
    'the key is revoked more than an hour after it was asked',
    async (owner) => {
      accepted(await ask(owner));
      later(2 * hourMs);
      await owner.signIn();
      await revoke(owner);
    },
  ],
  [
    'the desk stops the account',
    async (owner) => {
      accepted(await ask(owner));
      accepted(await owner.atDesk('POST', '/v1/desk/freeze', { account: owner.account }));
    },
  ],
  [
    'its owner comes back with the printed code',
    async (owner) => {
      accepted(await ask(owner));
      await revoke(owner);
      await owner.rotate('code');
    },
  ],
];
for (const [when, happens] of staying) {
  test(`they stay when ${when}`, async () => {
    const ana = await open();
    await happens(ana);
    later(40 * dayMs);
    await sweep();
    assert.ok((await ana.kept()).length > 0);
    assert.equal(held(ana)[4], 0);
  });
}

test('nobody else asks for it', async () => {
  const ana = await open();
  assert.equal(
    codeOf(await ana.call('DELETE', '/v1/wallet', { anonymous: true })),
    'UNAUTHENTICATED',
  );
});
