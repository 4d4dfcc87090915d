import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operator, ShownLedger } from '../../../test/fakes/shown-ledger.ts';
import { textOfBytes } from '../../api/message-parts.ts';
import { witnessMessage } from '../../ledger/chain/receipt.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { pointOf } from './ledger-point.ts';
import { VerifiedHeaders } from './verified-headers.ts';
import { Vouching } from './vouching.ts';

const ledger = await ShownLedger.of(['ana', 'ben', 'cleo', '']);
const [anna, bern, stranger] = [operator(), operator(), operator()];
const root = ledger.trustRoot([anna.publicKey, bern.publicKey]);
const trustRoot = { ...root, quorum: 2 };

const shownAt = (height: number, of = ledger) => of.answer(height) ?? assert.fail();
const signed = async (by: typeof anna, height: number, of = ledger) => {
  const { headerHash } = pointOf(shownAt(height, of));
  const signature = await by.sign(witnessMessage(trustRoot.chain, height, headerHash));
  return { publicKey: textOfBytes(by.publicKey), signature: textOfBytes(signature) };
};
const both = (height: number) => Promise.all([signed(anna, height), signed(bern, height)]);
const found = (height: number, of = ledger) => {
  const { header, headerHash } = pointOf(shownAt(height, of));
  return { height: header.height, headerHash };
};
const never = () => Promise.reject(assert.fail());

test('two of two vouch; one twice, a stranger and a wrong signature do not count', async () => {
  const vouching = (waits: readonly number[] = []) =>
    new Vouching(trustRoot, async (height) => shownAt(height), waits);
  const answer = { ...shownAt(3), witnesses: await both(3) };
  await vouching().require(answer, found(3));
  const [first, second] = [await signed(anna, 3), await signed(bern, 2)];
  for (const witnesses of [
    [],
    [first],
    [first, first],
    [first, await signed(stranger, 3)],
    [first, second],
  ]) {
    const few = vouching().require({ ...shownAt(3), witnesses }, found(3));
    await assert.rejects(few, (error) => {
      assert.ok(isCoded(error, 'WITNESSES_FEW'));
      assert.deepEqual([error.details.height, error.details.quorum], [3, 2]);
      return true;
    });
  }
});

test('without a quorum nobody is asked', async () => {
  await new Vouching(root, never).require(shownAt(2), found(2));
});

test('signatures that come some moments later are waited for', async () => {
  let asked = 0;
  const show = async (height: number) => ({
    ...shownAt(height),
    ...(++asked > 1 && { witnesses: await both(3) }),
  });
  await new Vouching(trustRoot, show, [0, 0, 0]).require(shownAt(3), found(3));
  assert.equal(asked, 2);
});

test('an older header is vouched for by the hashes that lead to it, and another history is not', async () => {
  const vouching = new Vouching(trustRoot, async (height) => shownAt(height), []);
  const newest = { ...shownAt(4), witnesses: await both(4) };
  await vouching.require(newest, found(4));
  await vouching.require(shownAt(2), found(2));
  const forged = await ShownLedger.of(['ana', 'eve', 'cleo', ''], ledger);
  await assert.rejects(vouching.require(shownAt(2, forged), found(2, forged)), (error) => {
    assert.ok(isCoded(error, 'LEDGER_FORKED'));
    assert.equal(error.details.shown, bytesToHex(found(2, forged).headerHash));
    return true;
  });
});

test('a device whose trust root asks for witnesses takes no header of the operator alone', async () => {
  const told = new Map<number, readonly unknown[]>();
  const fetch = async (url: string) => {
    const answer = (await (await ledger.fetch(url)).json()) as { height: number };
    return Response.json({ ...answer, witnesses: told.get(answer.height) });
  };
  const gateway = new GatewayClient(new Http('http://shown', { fetch, retryDelaysMs: [] }));
  told.set(4, await both(4));
  const headers = new VerifiedHeaders(gateway, trustRoot);
  assert.equal((await headers.latest()).height, 4);
  assert.equal((await headers.header(3)).height, 3);
  const stop = AbortSignal.timeout(50);
  const alone = new VerifiedHeaders(gateway, {
    ...trustRoot,
    quorum: 1,
    witnesses: [bytesToHex(stranger.publicKey)],
  });
  const refused = Promise.race([
    alone.latest(),
    new Promise<never>((_, reject) =>
      stop.addEventListener('abort', () => reject(new Error('waits'))),
    ),
  ]);
  await assert.rejects(refused, /waits/);
  assert.equal(alone.tip.height, 1);
});
