import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { whole } from '../../../gateway/bound-pieces.ts';
import { claimOwnerColumn } from '../../../gateway/parts/custody/claim-owner.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { openFileBlobStore } from '../../../storage/file/file-blob-store.ts';
import { isUnreadable } from '../sqlite-faults.ts';
import { openToRead } from '../verify-rows.ts';
import type { Flaw, Scrubbing } from './flaw.ts';

const rowsATurn = 256;
/** A claim that came no longer ago may be on its way to be kept for good: the next round sees. */
const youngMs = 60 * 60_000;

export interface ScrubbedFolder {
  readonly folder: string;
  readonly hospital: string;
  /** `blobs`, or `copies` where it keeps them for another hospital. */
  readonly store: 'blobs' | 'copies';
  readonly signal?: AbortSignal | undefined;
  readonly after?: string;
  readonly rest?: (bytes: number) => Promise<void>;
  /** Told with each blob, so that a later round begins after it. */
  readonly reached?: (id: string) => void;
}

/** Every blob of a store against its id. Source: docs/protocol/storage.md, rule S-10; stores.md, SR-7. */
export async function* scrubBlobs(of: ScrubbedFolder): Scrubbing {
  if (!existsSync(join(of.folder, 'blobs.sqlite'))) return;
  const flawOf = (row: string, bound: string): Flaw => ({
    ...{ of: of.hospital, store: of.store, table: 'blobs', row, column: '', bound },
    code: 'BLOB_CORRUPT',
  });
  const { signal, after, rest } = of;
  const blobs = openFileBlobStore({ folder: of.folder, now: Date.now, readOnly: true });
  try {
    const options = {
      signal,
      ...(after !== undefined && { after }),
      ...(rest !== undefined && { rest }),
    };
    for await (const { id, found } of blobs.examined(options)) {
      if (typeof found === 'string') yield flawOf(id, `id: ${found}`);
      yield { items: 1, bytes: typeof found === 'number' ? found : 0 };
      of.reached?.(id);
    }
  } catch (error) {
    if (!isCoded(error, 'BLOB_CORRUPT') && !isUnreadable(error)) throw error;
    yield flawOf('', 'structure');
  } finally {
    await blobs.close();
  }
}

/**
 * Who claims which blob, by two recounts: what each owner has is the sum of his claims, and each body that a row of the
 * gateway names, once anchored, is claimed for good in its chart's name, or has just been claimed. Source: docs/protocol/storage.md, S-5, S-9, S-16.
 */
export async function* scrubClaims(servers: string, hospital: string): Scrubbing {
  const path = join(servers, hospital, 'blobs', 'blobs.sqlite');
  if (!existsSync(path)) return;
  const flawOf = (table: string, row: string): Flaw => ({
    ...{ of: hospital, store: 'blobs', table, row, column: '', bound: 'recount' },
    code: 'ROW_CORRUPT',
  });
  const rows = openToRead(join(servers, hospital, 'gateway.db'));
  const claims = openToRead(path);
  try {
    const { owners, odd } = whole(claims.db, () => ({
      owners: wrongOwners(claims.db),
      odd: oddClaims(claims.db),
    }));
    if (owners > 0) yield flawOf('owners', '');
    if (odd > 0) yield flawOf('claims', '');
    yield { items: 0, bytes: 0 };
    const claim = claims.db.prepare(
      'SELECT anchored, put_ms FROM claims WHERE id = ? AND owner = ?',
    );
    const isKept = ({ blob, owner }: NamedBody) => {
      const found = claim.get(blob, owner);
      const ageMs = Math.abs(Date.now() - Number(found?.put_ms));
      return found?.anchored === 1 || (found?.anchored === 0 && ageMs < youngMs);
    };
    const unkept: NamedBody[] = [];
    for (const bodies of namedBodies(rows.db)) {
      unkept.push(...bodies.filter((it) => !isKept(it)));
      yield { items: bodies.length, bytes: 0 };
    }
    // It may be gone a moment before its row is.
    for (const body of unkept) {
      if (isKept(body) || !isStillNamed(rows.db, body)) continue;
      yield flawOf('claims', `${body.delivery} ${body.position}`);
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield flawOf('claims', '');
  } finally {
    claims.close();
    rows.close();
  }
}

/** A body that a row of the gateway names, and in whose name it is kept. */
interface NamedBody {
  readonly delivery: number;
  readonly position: number;
  readonly blob: string;
  readonly owner: string;
}

/** Of what is anchored, so many rows at a time, between which nothing is held. */
function* namedBodies(db: DatabaseSync): Generator<readonly NamedBody[]> {
  const after = db.prepare(
    `SELECT delivery, position, blob, ${claimOwnerColumn} AS owner FROM items JOIN deliveries USING (delivery)
     WHERE height IS NOT NULL AND blob IS NOT NULL AND (delivery, position) > (?, ?)
     ORDER BY delivery, position LIMIT ${rowsATurn}`,
  );
  const first = { delivery: Number.MIN_SAFE_INTEGER, position: 0 };
  let place: Pick<NamedBody, 'delivery' | 'position'> | undefined = first;
  while (place !== undefined) {
    const rows: NamedBody[] = after.all(place.delivery, place.position).map((row) => ({
      ...{ delivery: Number(row.delivery), position: Number(row.position) },
      ...{ blob: String(row.blob), owner: String(row.owner) },
    }));
    yield rows;
    place = rows.length < rowsATurn ? undefined : rows.at(-1);
  }
}

function isStillNamed(db: DatabaseSync, { delivery, position }: NamedBody): boolean {
  const row = db
    .prepare('SELECT blob FROM items WHERE delivery = ? AND position = ?')
    .get(delivery, position);
  return typeof row?.blob === 'string';
}

/** One that no anchor has named has a time: it ends by it. */
function oddClaims(db: DatabaseSync): number {
  const odd = db.prepare(
    'SELECT count(*) AS n FROM claims WHERE anchored NOT IN (0, 1) OR (anchored = 0 AND put_ms <= 0)',
  );
  return Number(odd.get()?.n);
}

/** The row named '' counts every blob once; `WHOLE:` what all parts of that whole claim. */
function wrongOwners(db: DatabaseSync): number {
  const sql = `
    WITH each AS (
      SELECT owner, id, bytes FROM claims JOIN blobs USING (id)
      UNION ALL SELECT substr(owner, 1, instr(owner, ':')), id, bytes FROM claims JOIN blobs USING (id) WHERE instr(owner, ':') BETWEEN 1 AND length(owner) - 1
      UNION ALL SELECT '', id, bytes FROM blobs),
    summed AS (SELECT owner, count(*) AS blobs, sum(bytes) AS bytes FROM each GROUP BY owner)
    SELECT count(*) AS n FROM (
      SELECT * FROM (SELECT owner, blobs, bytes FROM owners WHERE blobs > 0 EXCEPT SELECT * FROM summed)
      UNION ALL SELECT * FROM (SELECT * FROM summed EXCEPT SELECT owner, blobs, bytes FROM owners))`;
  return Number(db.prepare(sql).get()?.n);
}
