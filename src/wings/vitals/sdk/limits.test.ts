import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../../../../test/world.ts';
import { entriesOf, type HasDrawers, mergeDrawers, withEntry } from '../../../sdk/wallet/drawer.ts';
import { curvesOf } from './curves.ts';
import { type KeptLimits, limitsDrawer } from './kept-limits.ts';
import { defaultRanges } from './thresholds.ts';

const empty: HasDrawers = { drawers: [] };
const limits = (change: Partial<KeptLimits>): KeptLimits => ({
  ...{ changedMs: 1_000, account: accountOf('ana'), vital: 'heartRate', isOwn: true },
  ...{ low: [5_000_000], high: [] },
  ...change,
});
const kept = (...all: readonly KeptLimits[]) =>
  all.reduce((content, it) => withEntry(content, limitsDrawer, it), empty);

test('of two devices that know nothing of each other the limits that were set later stay, also the defaults', () => {
  const one = kept(limits({ changedMs: 70_000, low: [9_000_000] }));
  const two = kept(limits({ changedMs: 70_001, isOwn: false, low: [] }));
  for (const [mine, theirs] of [
    [one, two],
    [two, one],
  ] as const) {
    const drawers = mergeDrawers(mine.drawers, theirs.drawers);
    const [only, more] = entriesOf({ drawers }, limitsDrawer);
    assert.deepEqual([only?.changedMs, only?.isOwn, more], [70_001, false, undefined]);
  }
});

test('limits are one entry for each account and vital sign', () => {
  const content = kept(
    limits({}),
    limits({ vital: 'pulse' }),
    limits({ account: accountOf('bea') }),
    limits({ changedMs: 2_000, high: [9_000_000] }),
  );
  assert.equal(entriesOf(content, limitsDrawer).length, 3);
});

test('curves are held against the limits that they are given, and against the defaults without any', () => {
  const rows = [[70], [70], [70]];
  const from = 'servers' as const;
  const pages = [{ panel: 5, startHour: 1, sequence: 0, from, sensor: 's', rows }];
  const own = { ...defaultRanges, heartRate: { low: undefined, high: 60 } };
  const crossings = (...ranges: readonly (typeof own)[]) =>
    curvesOf(pages, 'reading', ...ranges)[0]?.crossings.map(({ side }) => side);
  assert.deepEqual([crossings(), crossings(own)], [[], ['above']]);
});
