import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../../primitives/errors.ts';
import type { GatewayBase } from '../../base.ts';
import { Store } from '../../store.ts';
import { Attempts } from './attempts.ts';
import type { Finding, StoreReport } from './finding.ts';
import { Findings, findings, type OpenFinding } from './findings.ts';

const blobId = `bafkrei${'a'.repeat(52)}`;
const row: Finding = {
  ...{ store: 'gateway', table: 'inbox', row: '7', column: '', bound: 'row MAC: changed' },
  code: 'ROW_CORRUPT',
};
const body: Finding = {
  ...{ store: 'blobs', table: 'blobs', row: blobId, column: '', bound: 'id: changed' },
  code: 'BLOB_CORRUPT',
};

/** A part with a real file in memory; `copies`: another hospital has the bodies. */
function opened() {
  const owners = findings.store === undefined ? [] : [findings.store];
  const db = new Store(':memory:', owners);
  const waiting: StoreReport[] = [];
  const state = { copies: false, nowMs: 1_000 };
  const base = {
    ...{ db, now: () => state.nowMs, figures: { add() {}, observe() {}, set() {} } },
    reports: {
      take(taken: (report: StoreReport) => void) {
        for (const it of waiting.splice(0)) taken(it);
      },
    },
    blobs: {
      async *readStream() {
        if (!state.copies) throw new CodedError('BLOB_CORRUPT');
        yield new Uint8Array(1);
      },
    },
  } as unknown as GatewayBase;
  const part = new Findings(base, () => []);
  const told: string[] = [];
  const places = (all: readonly OpenFinding[]) => all.map((it) => `${it.table} ${it.row}`).join();
  part.onFinding({
    found: (all, wholeMs) => told.push(`found ${places(all)}, whole ${wholeMs}`),
    ended: (all) => told.push(`ended ${places(all)}`),
  });
  return { part, told, waiting, state };
}
const report = (part: string, atMs: number, all: readonly Finding[], isWhole = true) => ({
  ...{ part, atMs, isWhole, findings: all },
});

test('a place is told once, however often it is met, and again when it comes back', async () => {
  const { part, told, waiting } = opened();
  waiting.push(report('north gateway', 5, []), report('north gateway', 10, [row], false));
  waiting.push(report('north gateway', 11, [row]), report('north gateway', 20, [row]));
  await part.turn();
  assert.deepEqual(told, ['found inbox 7, whole 5']);
  assert.equal(part.count(), 1);
  waiting.push(report('north gateway', 30, []), report('north gateway', 40, [row]));
  await part.turn();
  assert.deepEqual(told.slice(1), ['ended inbox 7', 'found inbox 7, whole 30']);
});

test('a round that began in the middle ends nothing, nor does one of another store', async () => {
  const { part, told, waiting } = opened();
  waiting.push(report('north gateway', 10, [row]));
  waiting.push(report('north gateway', 20, [], false), report('north blobs', 21, []));
  await part.turn();
  assert.deepEqual(told, ['found inbox 7, whole 0']);
  assert.equal(part.count(), 1);
});

test('a body that another hospital has is over when it was read from there', async () => {
  const { part, told, waiting, state } = opened();
  waiting.push(report('north blobs', 10, [body]));
  await part.turn();
  assert.equal(part.count(), 1);
  state.copies = true;
  await part.turn();
  assert.equal(part.count(), 1, 'others were asked a moment ago');
  state.nowMs += 10 * 60_000;
  await part.turn();
  assert.deepEqual(told, [`found blobs ${blobId}, whole 0`, `ended blobs ${blobId}`]);
  assert.equal(part.count(), 0);
});

test('a flood from one address is one line an hour, told once, and a flood of addresses leaves room for others', () => {
  let nowMs = 0;
  const attempts = new Attempts(() => nowMs);
  const route = 'POST /v1/invitations';
  const refuse = (from: string) => attempts.refused(from, route, 'UNAUTHENTICATED');
  refuse('10.0.0.9');
  refuse('10.0.0.9');
  assert.deepEqual(attempts.take(3), [], 'twice is a slip of the hand');
  for (let i = 0; i < 10_000; i++) refuse('10.0.0.9');
  assert.deepEqual(
    attempts.take(3).map(({ times, firstMs }) => [times, firstMs]),
    [[10_002, 0]],
  );
  refuse('10.0.0.9');
  assert.deepEqual(attempts.take(3), []);
  nowMs = 3_600_000;
  for (let i = 0; i < 3; i++) refuse('10.0.0.9');
  assert.equal(attempts.take(3).length, 1, 'the next hour is another line');
  for (let i = 0; i < 5_000; i++) refuse(`fd00::${i}`);
  refuse('192.0.2.1');
  const taken = attempts.take(1).map(({ from }) => from);
  assert.ok(taken.length <= 129, String(taken.length));
  assert.equal(taken.at(-1), '192.0.2.1');
  nowMs = 2 * 3_600_000;
  attempts.take(1);
  for (let i = 0; i < 5_000; i++) refuse(`10.${i & 255}.0.${i >> 8}`);
  assert.ok(attempts.take(1).length <= 1_024);
});
