import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { operator, ShownLedger } from '../../../test/fakes/shown-ledger.ts';
import { verifyVote } from '../../crypto/signature.ts';
import type { VoteSigner } from '../../engines/embedded/vote-signer.ts';
import { witnessMessage } from '../../ledger/chain/receipt.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { type Fetch, Http } from '../../sdk/client/http.ts';
import { witnessKey } from './key.ts';
import { recordFolder, WitnessRecord } from './record.ts';
import { type WitnessEvent, witness } from './witness.ts';

const words = ['ana', 'ben', 'cleo', ''];
let folder: string;
let record: WitnessRecord;
let signer: VoteSigner;
const ledger = await ShownLedger.of(words);
const trustRoot = ledger.trustRoot();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salus-witness-'));
  signer = witnessKey(join(folder, 'witness.key'));
  record = opened();
});
afterEach(() => {
  record.close();
  rmSync(folder, { recursive: true, force: true });
});

function opened(): WitnessRecord {
  const path = recordFolder(join(folder, 'witness.key'), trustRoot);
  return new WitnessRecord(path, signer.publicKey, trustRoot);
}

interface Watching {
  readonly nowMs?: number;
  readonly fetch?: Fetch;
  readonly by?: VoteSigner;
}

/** Witnesses until it has said something, or until it fails. */
async function watch(shown: ShownLedger, options: Watching = {}): Promise<WitnessEvent[]> {
  const { nowMs = shown.timeMs(), fetch = shown.fetch, by = signer } = options;
  const stop = new AbortController();
  const events: WitnessEvent[] = [];
  await witness({
    gateway: new GatewayClient(new Http('http://shown', { fetch, retryDelaysMs: [] })),
    ...{ trustRoot, record, signer: by, signal: stop.signal, now: () => nowMs },
    on: (event) => {
      events.push(event);
      stop.abort();
    },
  });
  return events;
}

const heightsOf = (events: readonly WitnessEvent[]) =>
  events.flatMap((it) => (it.event === 'signed' ? it.signed.map(({ height }) => height) : []));

async function signs(height: number): Promise<boolean> {
  const found = record.header(height);
  if (found?.signature === undefined) return false;
  const message = witnessMessage(trustRoot.chain, height, found.headerHash);
  assert.ok(await verifyVote(signer.publicKey, message, found.signature));
  return true;
}

test('every header that follows is signed once, and what comes later is signed then', async () => {
  assert.deepEqual(heightsOf(await watch(ledger)), [2, 3, 4]);
  const grown = await ShownLedger.of([...words, 'dora', ''], ledger);
  assert.deepEqual(heightsOf(await watch(grown)), [5, 6]);
  const signed = await Promise.all([1, 2, 3, 4, 5, 6].map(signs));
  assert.deepEqual(signed, [false, true, true, true, true, true]);
});

test('what was met more than a minute late, or ahead of this clock, is written down and never signed', async () => {
  const late = await watch(ledger, { nowMs: ledger.timeMs(3) + 60_000 });
  assert.deepEqual(heightsOf(late), [3, 4]);
  assert.ok(record.header(2) !== undefined && !(await signs(2)));
  const grown = await ShownLedger.of([...words, 'dora', ''], ledger);
  const early = await watch(grown, { nowMs: grown.timeMs(5) - 60_001 });
  assert.deepEqual(early, [{ event: 'followed', height: 6, headers: 2 }]);
});

test('a height is on disk before it is signed, and a crash in between leaves it unsigned', async () => {
  const seen: (number | undefined)[] = [];
  const crash = new Error('killed');
  const by: VoteSigner = {
    publicKey: signer.publicKey,
    sign: () => {
      const beside = opened();
      seen.push(beside.point()?.header.height);
      assert.deepEqual(beside.header(2)?.signature, undefined);
      beside.close();
      throw crash;
    },
  };
  await assert.rejects(watch(ledger, { by }), crash);
  assert.deepEqual(seen, [4]);
  record.close();
  record = opened();
  const grown = await ShownLedger.of([...words, 'dora', ''], ledger);
  assert.deepEqual(heightsOf(await watch(grown)), [5, 6]);
  assert.equal(await signs(3), false);
});

test('a height that stands in the record is not written again, nor one that leaves a gap', async () => {
  await watch(ledger);
  const point = record.point() ?? assert.fail();
  const at = (height: number) => ({ ...point, header: { ...point.header, height } });
  for (const height of [3, 4, 6]) {
    assert.throws(
      () => record.advance([at(height)], at(height)),
      (error) => isCoded(error, 'INTERNAL'),
    );
  }
  assert.deepEqual(record.point(), point);
});

test('a fork ends it: nothing more is signed, and the evidence names the first height', async () => {
  await watch(ledger);
  const forked = await ShownLedger.of(['ana', 'eve', 'cleo', '', 'dora', ''], ledger);
  const error = await watch(forked).then(
    () => assert.fail('followed'),
    (it: unknown) => it,
  );
  assert.ok(error instanceof CodedError && error.code === 'LEDGER_FORKED');
  const { height, firstHeight, evidence } = error.details;
  assert.deepEqual([height, firstHeight], [4, 2]);
  assert.equal(statSync(String(evidence)).mode & 0o077, 0);
  const told = JSON.parse(readFileSync(String(evidence), 'utf8'));
  assert.deepEqual([told.code, told.trustRoot], ['LEDGER_FORKED', trustRoot]);
  assert.deepEqual(told.known.answer, ledger.answer(4));
  assert.deepEqual(told.shown, [forked.answer(5), forked.answer(4)]);
  assert.equal(record.header(5), undefined);
  // Started again it says the same.
  await assert.rejects(watch(forked), (again) => isCoded(again, 'LEDGER_FORKED'));
});

test('a ledger that was put back as it was earlier is not signed on', async () => {
  await watch(ledger);
  const shorter = await ShownLedger.of(words.slice(0, 2), ledger);
  await assert.rejects(watch(shorter), (error) => {
    assert.ok(isCoded(error, 'GATEWAY_LIED'));
    assert.deepEqual([error.details.height, error.details.known], [2, 4]);
    return true;
  });
});

test('no answer, one from something on the way, or a clock that is wrong ends nothing', async () => {
  await watch(ledger);
  const grown = await ShownLedger.of([...words, 'dora', ''], ledger);
  const cases: readonly [string, Watching][] = [
    ['GATEWAY_UNREACHABLE', { fetch: () => Promise.reject(new TypeError('refused')) }],
    ['GATEWAY_LIED', { fetch: async () => new Response('<html>', { status: 200 }) }],
    ['HEADER_INVALID', { nowMs: grown.timeMs() - 3_600_000 }],
  ];
  for (const [code, options] of cases) {
    const [event] = await watch(grown, options);
    assert.ok(event?.event === 'waiting' && event.error.code === code, code);
  }
});

test('a record belongs to one key, one ledger and one process', async () => {
  const path = recordFolder(join(folder, 'witness.key'), trustRoot);
  const other = { ...trustRoot, chain: 'other-1' };
  for (const [key, root] of [
    [operator().publicKey, trustRoot],
    [signer.publicKey, other],
  ] as const) {
    assert.throws(
      () => new WitnessRecord(path, key, root),
      (error) => isCoded(error, 'HOME_INVALID'),
    );
  }
  record.lock();
  const second = opened();
  assert.throws(
    () => second.lock(),
    (error) => isCoded(error, 'LEDGER_LOCKED'),
  );
  second.close();
});

test('a key that is lost is not made anew beside the records of the old one', async () => {
  const path = join(folder, 'witness.key');
  assert.ok(equalBytes(witnessKey(path).publicKey, signer.publicKey));
  assert.equal(statSync(path).mode & 0o077, 0);
  rmSync(path);
  assert.throws(
    () => witnessKey(path),
    (error) => isCoded(error, 'HOME_INVALID'),
  );
});
