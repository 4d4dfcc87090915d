import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShownLedger } from '../../../test/fakes/shown-ledger.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { LedgerFollower } from './ledger-follower.ts';
import { formatPoint, type LedgerPoint, parsePoint } from './ledger-point.ts';

const words = ['ana', 'ben', 'cleo', 'dora', 'emil', ''];
const true6 = await ShownLedger.of(words);
const trust = true6.trustRoot();

function followerOf(ledger: ShownLedger, fetch = ledger.fetch): LedgerFollower {
  const gateway = new GatewayClient(new Http('http://shown', { fetch, retryDelaysMs: [] }));
  return new LedgerFollower(gateway, trust, () => ledger.timeMs());
}

/** Somebody who has followed the true ledger up to its sixth block. */
async function seen(): Promise<LedgerPoint> {
  const follower = followerOf(true6);
  return (await follower.step(await follower.begin())).point;
}

async function refusalOf(step: Promise<unknown>): Promise<CodedError> {
  try {
    await step;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  return assert.fail('nothing was refused');
}

test('from the trust root to the newest header, and on from what was kept', async () => {
  const follower = followerOf(true6);
  const first = await follower.step(await follower.begin());
  assert.deepEqual(
    first.headers.map(({ header }) => header.height),
    [2, 3, 4, 5, 6],
  );
  assert.equal(first.point.heads?.logs.user.size, 5);
  const kept = parsePoint(formatPoint(first.point, trust), trust);
  assert.deepEqual(kept, first.point);
  const grown = await ShownLedger.of([...words, 'finn', 'gita', ''], true6);
  const next = await followerOf(grown).step(kept);
  assert.deepEqual([next.point.header.height, next.point.heads?.logs.user.size], [9, 7]);
  const again = await followerOf(grown).step(next.point);
  assert.deepEqual([again.headers, again.point, again.isNewest], [[], next.point, true]);
});

test('an empty block that changes the state, as one with evidence does, is followed by the header after it', async () => {
  const ledger = await ShownLedger.of(words, true6);
  const known = await seen();
  ledger.stateRoot = new Uint8Array(32).fill(8);
  await ledger.add('');
  // The header that carries the new state comes a moment later.
  let asked = 0;
  const slow = async (url: string) => {
    const isLatest = url.endsWith('/headers/latest');
    if (isLatest && ++asked === 3) await ledger.add('');
    return ledger.fetch(url);
  };
  const step = await followerOf(ledger, slow).step(known);
  assert.equal(step.point.header.height, 8);
  assert.deepEqual(step.point.heads?.stateRoot, ledger.stateRoot);
});

test('another history with the same beginning is a fork, with both headers as evidence', async () => {
  const known = await seen();
  for (const [others, height] of [
    [['ana', 'ben', 'cleo', 'dora', 'emil', 'eve'], 6],
    [['ana', 'ben', 'eve', 'dora', 'emil', '', 'finn', ''], 6],
  ] as const) {
    const forked = await ShownLedger.of(others, true6);
    const follower = followerOf(forked);
    const error = await refusalOf(follower.step(known));
    assert.equal(error.code, 'LEDGER_FORKED');
    assert.equal(error.details.height, height);
    assert.equal(error.details.known, bytesToHex(known.headerHash));
    assert.notEqual(error.details.shown, error.details.known);
    assert.ok(follower.shown.length > 0);
  }
});

test('a ledger that is shorter than it was is not followed', async () => {
  const known = await seen();
  const shorter = await ShownLedger.of(words.slice(0, 4), true6);
  const error = await refusalOf(followerOf(shorter).step(known));
  assert.deepEqual([error.code, error.details], ['GATEWAY_LIED', { height: 4, known: 6 }]);
});

test('a header without the votes it needs is not followed', async () => {
  const unsigned = await ShownLedger.of(words, true6);
  unsigned.votes = 0;
  await unsigned.add('finn');
  await unsigned.add('');
  const error = await refusalOf(followerOf(unsigned).step(await seen()));
  assert.deepEqual([error.code, error.details.reason], ['HEADER_INVALID', 'power']);
});

test('a header of somebody else’s key is no evidence of a fork', async () => {
  const stranger = await ShownLedger.of([...words, 'finn', '']);
  const error = await refusalOf(followerOf(stranger).step(await seen()));
  assert.deepEqual([error.code, error.details.reason], ['HEADER_INVALID', 'validators']);
});

test('a log that shrank or changed is not followed, although its headers are linked and signed', async () => {
  const known = await seen();
  const { heads } = known;
  assert.ok(heads !== undefined);
  const { user, doc } = heads.logs;
  const other = (await ShownLedger.of(['eve'])).fetch;
  const { user: eve } = (await (await other('http://shown/v1/logs')).json()) as {
    user: { size: number; root: string };
  };
  const root = new Uint8Array(Buffer.from(eve.root, 'base64url'));
  for (const [name, logs] of [
    ['shrank', { user: { size: 1, root }, doc }],
    ['changed', { user: { size: user.size, root }, doc }],
    ['grew out of another', { user: { size: user.size + 1, root }, doc }],
  ] as const) {
    const lying = await ShownLedger.of(words, true6);
    await lying.add('finn', logs);
    await lying.add('', logs);
    const follower = followerOf(lying);
    const error = await refusalOf(follower.step(known));
    assert.deepEqual([error.code, error.details.log], ['PROOF_INVALID', 'user'], name);
    assert.equal(follower.shown.length, 2, name);
  }
});

test('heads that the signed app hash is not made of are not believed', async () => {
  const lying = await ShownLedger.of([...words, 'finn', ''], true6);
  const known = await seen();
  lying.heads = known.heads;
  const shown = lying.fetch;
  const error = await refusalOf(
    followerOf(lying, async (url) => {
      const answer = await shown(url);
      if (!url.endsWith('/v1/logs')) return answer;
      return Response.json({ ...((await answer.json()) as object), height: 7 });
    }).step(known),
  );
  assert.deepEqual([error.code, error.details.height], ['PROOF_INVALID', 8]);
});

test('a header from the future, and answers that are none, are refused', async () => {
  const known = await seen();
  const later = await ShownLedger.of([...words, 'finn', ''], true6);
  const gateway = new GatewayClient(new Http('http://shown', { fetch: later.fetch }));
  const slow = new LedgerFollower(gateway, trust, () => later.timeMs() - 11 * 60_000);
  const error = await refusalOf(slow.step(known));
  assert.deepEqual([error.code, error.details.reason], ['HEADER_INVALID', 'future']);
  const garbled = followerOf(later, async () => Response.json({ height: 9 }));
  assert.ok(isCoded(await refusalOf(garbled.step(known)), 'GATEWAY_LIED'));
});

test('a trust root of another ledger begins nothing', async () => {
  const other = await ShownLedger.of(['eve', '']);
  const error = await refusalOf(followerOf(other).begin());
  assert.equal(error.code, 'LEDGER_FORKED');
});

test('a long way is gone in several steps, and the logs are compared at its end', async () => {
  const long = await ShownLedger.of([...words, ...Array<string>(40).fill('')], true6);
  const known = await seen();
  const first = await followerOf(long).step(known, { most: 30 });
  assert.deepEqual(
    [first.isNewest, first.point.header.height, first.point.heads],
    [false, known.header.height + 30, known.heads],
  );
  const kept = parsePoint(formatPoint(first.point, trust), trust);
  const last = await followerOf(long).step(kept, { most: 30 });
  assert.deepEqual([last.isNewest, last.point.header.height], [true, long.height]);
  assert.deepEqual(last.point.heads?.logs.user, known.heads?.logs.user);
});
