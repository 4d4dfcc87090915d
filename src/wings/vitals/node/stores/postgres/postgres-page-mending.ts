import { bytesToHex, concatBytes } from '../../../../../primitives/bytes.ts';
import { bytesIn, type Row, textIn, uintIn } from '../page-rows.ts';
import type { MendedPage, PlannedBatch } from '../page-store.ts';
import type { ScrubPlace } from '../upkeep.ts';
import { addDays } from './postgres-day-sums.ts';
import type { GuardedStep } from './postgres-guarded-step.ts';
import { type NumberOf, scrubPages } from './postgres-page-scrub.ts';
import { postgresPageTables } from './postgres-page-tables.ts';
import type { PostgresRowGuard } from './postgres-row-guard.ts';
import { putShare, shareIn } from './postgres-shares.ts';
import { rowOf } from './postgres-waiting-pages.ts';
import {
  batchesWithoutDays,
  lostTrios,
  orphansIn,
  tablesOfDays,
  tablesOfPages,
  withoutBody,
} from './postgres-whole-pages.ts';

const ofIds = 'id = ANY ($1::int8[])';
const idsIn = (rows: readonly Row[]): readonly number[] => rows.map((row) => uintIn(row, 'id'));

/** The batch and its pages as they are to be, in place of what stands there, and their sums. Rule VT-11. */
export async function mendBatch(
  step: GuardedStep,
  batch: PlannedBatch,
  pages: readonly MendedPage[],
): Promise<void> {
  const { trio, number, root, firstHour: first_hour, lastHour: last_hour } = batch;
  await step.drop('batches', 'trio = $1 AND number = $2', trio, number);
  const list = { pages: concatBytes(...batch.pages), first_hour, last_hour, sealed: true };
  await step.put('batches', [{ trio, number, root, ...list }]);
  // What stands in this batch without being of it.
  await step.ask('UPDATE pages SET batch = 0 WHERE trio = $1 AND batch = $2', trio, number);
  await mendPages(step, number, pages);
  await daysAnew(step, trio, number);
}

async function daysAnew(step: GuardedStep, trio: string, number: number): Promise<void> {
  await step.drop('day_batches', 'trio = $1 AND batch = $2', trio, number);
  for (const table of tablesOfDays)
    await step.ask(`DELETE FROM ${table} WHERE id IN (${orphansIn(table)})`);
  await addDays(step, trio, number);
}

async function mendPages(
  step: GuardedStep,
  batch: number,
  pages: readonly MendedPage[],
): Promise<void> {
  const found = await step.rows(
    'pages',
    'page = ANY ($1::bytea[])',
    pages.map(({ names }) => names.page),
  );
  const known = new Map(found.map((row) => [bytesToHex(bytesIn(row, 'page')), row]));
  const fresh = await step.numbers('pages', 'id', pages.length);
  const rows = pages.map(({ names, atMs }, at) => {
    const before = known.get(bytesToHex(names.page));
    const came = before !== undefined && step.isHeld('pages', before);
    const own = { ...names, atMs: came ? uintIn(before, 'at_ms') : atMs };
    const id = before === undefined ? (fresh[at] ?? 0) : uintIn(before, 'id');
    const row = { ...rowOf(own), state: 'accepted', batch, id };
    return { isKnown: before !== undefined, row };
  });
  await step.put(
    'pages',
    rows.filter(({ isKnown }) => !isKnown).map(({ row }) => row),
  );
  const { bound, beside } = postgresPageTables[2];
  await step.change(
    'pages',
    rows.filter(({ isKnown }) => isKnown).map(({ row }) => [row, {}]),
    [...bound, ...beside],
  );
  const ids = rows.map(({ row }) => row.id);
  for (const table of ['bodies', 'sayings']) await step.drop(table, ofIds, ids);
  await step.ask(`DELETE FROM shares WHERE ${ofIds}`, ids);
  for (const [at, { kept }] of pages.entries()) await putShare(step, ids[at] ?? 0, kept);
}

/** Rows that do not hold go; a page that waits is refused with its body, so that its sensor shares it anew. */
export async function dropBad(
  guard: PostgresRowGuard,
  step: GuardedStep,
  { code, numberOf }: { readonly code: string; readonly numberOf: NumberOf },
): Promise<void> {
  await dropUnbound(guard, step, numberOf);
  for (const table of postgresPageTables) {
    const dropped = await guard.dropBad(step, table);
    if (table.name === 'bodies' || table.name === 'sayings')
      await refuse(step, idsIn(dropped), code);
  }
  for (const table of [...tablesOfPages, ...tablesOfDays])
    await step.ask(`DELETE FROM ${table} WHERE id IN (${orphansIn(table)})`);
  await refuse(step, idsIn(await step.ask(withoutBody)), code);
  await step.put('trios', await step.ask(lostTrios));
  // A day that went is made anew of its pages.
  for (const row of await step.ask(batchesWithoutDays()))
    await daysAnew(step, textIn(row, 'trio'), uintIn(row, 'batch'));
}

async function refuse(step: GuardedStep, ids: readonly number[], code: string): Promise<void> {
  for (const table of ['bodies', 'sayings']) await step.drop(table, ofIds, ids);
  const waiting = await step.rows('pages', `state = 'waiting' AND ${ofIds}`, ids);
  await step.change(
    'pages',
    waiting.map((row) => [row, { state: 'refused', code }]),
    ['state', 'code'],
  );
}

/** Rows whose MAC holds and whose other parts do not: a page in no batch, an envelope, the rows of a day. */
async function dropUnbound(
  guard: PostgresRowGuard,
  step: GuardedStep,
  numberOf: NumberOf,
): Promise<void> {
  const { ask } = step;
  for (const first of ['pages', 'day_batches', 'envelopes']) {
    let place: ScrubPlace | undefined = { table: first, after: [] };
    while (place?.table === first) {
      const found = await scrubPages(guard, { ask, place, most: 512, numberOf });
      for (const { table, row, bound } of found.bad) {
        if (!/^[0-9]+$/.test(row) || (table === first && bound === 'row MAC')) continue;
        if (table === 'shares') await shareAnew(step, Number(row));
        else if (table === 'pages') await step.drop('pages', 'id = $1', Number(row));
        else if (first === 'day_batches') await step.drop(first, 'id = $1', Number(row));
        else await step.drop('envelopes', 'number = $1', Number(row));
      }
      place = found.next;
    }
  }
}

/** It is the one that was accepted; its MAC is not. */
async function shareAnew(step: GuardedStep, id: number): Promise<void> {
  const [row] = await step.ask('SELECT * FROM shares WHERE id = $1', id);
  if (row === undefined) return;
  await step.ask('DELETE FROM shares WHERE id = $1', id);
  await putShare(step, id, shareIn(row));
}
