import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readReport } from '../../api/incident-report.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import { depth, stepRows } from '../../node/incidents/background-round.ts';
import { type RoundPlace, Scrub } from '../../node/incidents/scrubbing.ts';
import { furnish } from '../settings/furnished-server.ts';
import { valuesOf } from '../settings/pages.ts';
import { type OpenStores, ThreeServers } from '../settings/three-servers.ts';

/** The value of a column in the `row`-th row of a table. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: number;
}

/** What a data server keeps, as somebody who can write to it without the server sees it. */
export interface TamperedStore {
  readonly tables: readonly string[];
  /** Columns with a value, of the first and the last row of a table. */
  columnsIn(table: string): Promise<readonly Place[]>;
  /** Changes one bit of it; returns what puts it back as it was. */
  flipped(place: Place): Promise<() => Promise<void>>;
  /** The first row of a table is there no more. */
  gone(table: string): Promise<void>;
}

/** Opens three servers' stores; `first`: those of the first of them, under `folder`. */
export type OpenTampered = () => Promise<{
  readonly openStores?: OpenStores;
  readonly first: (folder: string) => TamperedStore;
}>;

const kernel = await openKernel();

/** Three servers with a batch of three pages that all of them sealed, and the folder with their files. */
export async function sealed(
  t: TestContext,
  openStores?: OpenStores,
): Promise<{ readonly three: ThreeServers; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-tampered-'));
  const three = await ThreeServers.open(folder, kernel, openStores);
  t.after(() => three.close());
  await three.registerEverywhere();
  const values = [valuesOf(1, 64, 1), valuesOf(3, 10, 3), valuesOf(1, 2, 2)];
  await three.uploadTogether(await three.signTogether(values));
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  for (const place of [1, 2] as const) await three.server(place).seal();
  return { three, folder };
}

interface Furnished {
  readonly three: ThreeServers;
  readonly store: TamperedStore;
}

/** With a row in every table of the first one. */
export async function furnished(t: TestContext, open: OpenTampered): Promise<Furnished> {
  const { openStores, first } = await open();
  const { three, folder } = await sealed(t, openStores);
  await furnish(three);
  return { three, store: first(folder) };
}

/** Names of tables that a round in the background finds something in. */
async function inBackground(three: ThreeServers): Promise<readonly string[]> {
  const scrub = new Scrub(three.server(0).base);
  const found: string[] = [];
  let place: RoundPlace | undefined;
  do {
    const step = await scrub.step(place, stepRows, depth);
    found.push(...step.bad.map(({ table }) => table));
    place = step.next;
  } while (place !== undefined);
  return found;
}

/** What is changed in a store is found and named: rules VT-5 to VT-8. */
export function changesAreFound(name: string, tables: readonly string[], open: OpenTampered): void {
  test(`${name}: of a server that nobody touched nothing is found, also after it was opened again`, async (t) => {
    const { three } = await furnished(t, open);
    for (const place of [0, 1, 2] as const) {
      const { bad, rows } = await new Scrub(three.server(place).base).round(3);
      assert.deepEqual(bad, []);
      assert.ok(rows > 5);
    }
    assert.equal(await three.store(0).upkeep?.wasWrittenByOthers(), false);
    await three.kill(0);
    assert.deepEqual((await new Scrub(three.server(0).base).round(100)).bad, []);
    assert.equal(await three.store(0).upkeep?.wasWrittenByOthers(), false);
  });

  for (const table of tables)
    test(`${name}: one bit of any column of any row of ${table} that is another is found and named`, async (t) => {
      const { three, store } = await furnished(t, open);
      const columns = await store.columnsIn(table);
      assert.ok(columns.length > 0);
      for (const place of columns) {
        const undo = await store.flipped(place);
        const found = [await inBackground(three)];
        for (const isDeep of [false, true]) {
          const { bad } = await new Scrub(three.server(0).base).round(5, undefined, isDeep);
          found.push(bad.map((it) => it.table));
        }
        for (const said of found)
          assert.ok(
            said.some((it) => isNameOf(table, it)),
            `${table}.${place.column} of row ${place.row}: ${said.join(', ')}`,
          );
        await undo();
        assert.deepEqual((await new Scrub(three.server(0).base).round(500)).bad, []);
      }
    });
}

/** And met by the server's next turn, and put right: rules VT-9 to VT-11 and VT-16. */
export function changesAreMended(
  name: string,
  tables: readonly string[],
  open: OpenTampered,
): void {
  for (const table of tables)
    test(`${name}: any column of ${table}, changed: found by the turn that sees the write, quarantined, rebuilt, and it serves again`, async (t) => {
      const { three, store } = await furnished(t, open);
      const ofFirst = async () => (await store.columnsIn(table)).filter(({ row }) => row === 0);
      const columns = await ofFirst();
      assert.ok(columns.length > 0);
      for (const place of columns) {
        // What cannot be had again is gone after the first time.
        if (!(await ofFirst()).some(({ column }) => column === place.column)) continue;
        const said = await isFoundAndMended(three, async () => void (await store.flipped(place)));
        assert.ok(
          said.some((it) => isNameOf(table, it)),
          `${table}.${place.column}: ${said.join(', ')}`,
        );
      }
    });
}

/** So is a row that is gone, of tables where something misses it (VT-5). */
export function lossesAreMended(name: string, tables: readonly string[], open: OpenTampered): void {
  for (const table of tables)
    test(`${name}: a row of ${table} that is gone is found, and what follows from others is there again`, async (t) => {
      const { three, store } = await furnished(t, open);
      assert.deepEqual(await inBackground(three), []);
      await isFoundAndMended(three, async () => {
        await store.gone(table);
        assert.notDeepEqual(await inBackground(three), []);
      });
    });
}

/** A page is of its batch, or of the list that it is accepted in; a share is of its page. */
const namedFor = (table: string): readonly string[] =>
  ({ pages: ['batches', 'accepted'], shares: ['pages'] })[table] ?? [];
const isNameOf = (table: string, found: string): boolean =>
  found === table || namedFor(table).includes(found);

/** What somebody does to the first server is met by its next turn, and put right; returns the tables that were reported. */
async function isFoundAndMended(
  three: ThreeServers,
  work: () => Promise<void>,
): Promise<readonly string[]> {
  const { tampering, rebuilding, base } = three.server(0);
  const sums = await daysOf(three);
  const batch = await three.ledger.row(statBatches, batchRowId(three.trio, 1));
  const quarantine = () =>
    three.ledger.row(statQuarantines, quarantineRowId(three.trio, base.account));
  await tampering.turn();
  const before = (await base.incidents.incidents()).length;
  await work();
  await tampering.turn();
  assert.equal(tampering.quarantines().length, 1);
  assert.equal((await quarantine())?.state, 'quarantined');
  const kept = (await base.incidents.incidents()).slice(before);
  assert.ok(kept.length > 0);
  const said = kept.map(({ signed }) => readReport(signed));
  assert.ok(said.every(({ foundBy }) => foundBy === 'watch'));
  three.now += 1_000;
  await rebuilding.rebuild(three.recovery[0] ?? assert.fail());
  assert.equal((await quarantine())?.state, 'rebuilt');
  assert.deepEqual((await three.store(0).sealedBatch(three.trio, 1))?.root, batch?.root);
  await tampering.requireServed(three.trio, { first: 0, last: 1 });
  assert.ok(await three.store(0).registration(three.pseudonym));
  assert.deepEqual(await daysOf(three), sums);
  const reports = (await base.incidents.incidents()).length;
  await tampering.turn();
  assert.equal((await base.incidents.incidents()).length, reports);
  return said.flatMap(({ places }) => places.map((it) => it.table.split('.')[1] ?? ''));
}

async function daysOf(three: ThreeServers): Promise<readonly unknown[]> {
  const hours = { from: 0, until: 24 * 1_000_000 };
  const days: unknown[] = [];
  for (const panel of [1, 3]) {
    const of = { trio: three.trio, panel, asOfBatch: 1, hours };
    for await (const it of three.store(0).days(of, { counters: true })) days.push(it);
  }
  assert.ok(days.length > 0);
  return days;
}
