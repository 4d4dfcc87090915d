import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CopyOwner, headIn, named, shardName } from '../../../../test/gateway/copy-owner.ts';
import { type Answer, accepted, codeOf } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { walletCopyLimits } from '../../../api/wallet-copy.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';

const hourMs = 3_600_000;
let town: Town;
before(async () => {
  town = await openTown({ maxWalletBytes: 6 * 1024 * 1024, maxWalletBytesInAll: 8 * 1024 * 1024 });
});
after(() => town.close());

const open = () => CopyOwner.open(town, town.north);
const sweep = () => town.north.gateway.wallets.copies.sweep();
/** What a conflict says beside its code. */
const detailsOf = (answer: Answer): unknown => {
  assert.equal(codeOf(answer), 'WALLET_CONFLICT');
  return (answer.body as { details?: unknown }).details;
};

test('a copy and its shards come back as they were sent', async () => {
  const ana = await open();
  const bytes = [randomBytes(2_000_000), randomBytes(5)];
  const shards = [];
  for (const sealed of bytes) shards.push(await ana.shard(sealed));
  const sealed = randomBytes(1_000_000);
  assert.deepEqual((await ana.putCopy({ sealed, shards })).body, { serial: 1 });
  const head = await ana.newest();
  assert.deepEqual([head.serial, head.shards], [1, shards]);
  assert.ok(equalBytes(head.sealed, sealed));
  for (const [at, shard] of shards.entries()) {
    const answer = await ana.getShard(shard);
    assert.ok(equalBytes(new Uint8Array(answer.bytes), bytes[at] ?? new Uint8Array(0)));
  }
});

test('before the first there is none', async () => {
  const ana = await open();
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet')), 'NOT_FOUND');
  assert.deepEqual(await ana.kept(), []);
});

test('a copy is written over the one that its writer had seen, and over no other', async () => {
  const ana = await open();
  assert.deepEqual(detailsOf(await ana.putCopy({ serial: 2 })), { serial: 0 });
  accepted(await ana.putCopy({ serial: 1 }));
  assert.deepEqual(detailsOf(await ana.putCopy({ serial: 1 })), { serial: 1 });
  assert.deepEqual(detailsOf(await ana.putCopy({ serial: 3 })), { serial: 1 });
  assert.deepEqual(detailsOf(await ana.putCopy({ serial: 0 })), { serial: 1 });
  accepted(await ana.putCopy({ serial: 2 }));
  assert.equal((await ana.newest()).serial, 2);
});

test('of ten copies that follow the same one, one is taken', async () => {
  const ana = await open();
  const shard = await ana.shard();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ana.putCopy({ shards: [shard] })),
  );
  const codes = answers.map(codeOf).toSorted();
  assert.deepEqual(codes, [...Array(9).fill('WALLET_CONFLICT'), 'accepted']);
  town.clock.aheadMs += hourMs;
  await sweep();
  await ana.signIn();
  assert.equal(codeOf(await ana.getShard(shard)), 'accepted');
});

test('the same copy sent again is answered as it was; once another stands it is a conflict', async () => {
  const ana = await open();
  const bytes = await ana.copy();
  for (let n = 0; n < 2; n++) {
    assert.deepEqual((await ana.putCopyBytes(bytes)).body, { serial: 1 });
  }
  accepted(await ana.putCopy({ serial: 2 }));
  assert.deepEqual(detailsOf(await ana.putCopyBytes(bytes)), { serial: 2 });
  assert.equal((await ana.newest()).serial, 2);
});

test('a shard that is not here, is another, or is somebody else’s: one answer, and nothing is written', async () => {
  const ana = await open();
  const eve = await open();
  const own = await eve.shard();
  const others = await ana.shard();
  const another = await eve.shard();
  for (const shard of [
    named(randomBytes(9)),
    others,
    { ...another, bytes: another.bytes + 1 },
    { ...another, sha256: randomBytes(32) },
  ]) {
    const answer = await eve.putCopy({ shards: [own, shard] });
    assert.deepEqual(detailsOf(answer), { serial: 0, missing: 1 });
  }
  assert.equal(codeOf(await eve.call('GET', '/v1/wallet')), 'NOT_FOUND');
  assert.deepEqual(await eve.getShard(others), await eve.getShard(named(randomBytes(9))));
  assert.equal(codeOf(await eve.getShard(others)), 'NOT_FOUND');
});

test('a refused copy leaves the names of the kept ones as they were', async () => {
  const ana = await open();
  const shard = await ana.shard();
  accepted(await ana.putCopy({ serial: 1, shards: [shard] }));
  detailsOf(await ana.putCopy({ serial: 1, shards: [] }));
  detailsOf(await ana.putCopy({ serial: 2, shards: [named(randomBytes(9))] }));
  town.clock.aheadMs += 2 * hourMs;
  await sweep();
  await ana.signIn();
  assert.equal(codeOf(await ana.getShard(shard)), 'accepted');
});

test('another’s copy, one for another hospital, and one that another key signed are refused', async () => {
  const ana = await open();
  const eve = await open();
  assert.equal(codeOf(await eve.putCopyBytes(await ana.copy())), 'FORBIDDEN');
  const elsewhere = { organisation: town.south.organisation };
  assert.equal(codeOf(await ana.putCopy(elsewhere)), 'FORBIDDEN');
  assert.equal(codeOf(await ana.putCopy({}, eve.keys.sign)), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.putCopy({}, ana.code.sign)), 'KEY_NOT_CURRENT');
  const forged = await ana.copy();
  forged.set([(forged.at(-1) ?? 0) ^ 1], forged.length - 1);
  assert.equal(codeOf(await ana.putCopyBytes(forged)), 'SIGNATURE_WRONG');
});

test('a former key signs no copy', async () => {
  const ana = await open();
  const former = ana.keys.sign;
  await ana.rotate('key');
  assert.equal(codeOf(await ana.putCopy({}, former)), 'KEY_NOT_CURRENT');
  accepted(await ana.putCopy());
});

test('what is no copy is refused', async () => {
  const ana = await open();
  const shard = await ana.shard();
  for (const [bytes, code] of [
    [Uint8Array.of(0xff), 'CBOR_INVALID'],
    [Uint8Array.of(0x80), 'CBOR_SHAPE'],
    [await ana.copy({ wraps: [] }), 'CBOR_SHAPE'],
    [await ana.copy({ shards: [shard, shard] }), 'CBOR_SHAPE'],
    [randomBytes(5_000), 'CBOR_INVALID'],
  ] as const) {
    assert.equal(codeOf(await ana.putCopyBytes(bytes)), code);
  }
});

test('a name that is taken keeps its bytes', async () => {
  const ana = await open();
  const first = randomBytes(30);
  const shard = await ana.shard(first);
  assert.deepEqual((await ana.putShard(first, shard.name)).body, {});
  assert.equal(codeOf(await ana.putShard(randomBytes(30), shard.name)), 'REQUEST_INVALID');
  assert.ok(equalBytes(new Uint8Array((await ana.getShard(shard)).bytes), first));
  // Another person's names are another's.
  const eve = await open();
  await eve.shard(randomBytes(30), shard.name);
});

test('a printed code’s session writes nothing', async () => {
  const ana = await open();
  const key = ana.token;
  ana.token = await ana.tokenByCode();
  assert.equal(codeOf(await ana.putCopy()), 'SESSION_EXPIRED');
  assert.equal(codeOf(await ana.putShard(randomBytes(3))), 'SESSION_EXPIRED');
  ana.token = key;
  accepted(await ana.putCopy());
});

test('a session reads the newest copy; older ones, and which there are, the printed code alone', async () => {
  const ana = await open();
  accepted(await ana.putCopy({ serial: 1 }));
  accepted(await ana.putCopy({ serial: 2 }));
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet?serial=2')), 'accepted');
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet?serial=1')), 'NOT_FOUND');
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet?serial=3')), 'NOT_FOUND');
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet/kept')), 'FORBIDDEN');
  assert.equal(headIn(await ana.byCode('/v1/wallet?serial=1')).serial, 1);
  assert.equal(headIn(await ana.byCode('/v1/wallet')).serial, 2);
  assert.equal(codeOf(await ana.byCode('/v1/wallet?serial=3')), 'NOT_FOUND');
  const kept = await ana.kept();
  assert.deepEqual(
    kept.map(({ serial, whole }) => [serial, whole]),
    [
      [2, true],
      [1, true],
    ],
    'a copy that names no shards is whole while its head is kept',
  );
});

test('a copy of before that names shards is kept as its head alone', async () => {
  const ana = await open();
  accepted(await ana.putCopy({ serial: 1, shards: [await ana.shard(randomBytes(20))] }));
  accepted(await ana.putCopy({ serial: 2 }));
  const kept = await ana.kept();
  assert.deepEqual(
    kept.map(({ serial, whole }) => [serial, whole]),
    [
      [2, true],
      [1, false],
    ],
  );
});

test('a shard that no copy names goes an hour after it came, and not before', async () => {
  const ana = await open();
  const [kept, replaced, loose] = [await ana.shard(), await ana.shard(), await ana.shard()];
  accepted(await ana.putCopy({ serial: 1, shards: [kept, replaced] }));
  accepted(await ana.putCopy({ serial: 2, shards: [kept] }));
  const here = async () => {
    await sweep();
    await ana.signIn();
    const answers = await Promise.all([kept, replaced, loose].map((it) => ana.getShard(it)));
    return answers.map(codeOf);
  };
  town.clock.aheadMs += hourMs - 60_000;
  assert.deepEqual(await here(), ['accepted', 'accepted', 'accepted']);
  town.clock.aheadMs += 60_000;
  assert.deepEqual(await here(), ['accepted', 'NOT_FOUND', 'NOT_FOUND']);
  assert.equal(codeOf(await ana.call('GET', '/v1/wallet')), 'accepted');
});

test('a shard that is sent again has its hour again', async () => {
  const ana = await open();
  const sealed = randomBytes(50);
  const shard = await ana.shard(sealed);
  town.clock.aheadMs += hourMs - 60_000;
  await ana.signIn();
  await ana.shard(sealed, shard.name);
  town.clock.aheadMs += 120_000;
  await sweep();
  accepted(await ana.putCopy({ shards: [shard] }));
});

test('an account has so much room; what is from before a rotation with the code takes none of it, up to a bound', async () => {
  const ana = await open();
  const mib = (n: number) => new Uint8Array(n * 1024 * 1024 - 100).fill(n);
  accepted(await ana.putShard(mib(3)));
  const big = await ana.shard(mib(2));
  assert.equal(codeOf(await ana.putShard(mib(1.5))), 'QUOTA_EXCEEDED');
  assert.equal(codeOf(await ana.putCopy({ sealed: mib(1.1) })), 'QUOTA_EXCEEDED');
  accepted(await ana.putCopy({ shards: [big] }));
  await ana.rotate('code');
  accepted(await ana.putShard(mib(2)));
  accepted(await ana.putCopy({ serial: 2, shards: [big] }));
  assert.equal(codeOf(await ana.putShard(mib(2))), 'QUOTA_EXCEEDED');
  // Others have their own.
  accepted(await (await open()).putShard(mib(3)));
});

test('many small shards count as 4 KiB each', async () => {
  const small = await openTown({ maxWalletBytes: 3 * 4_096 });
  try {
    const ana = await CopyOwner.open(small, small.north);
    for (let n = 0; n < 3; n++) accepted(await ana.putShard(randomBytes(1)));
    assert.equal(codeOf(await ana.putShard(randomBytes(1))), 'QUOTA_EXCEEDED');
  } finally {
    await small.close();
  }
});

test('what is larger than may be kept is refused', async () => {
  const ana = await open();
  const most = new Uint8Array(walletCopyLimits.shardBytes);
  accepted(await ana.putShard(most));
  assert.equal(codeOf(await ana.putShard(new Uint8Array(most.length + 1))), 'BODY_TOO_LARGE');
  const sealed = new Uint8Array(walletCopyLimits.indexBytes + 1);
  assert.equal(codeOf(await ana.putCopy({ sealed })), 'CBOR_SHAPE');
  const head = new Uint8Array(walletCopyLimits.headBytes + 200);
  assert.equal(codeOf(await ana.putCopyBytes(head)), 'BODY_TOO_LARGE');
  assert.equal(codeOf(await ana.putShard(randomBytes(3), `${shardName()}0`)), 'REQUEST_INVALID');
});

test('a copy whose session ends while it is read is not written, and names nothing', async () => {
  const ana = await open();
  const shard = await ana.shard();
  const { copies, shards } = town.north.gateway.wallets;
  const ended = () => {
    throw new CodedError('SESSION_EXPIRED');
  };
  const copy = await ana.copy({ shards: [shard] });
  await assert.rejects(copies.put(ana.account, copy, ended), { code: 'SESSION_EXPIRED' });
  assert.equal(copies.newestSerial(ana.account), 0);
  town.clock.aheadMs += hourMs;
  await sweep();
  assert.throws(() => shards.get(ana.account, shard.name), { code: 'NOT_FOUND' });
});

test('what is let go leaves the disk, its log included', async () => {
  const ana = await open();
  const bytes = randomBytes(3_000);
  const index = randomBytes(3_000);
  const shard = await ana.shard(bytes);
  accepted(await ana.putCopy({ serial: 1, shards: [shard] }));
  accepted(await ana.putCopy({ serial: 2, sealed: index, shards: [shard] }));
  const onDisk = () => {
    const home = join(town.folder, 'north');
    const files = readdirSync(home).filter((name) => name.startsWith('gateway.sqlite'));
    const disk = Buffer.concat(files.map((name) => readFileSync(join(home, name))));
    return [bytes, index].map((it) => disk.includes(Buffer.from(it.subarray(1_000, 1_300))));
  };
  assert.deepEqual(onDisk(), [true, true]);
  accepted(await ana.putCopy({ serial: 3 }));
  town.clock.aheadMs += hourMs;
  await sweep();
  assert.deepEqual(onDisk(), [false, false]);
});
