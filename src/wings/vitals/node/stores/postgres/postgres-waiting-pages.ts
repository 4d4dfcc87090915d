import { bytesToHex, equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { bytesIn, type Row, uintIn } from '../page-rows.ts';
import type { ArrivedPage, KeptEnvelope, PageVerdict, SaidOfPage } from '../page-store.ts';
import type { GuardedStep } from './postgres-guarded-step.ts';
import { putShare } from './postgres-shares.ts';

/** Pages until they are accepted or refused, and their envelopes, in PostgreSQL. Rules VS-11 to VS-14. */

/** The numbers of their rows; of those that were here already none. */
export async function takeInPages(
  step: GuardedStep,
  pages: readonly ArrivedPage[],
): Promise<readonly number[]> {
  const taken: number[] = [];
  for (const some of apart(pages)) taken.push(...(await takeInApart(step, some)));
  return taken;
}

/** One page may come twice in one step: then one after the other. */
function apart(pages: readonly ArrivedPage[]): readonly (readonly ArrivedPage[])[] {
  const names = new Set(pages.map(({ page }) => bytesToHex(page)));
  return names.size === pages.length ? [pages] : pages.map((it) => [it]);
}

async function takeInApart(
  step: GuardedStep,
  pages: readonly ArrivedPage[],
): Promise<readonly number[]> {
  const before = await pagesBefore(step, pages);
  const fresh = pages.filter((of) => isFresh(of, before.get(bytesToHex(of.page))));
  const replaced = fresh.flatMap(({ page }) => {
    const row = before.get(bytesToHex(page));
    return row === undefined ? [] : [uintIn(row, 'id')];
  });
  await forget(step, replaced);
  const trios = [...new Set(fresh.map(({ trio }) => trio))];
  await step.put('trios', await missing(step, trios));
  const ids = await step.numbers('pages', 'id', fresh.length);
  const arrivals = await step.numbers('arrivals', 'id', fresh.length);
  const of = (row: (page: ArrivedPage, at: number) => Row) => fresh.map(row);
  await step.put(
    'arrivals',
    of(({ sensor, atMs }, at) => ({ id: arrivals[at], sensor, at_ms: atMs })),
  );
  await step.put(
    'pages',
    of((page, at) => ({ ...rowOf(page), id: ids[at], state: 'waiting', batch: 0 })),
  );
  await step.put(
    'bodies',
    of(({ body }, at) => ({ id: ids[at], body })),
  );
  return ids;
}

async function missing(step: GuardedStep, trios: readonly string[]): Promise<readonly Row[]> {
  const known = await step.rows('trios', 'trio = ANY ($1::text[])', trios);
  const names = new Set(known.map(({ trio }) => trio));
  return trios.filter((trio) => !names.has(trio)).map((trio) => ({ trio }));
}

/** But for number, state and batch. */
export const rowOf = (of: Omit<ArrivedPage, 'body'>): Row => ({
  ...{ page: of.page, trio: of.trio, manifest_hash: of.manifestHash, manifest: of.manifest },
  ...{ signature: of.signature, sensor: of.sensor, pseudonym: of.pseudonym, panel: of.panel },
  ...{ hour: of.startHour, n: of.n, leaf: of.leaf, at_ms: of.atMs, code: null },
});

/** By page id; with `isSaid`. */
async function pagesBefore(
  step: GuardedStep,
  pages: readonly ArrivedPage[],
): Promise<ReadonlyMap<string, Row>> {
  const rows = await step.rows(
    'pages',
    'page = ANY ($1::bytea[])',
    pages.map(({ page }) => page),
  );
  const said = await step.ask(
    'SELECT id FROM sayings WHERE id = ANY ($1::int8[])',
    rows.map((row) => uintIn(row, 'id')),
  );
  const spoken = new Set(said.map((row) => uintIn(row, 'id')));
  const named = rows.map((row): readonly [string, Row] => [
    bytesToHex(bytesIn(row, 'page')),
    { ...row, isSaid: spoken.has(uintIn(row, 'id')) },
  ]);
  return new Map(named);
}

function isFresh(of: ArrivedPage, before: Row | undefined): boolean {
  if (before === undefined) return true;
  // What became of it stays: one sharing is judged once.
  if (equalBytes(bytesIn(before, 'manifest_hash'), of.manifestHash)) return false;
  if (before.state === 'accepted') throw new CodedError('PAGE_REPLAYED');
  if (before.state === 'waiting' && before.isSaid === true) throw new CodedError('PAGE_WAITS');
  return true;
}

async function forget(step: GuardedStep, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await dropEnvelopes(step, ids);
  for (const table of ['bodies', 'sayings', 'pages'])
    await step.drop(table, 'id = ANY ($1::int8[])', ids);
}

export async function keepEnvelope(
  step: GuardedStep,
  { id, bytes }: KeptEnvelope,
  pages: readonly number[],
): Promise<void> {
  let [kept] = await step.rows('envelopes', 'name = $1', id);
  if (kept === undefined) {
    const [number] = await step.numbers('envelopes', 'number', 1);
    kept = { number, name: id, envelope: bytes };
    await step.put('envelopes', [kept]);
  }
  const number = uintIn(kept, 'number');
  await step.put(
    'page_envelopes',
    pages.map((page) => ({ id: page, number })),
  );
}

/** From what is refused or replaced nobody is rebuilt; an envelope goes with the last of its pages. */
async function dropEnvelopes(step: GuardedStep, pages: readonly number[]): Promise<void> {
  const dropped = await step.drop('page_envelopes', 'id = ANY ($1::int8[])', pages);
  if (dropped.length === 0) return;
  await step.drop(
    'envelopes',
    `number = ANY ($1::int8[])
     AND NOT EXISTS (SELECT 1 FROM page_envelopes WHERE page_envelopes.number = envelopes.number)`,
    dropped.map((row) => uintIn(row, 'number')),
  );
}

/** What waits under these manifests. */
async function waitingUnder(
  step: GuardedStep,
  named: readonly Pick<SaidOfPage, 'page' | 'manifestHash'>[],
): Promise<ReadonlyMap<string, Row>> {
  const rows = await step.rows(
    'pages',
    `state = 'waiting' AND page = ANY ($1::bytea[])`,
    named.map(({ page }) => page),
  );
  return new Map(
    rows.map((row) => [
      bytesToHex(bytesIn(row, 'page')) + bytesToHex(bytesIn(row, 'manifest_hash')),
      row,
    ]),
  );
}
const nameOf = ({ page, manifestHash }: Pick<SaidOfPage, 'page' | 'manifestHash'>): string =>
  bytesToHex(page) + bytesToHex(manifestHash);

export async function speakOf(step: GuardedStep, said: readonly SaidOfPage[]): Promise<void> {
  const waiting = await waitingUnder(step, said);
  const rows = said.flatMap((it) => {
    const row = waiting.get(nameOf(it));
    return row === undefined ? [] : [{ id: row.id, said: it.said }];
  });
  await step.put('sayings', rows, { orKeep: true });
}

export async function settlePages(
  step: GuardedStep,
  verdicts: readonly PageVerdict[],
): Promise<void> {
  const waiting = new Map(await waitingUnder(step, verdicts));
  const settled = verdicts.flatMap((verdict) => {
    const row = waiting.get(nameOf(verdict));
    // Of two verdicts the first one stands.
    waiting.delete(nameOf(verdict));
    return row === undefined ? [] : [{ row, verdict, id: uintIn(row, 'id') }];
  });
  await step.change(
    'pages',
    settled.map(({ row, verdict }) => [
      row,
      'code' in verdict ? { state: 'refused', code: verdict.code } : { state: 'accepted' },
    ]),
    ['state', 'code'],
  );
  await step.drop(
    'bodies',
    'id = ANY ($1::int8[])',
    settled.map(({ id }) => id),
  );
  await dropEnvelopes(
    step,
    settled.filter(({ verdict }) => 'code' in verdict).map(({ id }) => id),
  );
  for (const { id, verdict } of settled)
    if ('kept' in verdict) await putShare(step, id, verdict.kept);
}

/** Returns how many. */
export async function refusePages(
  step: GuardedStep,
  rows: readonly Row[],
  code: string,
): Promise<number> {
  const ids = rows.map((row) => uintIn(row, 'id'));
  await step.change(
    'pages',
    rows.map((row) => [row, { state: 'refused', code }]),
    ['state', 'code'],
  );
  await dropEnvelopes(step, ids);
  await step.drop('bodies', 'id = ANY ($1::int8[])', ids);
  await step.ask('DELETE FROM shares WHERE id = ANY ($1::int8[])', ids);
  return ids.length;
}
