import { bytesToHex } from '../../../../../primitives/bytes.ts';
import { blobIdOf } from '../../../../../storage/blob-id.ts';
import type { ServerNumber } from '../../../crypto/pages/page-head.ts';
import type { GuardedTable } from '../guarded-tables.ts';
import { isManifestHeld, isShareKept } from '../held-pages.ts';
import { batchOf, type Row, uintIn } from '../page-rows.ts';
import type { BadRow, ScrubPlace, ScrubStep } from '../upkeep.ts';
import { isRecounted, unheldOf } from './postgres-day-sums.ts';
import { postgresPageTables, shareColumns } from './postgres-page-tables.ts';
import { badMac, type PostgresRowGuard } from './postgres-row-guard.ts';
import type { Ask, PostgresValue } from './postgres-session.ts';
import { isShareHeld, shareIn } from './postgres-shares.ts';
import { batchesWithoutDays } from './postgres-whole-pages.ts';

export type NumberOf = (trio: string) => ServerNumber | undefined;

/** The rows of a table and what they are held to, in one round trip for all of a step. Rules VT-5 and VT-8. */
export async function scrubPages(
  guard: PostgresRowGuard,
  of: {
    readonly ask: Ask;
    readonly place: ScrubPlace | undefined;
    readonly most: number;
    readonly numberOf: NumberOf;
  },
): Promise<ScrubStep> {
  const at = postgresPageTables.findIndex(({ name }) => name === (of.place?.table ?? 'patients'));
  const table: GuardedTable = postgresPageTables[at] ?? postgresPageTables[0];
  const beside = table.name === 'pages' ? besidePages : {};
  const step = { after: of.place?.after, most: of.most, ...beside };
  const { rows, bytes, next } = await guard.scrub(of.ask, table, step);
  const bad: BadRow[] = [];
  for (const { row, isHeld } of rows) {
    if (!isHeld) bad.push({ ...badMac(table, row), ...whose(table.name, row) });
    if (table.name === 'pages') bad.push(...lookAtPage(guard, row, of.numberOf));
    else bad.push(...(await lookAt(of.ask, table.name, row, of.numberOf)));
  }
  const following = postgresPageTables[at + 1];
  return {
    bad: await ofTheirPages(of.ask, bad),
    ...{ rows: rows.length, bytes },
    next:
      next !== undefined
        ? { table: table.name, after: next }
        : following && { table: following.name, after: [] },
  };
}

/** The share of a page, and whether its batch is sealed. */
const besidePages = {
  select: `, s.id AS share, s.mac AS share_mac, s.clinical, s.salt, ${shareColumns.map((it) => `s.${it}`).join(', ')},
    EXISTS (SELECT 1 FROM batches AS b WHERE b.trio = t.trio AND b.number = t.batch AND b.sealed) AS in_sealed`,
  join: 'LEFT JOIN shares AS s USING (id)',
};

function* lookAtPage(guard: PostgresRowGuard, row: Row, numberOf: NumberOf): Iterable<BadRow> {
  const of = { table: 'pages', row: String(row.id), ...whose('pages', row) };
  if (!isManifestHeld(row)) return yield { ...of, column: 'manifest', bound: 'manifest hash' };
  const hasShare = row.share !== null;
  if (row.state !== 'accepted') {
    if (hasShare || row.batch !== 0) yield { ...of, column: 'state', bound: 'kept hash' };
    return;
  }
  const number = numberOf(String(row.trio));
  const isKept = hasShare && (number === undefined || isShareKept(row, number, shareIn(row)));
  if (!isKept) yield { ...of, column: 'share', bound: 'kept hash' };
  else if (!isShareHeld(guard, row, row.share_mac))
    yield { ...of, table: 'shares', column: 'mac', bound: 'row MAC' };
  if (row.batch !== 0 && row.in_sealed !== true)
    yield { ...of, column: 'batch', bound: 'batch list' };
}

/** What rows of other tables are held to beside their MAC. */
async function lookAt(
  ask: Ask,
  table: string,
  row: Row,
  numberOf: NumberOf,
): Promise<readonly BadRow[]> {
  if (table === 'envelopes') {
    const { name, envelope } = row;
    const isNamed = envelope instanceof Uint8Array && blobIdOf(envelope) === name;
    return isNamed
      ? []
      : [{ table, row: String(row.number), column: 'envelope', bound: 'envelope id' }];
  }
  if (table === 'day_batches') {
    const of = { row: String(row.id), column: '', bound: 'row MAC', ...whose(table, row) };
    const unheld = (await unheldOf(ask, row)).map((it) => ({ ...of, table: it }));
    // Shares are held to H_k by who knows which of three this server is; so are their sums.
    const isDeep = numberOf(String(row.trio)) !== undefined;
    if (unheld.length > 0 || !isDeep || (await isRecounted(ask, row))) return unheld;
    return [{ ...of, table, column: 'sums', bound: 'recount' }];
  }
  return table === 'batches' && row.sealed === true ? lookAtBatch(ask, row) : [];
}

/** That the pages of a sealed batch are those of its list, and their days have sums. */
async function lookAtBatch(ask: Ask, row: Row): Promise<readonly BadRow[]> {
  const { trio, number, pages } = batchOf(row);
  const of = { table: 'pages', trio, batch: number, column: 'batch', bound: 'batch list' };
  const wrong = await ask(
    `SELECT named.page, id FROM unnest($1::bytea[]) AS named (page) LEFT JOIN pages ON pages.page = named.page AND trio = $2
     WHERE batch IS DISTINCT FROM $3 OR state IS DISTINCT FROM 'accepted'`,
    ...([pages, trio, number] as readonly PostgresValue[]),
  );
  const [counted] = await ask(
    'SELECT count(*) AS n FROM pages WHERE trio = $1 AND batch = $2',
    ...[trio, number],
  );
  const isMore = uintIn(counted, 'n') !== pages.length;
  const own = batchesWithoutDays('trio = $1 AND batch = $2');
  const isWithout = (await ask(own, trio, number)).length > 0;
  return [
    ...wrong.map(({ page, id }) => ({
      ...of,
      row: id === null && page instanceof Uint8Array ? bytesToHex(page) : String(id),
    })),
    ...(isMore ? [{ ...of, row: `batch ${number}` }] : []),
    ...(isWithout
      ? [{ ...of, table: 'day_batches', row: `batch ${number}`, column: '', bound: 'row gone' }]
      : []),
  ];
}

/** Of which trio, batch and patient a row is, as far as it says. */
function whose(table: string, { trio, batch, number, pseudonym }: Row): Partial<BadRow> {
  const at = table === 'batches' ? number : batch;
  return {
    ...(typeof trio === 'string' && { trio }),
    ...(typeof at === 'number' && table !== 'page_envelopes' && { batch: at }),
    ...(pseudonym instanceof Uint8Array && { pseudonym }),
  };
}

/** Rows that have the number of a page are whose the page is. */
async function ofTheirPages(ask: Ask, bad: readonly BadRow[]): Promise<readonly BadRow[]> {
  const isOfPage = ({ table }: BadRow) => ['bodies', 'sayings', 'page_envelopes'].includes(table);
  const ids = bad.filter(isOfPage).map(({ row }) => Number(row));
  if (ids.length === 0) return bad;
  const rows = await ask('SELECT id, trio, pseudonym FROM pages WHERE id = ANY ($1::int8[])', ids);
  const pages = new Map(rows.map((row) => [String(row.id), row]));
  return bad.map((it) => {
    const page = isOfPage(it) ? pages.get(it.row) : undefined;
    return page === undefined ? it : { ...it, ...whose(it.table, page) };
  });
}
