import { sha256 } from '../../../../../crypto/hash.ts';
import { concatBytes, equalBytes, utf8 } from '../../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../../primitives/errors.ts';
import { vitalsNames } from '../../../names.ts';
import { bytesIn, type Row, textIn, uintIn } from '../page-rows.ts';
import type { DaySums, PageSelection } from '../page-store.ts';
import { counterColumns, rollColumns, writeElements } from '../share-columns.ts';
import type { GuardedStep } from './postgres-guarded-step.ts';
import type { PostgresRowGuard } from './postgres-row-guard.ts';
import type { Ask } from './postgres-session.ts';
import { numbersIn } from './postgres-shares.ts';

/** Sums of sealed pages a patient and day, made by the database and held by the day that they are of. Rule VS-19a. */

const hoursPerDay = 24;
const nameBytes = 16;
const digestBytes = 32;
/** What `digestOfPages` puts before page ids. */
const digestPrefix = concatBytes(utf8(vitalsNames.labels.dayPages), new Uint8Array(1));
const summed = (columns: readonly string[]): string =>
  columns.map((it) => `sum(${it}) AS ${it}`).join(', ');

const digestOfPages = `sha256($3::bytea || string_agg(page, ''::bytea ORDER BY page))`;

/** Of the patients of the days of a batch, as their pages and shares are now. `$1`: trio, `$2`: batch. */
const ofPatients = `
  FROM pages JOIN shares USING (id) JOIN day_batches AS of
    ON of.trio = pages.trio AND of.panel = pages.panel AND of.day = hour / ${hoursPerDay} AND of.batch = pages.batch
  WHERE pages.trio = $1 AND pages.batch = $2 GROUP BY of.id, pseudonym`;

/** By the database's own sums: of shares these alone come here, to be held to. */
export async function addDays(step: GuardedStep, trio: string, number: number): Promise<void> {
  const { ask } = step;
  const days = await ask(
    `SELECT DISTINCT trio, panel, hour / ${hoursPerDay} AS day, batch FROM pages WHERE trio = $1 AND batch = $2`,
    ...[trio, number],
  );
  const ids = await step.numbers('day_batches', 'id', days.length);
  const none = new Uint8Array(0);
  const rows = days.map((day, at) => ({ ...day, id: ids[at], sums: none, counters: none }));
  await step.put('day_batches', rows);
  await ask(
    `INSERT INTO day_sums SELECT of.id, pseudonym, ${digestOfPages}, count(*), sum(n), ${summed(rollColumns)} ${ofPatients}`,
    ...[trio, number, digestPrefix],
  );
  await ask(
    `INSERT INTO day_counters SELECT of.id, pseudonym, count(*), ${summed(counterColumns)} ${ofPatients}`,
    ...[trio, number],
  );
  for (const before of await step.rows('day_batches', 'id = ANY ($1::int8[])', ids)) {
    const id = uintIn(before, 'id');
    const sums = hashOfSums(await sumsOf(ask, id));
    const counters = hashOfCounters(await countersOf(ask, id));
    await step.change('day_batches', [[before, { sums, counters }]], ['sums', 'counters']);
  }
}

/** One after the other: all of a year do not fit into memory. Throws ROW_TAMPERED {table, row}. */
export async function* daysOf(
  guard: PostgresRowGuard,
  { trio, panel, asOfBatch, hours }: PageSelection,
  { counters }: { readonly counters: boolean },
): AsyncIterable<DaySums> {
  const found = await guard.ask(
    `SELECT * FROM day_batches WHERE trio = $1 AND panel = $2 AND batch <= $3
     AND day >= $4 AND day < $5 ORDER BY day, batch`,
    ...[trio, panel, asOfBatch],
    ...[Math.ceil(hours.from / hoursPerDay), Math.floor(hours.until / hoursPerDay)],
  );
  for (const row of guard.held('day_batches', found)) {
    const id = uintIn(row, 'id');
    const sums = await sumsOf(guard.ask, id);
    require(row, 'sums', hashOfSums(sums));
    const day = { day: uintIn(row, 'day'), batch: uintIn(row, 'batch'), ...sums };
    yield { ...day, ...(counters && { histograms: await heldCounters(guard, row) }) };
  }
}

async function heldCounters(guard: PostgresRowGuard, row: Row): Promise<Uint8Array> {
  const found = await countersOf(guard.ask, uintIn(row, 'id'));
  require(row, 'counters', hashOfCounters(found));
  return found.histograms;
}

function require(row: Row, column: 'sums' | 'counters', hash: Uint8Array): void {
  if (!equalBytes(bytesIn(row, column), hash))
    throw new CodedError('ROW_TAMPERED', { table: tableOf[column], row: String(row.id) });
}

/** Which rows are held to which column of their day. */
const tableOf = { sums: 'day_sums', counters: 'day_counters' } as const;

/** Tables whose rows are not those of this day. */
export async function unheldOf(ask: Ask, day: Row): Promise<readonly string[]> {
  const id = uintIn(day, 'id');
  const bad: string[] = [];
  const hashes = {
    sums: async () => hashOfSums(await sumsOf(ask, id)),
    counters: async () => hashOfCounters(await countersOf(ask, id)),
  };
  for (const column of ['sums', 'counters'] as const) {
    const hash = await hashes[column]().catch(unlessTampered);
    if (hash === undefined || !equalBytes(bytesIn(day, column), hash)) bad.push(tableOf[column]);
  }
  return bad;
}

const unlessTampered = (error: unknown): undefined => {
  if (!isCoded(error, 'ROW_TAMPERED')) throw error;
};

type Sums = Pick<DaySums, 'patients' | 'digests' | 'counts' | 'rolls'>;
interface Counters {
  readonly patients: Uint8Array;
  readonly histograms: Uint8Array;
}

/**
 * Whether the sums of a day are those of its pages and shares as they are now: a share that was another one for as long as its
 * batch was sealed shows nowhere else.
 */
export async function isRecounted(ask: Ask, day: Row): Promise<boolean> {
  const rows = await ask(
    `SELECT pseudonym, ${digestOfPages} AS digest, count(*) AS pages, sum(n) AS readings,
       ${summed(rollColumns)}, ${summed(counterColumns)}
     FROM pages JOIN shares USING (id)
     WHERE trio = $1 AND batch = $2 AND panel = $4 AND hour / ${hoursPerDay} = $5 GROUP BY pseudonym ORDER BY pseudonym`,
    ...[textIn(day, 'trio'), uintIn(day, 'batch'), digestPrefix],
    ...[uintIn(day, 'panel'), uintIn(day, 'day')],
  );
  return (
    equalBytes(bytesIn(day, 'sums'), hashOfSums(sumsIn(rows))) &&
    equalBytes(bytesIn(day, 'counters'), hashOfCounters(countersIn(rows)))
  );
}

const sumsOf = async (ask: Ask, id: number): Promise<Sums> =>
  sumsIn(await ask('SELECT * FROM day_sums WHERE id = $1 ORDER BY pseudonym', id));

/** Those of each patient after the other, who are in the order of `day_sums`. */
const countersOf = async (ask: Ask, id: number): Promise<Counters> =>
  countersIn(await ask('SELECT * FROM day_counters WHERE id = $1 ORDER BY pseudonym', id));

function sumsIn(rows: readonly Row[]): Sums {
  const counts = new Uint8Array(rows.length * 8);
  const view = new DataView(counts.buffer);
  for (const [at, row] of rows.entries()) {
    view.setUint32(8 * at, uintIn(row, 'pages'));
    view.setUint32(8 * at + 4, uintIn(row, 'readings'));
  }
  return {
    patients: namesIn(rows, 'pseudonym', nameBytes),
    digests: namesIn(rows, 'digest', digestBytes),
    ...{ counts, rolls: columnOf(rows, rollColumns) },
  };
}

const countersIn = (rows: readonly Row[]): Counters => ({
  patients: namesIn(rows, 'pseudonym', nameBytes),
  histograms: columnOf(rows, counterColumns),
});

/** One after the other. Throws ROW_TAMPERED: one has not this length, and another one's bytes would stand in its place. */
function namesIn(rows: readonly Row[], column: string, length: number): Uint8Array {
  const names = rows.map((row) => bytesIn(row, column));
  if (names.some((it) => it.length !== length))
    throw new CodedError('ROW_TAMPERED', { table: 'day_sums', row: String(rows[0]?.id) });
  return concatBytes(...names);
}

const hashOfSums = ({ patients, digests, counts, rolls }: Sums): Uint8Array =>
  sha256(patients, digests, counts, rolls);
const hashOfCounters = ({ patients, histograms }: Counters): Uint8Array =>
  sha256(patients, histograms);

/** What these columns say of each patient, as elements, one row after the other. */
function columnOf(rows: readonly Row[], columns: readonly string[]): Uint8Array {
  const width = 4 * columns.length;
  const elements = new Uint8Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    const own = elements.subarray(at * width, (at + 1) * width);
    writeElements(numbersIn(row, columns), uintIn(row, 'pages'), own);
  }
  return elements;
}
