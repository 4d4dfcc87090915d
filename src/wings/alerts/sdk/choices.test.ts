import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from '../../../primitives/cbor.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { entriesOf, type HasDrawers, mergeDrawers, withEntry } from '../../../sdk/wallet/drawer.ts';
import { noCode } from '../api/choice.ts';
import { type KeptAlert, keptAlerts } from './choices.ts';

/** What a wallet keeps of a choice. Source: docs/protocol/alerts.md, AL-20; docs/protocol/wallet.md, W-16. */

const none = { code: noCode, codeKeyId: noCode };
const confirmed = { code: new Uint8Array(5).fill(1), codeKeyId: new Uint8Array(16).fill(2) };
const kept = (counter: number, change: Partial<KeptAlert> = {}): KeptAlert => ({
  ...{ counter, account: 'a'.repeat(64), channel: 'mail', address: 'ana@example.org' },
  ...{ language: 'en', quietFrom: 0, quietUntil: 0, zoneMinutes: 720, secret: new Uint8Array(0) },
  ...{ causes: ['look'], known: 11, ...none, ...change },
});
const empty: HasDrawers = { drawers: [] };

test('what a build before codes has kept is read as not confirmed, and gives way to what is kept now', () => {
  const { code: _, codeKeyId: __, ...fields } = kept(7);
  const before = encodeCbor(Object.values(fields));
  const key = keptAlerts.key(kept(7));
  const { wing } = keptAlerts;
  const old: HasDrawers = {
    drawers: [{ wing, entries: [{ key, value: before, ended: false }] }],
  };
  assert.deepEqual(entriesOf(old, keptAlerts), [kept(7)]);
  assert.notDeepEqual(encodeAs(keptAlerts.entry, kept(7)), before);
  const now = withEntry(old, keptAlerts, kept(8));
  assert.deepEqual(entriesOf(now, keptAlerts), [kept(8)]);
});

test('of two devices’ choices the one that was made later stays, with a code or without, from either side', () => {
  for (const [older, newer] of [
    [kept(1, confirmed), kept(2, { address: 'b@example.org' })],
    [kept(1), kept(2, confirmed)],
    [kept(255, confirmed), kept(256)],
    [kept(1, confirmed), kept(2, { address: '' })],
  ] as const) {
    const [mine, theirs] = [older, newer].map((it) => withEntry(empty, keptAlerts, it).drawers);
    for (const drawers of [
      mergeDrawers(mine ?? [], theirs ?? []),
      mergeDrawers(theirs ?? [], mine ?? []),
    ]) {
      assert.deepEqual(entriesOf({ drawers }, keptAlerts), [newer]);
    }
  }
});
