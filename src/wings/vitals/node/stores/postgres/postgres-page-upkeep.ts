import { bytesIn, uintIn } from '../page-rows.ts';
import type { PageUpkeep, StoredShare } from '../page-store.ts';
import { dropBad, mendBatch } from './postgres-page-mending.ts';
import { scrubPages } from './postgres-page-scrub.ts';
import type { PostgresRowGuard } from './postgres-row-guard.ts';
import type { Ask } from './postgres-session.ts';
import { shareIn } from './postgres-shares.ts';
import { lackingRows } from './postgres-whole-pages.ts';

/** Looks at pages that are kept in PostgreSQL, and puts them right. Source: docs/protocol/vitals-tampering.md, rules VT-8 and VT-11. */
export function postgresPageUpkeep(guard: PostgresRowGuard): PageUpkeep {
  const { ask } = guard;
  return {
    scrub: (place, most, numberOf) =>
      guard.reading((asked) => scrubPages(guard, { ask: asked, place, most, numberOf })),
    // Indexes are not held to their tables: that takes an extension.
    scrubWhole: async () => [...(await lackingRows(ask)), ...(await guard.miscounted())],
    shares: (pages) => sharesOf(ask, pages),
    leaves: (pages) => leavesOf(ask, pages),
    people: async (trio, { first, last }) => {
      const rows = await ask(
        `SELECT DISTINCT pseudonym FROM pages WHERE trio = $1 AND batch BETWEEN $2 AND $3 ORDER BY pseudonym`,
        ...[trio, Math.max(1, first), last],
      );
      return rows.map((row) => bytesIn(row, 'pseudonym'));
    },
    mendBatch: (batch, pages) => guard.mending((step) => mendBatch(step, batch, pages)),
    drop: (code, numberOf) => guard.mending((step) => dropBad(guard, step, { code, numberOf })),
    wasWrittenByOthers: () => guard.wasWrittenByOthers(),
    attempts: () => guard.attempts(),
    reported: () => guard.reported(),
  };
}

/** In their order, as they stand. */
async function sharesOf(
  ask: Ask,
  pages: readonly Uint8Array[],
): Promise<readonly (StoredShare | undefined)[]> {
  const rows = await ask(
    `SELECT place, shares.* FROM unnest($1::bytea[]) WITH ORDINALITY AS named (page, place)
     JOIN pages USING (page) JOIN shares USING (id)`,
    pages,
  );
  const found = new Map(rows.map((row) => [uintIn(row, 'place'), shareIn(row)]));
  return pages.map((_, at) => found.get(at + 1));
}

/** In their order; undefined: of one there is none. */
async function leavesOf(
  ask: Ask,
  pages: readonly Uint8Array[],
): Promise<readonly Uint8Array[] | undefined> {
  const rows = await ask(
    `SELECT leaf FROM unnest($1::bytea[]) WITH ORDINALITY AS named (page, place) JOIN pages USING (page) ORDER BY place`,
    pages,
  );
  return rows.length === pages.length ? rows.map((row) => bytesIn(row, 'leaf')) : undefined;
}
