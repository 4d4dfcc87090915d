import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { NamedShard } from '../../../src/api/wallet-copy.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { bytesToBase64url } from '../../../src/primitives/bytes.ts';
import { CopyOwner, headIn } from '../../gateway/copy-owner.ts';
import { accepted, codeOf } from '../../gateway/person.ts';
import { openTown, type Town } from '../../gateway/town.ts';

/**
 * Somebody with the key in use, and all that its owner knew at that moment but for the printed code, writes copies of his
 * own for weeks: garbage, large ones, many a day, under keys of his own.
 *
 * Claim: the owner with the code reads what was kept before the day on which he came, for 30 days, with every shard; the
 * head of the first copy of each of her keys for ever; and has room again when she has rotated.
 */
const dayMs = 86_400_000;
let town: Town;
const owners: CopyOwner[] = [];
before(async () => {
  town = await openTown({ maxWalletBytes: 4 * 1024 * 1024, maxWalletBytesInAll: 8 * 1024 * 1024 });
  // While the gateway's clock is the ledger's: it signs their enrolments.
  for (let n = 0; n < 3; n++) owners.push(await CopyOwner.open(town, town.north));
});
after(() => town.close());

/** Somebody else for each test, which begins at the same time. */
async function owner(): Promise<CopyOwner> {
  const person = owners.pop();
  if (person === undefined) throw new Error('one for each test');
  // Noon, so that what follows at once is of the same day.
  town.clock.aheadMs = dayMs / 2 - (Date.now() % dayMs) + dayMs;
  await person.signIn();
  return person;
}

/** A copy of the owner's, as she remembers it. */
interface Remembered {
  readonly serial: number;
  readonly shards: readonly NamedShard[];
}

async function later(person: CopyOwner, ms: number): Promise<void> {
  town.clock.aheadMs += ms;
  await town.north.gateway.wallets.copies.sweep();
  await person.signIn();
}

async function writes(person: CopyOwner, serial: number): Promise<Remembered> {
  const shards = [await person.shard(randomBytes(5_000)), await person.shard(randomBytes(9_000))];
  accepted(await person.putCopy({ serial, shards }));
  return { serial, shards };
}

/** The shards of a kept copy come back, all of them. */
async function isWhole(person: CopyOwner, { serial, shards }: Remembered): Promise<boolean> {
  const listed = (await person.kept()).find((it) => it.serial === serial);
  if (listed?.whole !== true) return false;
  const head = headIn(await person.byCode(`/v1/wallet?serial=${serial}`));
  assert.deepEqual(head.shards, shards);
  for (const { name } of shards) {
    const answer = await person.byCode(`/v1/wallet/shards/${name}`);
    assert.equal(codeOf(answer), 'accepted', `a shard of copy ${serial}`);
  }
  return true;
}

test('a thief who writes daily for 40 days takes from the owner with the code nothing of before his day', async () => {
  const ana = await owner();
  const ownersKey = bytesToBase64url(ana.keys.sign.publicKey);
  const daily: Remembered[] = [];
  let serial = 0;
  for (let day = 0; day < 4; day++) {
    await writes(ana, ++serial);
    daily.push(await writes(ana, ++serial));
    await later(ana, dayMs);
  }
  // He comes: her first write of this day is his to displace, what stood in the night before is not.
  const lost = await writes(ana, ++serial);
  await ana.rotate('key');
  for (let day = 0; day < 40; day++) {
    for (const sealed of [randomBytes(10), randomBytes(20_000)]) {
      const shard = await ana.shard(randomBytes(30_000));
      accepted(await ana.putCopy({ serial: ++serial, sealed, shards: [shard] }));
    }
    await later(ana, dayMs);
    if (![0, 1, 24].includes(day)) continue;
    for (const copy of daily) assert.ok(await isWhole(ana, copy), `day ${day} copy ${copy.serial}`);
  }
  assert.equal(await isWhole(ana, lost), false);
  const first = (await ana.kept()).at(-1);
  assert.deepEqual([first?.serial, first?.publicKey, first?.whole], [1, ownersKey, false]);
  assert.equal(headIn(await ana.byCode('/v1/wallet?serial=1')).serial, 1);
});

test('he fills all the room there is: it is hers again after a rotation with the code, and his first ones go', async () => {
  const ana = await owner();
  const hers = await writes(ana, 1);
  await later(ana, dayMs);
  await ana.rotate('key');
  const thiefsKey = bytesToBase64url(ana.keys.sign.publicKey);
  accepted(await ana.putCopy({ serial: 2 }));
  let code: unknown;
  for (let n = 0; n < 20 && code !== 'QUOTA_EXCEEDED'; n++) {
    code = codeOf(await ana.putShard(randomBytes(400_000)));
  }
  assert.equal(code, 'QUOTA_EXCEEDED');
  await ana.send([{ kind: 'RevokeKey', account: ana.account }]);
  assert.ok(await isWhole(ana, hers));
  await ana.rotate('code');
  const renewed = await writes(ana, 3);
  const thiefs = async () => (await ana.kept()).filter((it) => it.publicKey === thiefsKey).length;
  await later(ana, 27 * dayMs);
  assert.equal(await thiefs(), 1);
  await later(ana, 5 * dayMs);
  assert.equal(await thiefs(), 0);
  assert.deepEqual(
    (await ana.kept()).map((it) => it.serial),
    [3],
  );
  assert.ok(await isWhole(ana, renewed));
});

test('a copy that he began to send before the rotation is none of after it', async () => {
  const ana = await owner();
  const shards: NamedShard[] = [];
  for (let n = 0; n < 3; n++) shards.push(await ana.shard());
  const his = await ana.copy({ shards });
  const before = ana.token;
  await ana.rotate('code');
  const token = ana.token;
  ana.token = before;
  assert.equal(codeOf(await ana.putCopyBytes(his)), 'SESSION_EXPIRED');
  ana.token = token;
  assert.equal(codeOf(await ana.putCopyBytes(his)), 'KEY_NOT_CURRENT');
  assert.deepEqual(await ana.kept(), []);
});
