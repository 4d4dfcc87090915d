import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { hmacSha256 } from '../../../crypto/hash.ts';
import { boundPieces } from '../../../gateway/bound-pieces.ts';
import { hasTotals, namesOf } from '../../../gateway/bound-rows.ts';
import type { Finding } from '../../../gateway/parts/findings/finding.ts';
import { bytesToHex, hexToBytes } from '../../../primitives/bytes.ts';
import { decodeCbor } from '../../../primitives/cbor.ts';
import type { UnboundRow } from '../../../primitives/row-guard.ts';
import { isUnreadable } from '../sqlite-faults.ts';
import { openToRead } from '../verify-rows.ts';
import { soundTables } from './databases.ts';
import type { Flaw, Scrubbing } from './flaw.ts';
import { leaveReport } from './reports.ts';

const rowsATurn = 64;

/** A file of a hospital whose rows have MACs, and what its findings call it. */
export interface BoundFile {
  readonly hospital: string;
  /** `gateway`, `network`; of a wing its own word. */
  readonly store: string;
  readonly path: string;
  /** Undefined: it is not there. */
  readonly key: Uint8Array | undefined;
}

/**
 * Every row of a file that is not a gateway's against its MAC. One that is not there, or has no table yet, is none of this
 * hospital's. Rule SR-11.
 */
export async function* scrubBoundFile(file: BoundFile): Scrubbing {
  if (!existsSync(file.path)) return;
  const flawOf = (table: string, row: string, bound: string): Flaw => ({
    ...{ of: file.hospital, store: file.store, table, row, column: '', bound, code: 'ROW_CORRUPT' },
  });
  const opened = openToRead(file.path);
  try {
    for (const isSound of soundTables(opened.db)) {
      if (!isSound) yield flawOf('', '', 'structure');
      yield { items: 0, bytes: 0 };
    }
    const isMade = hasTotals(opened.db) || namesOf(opened.db).length > 0;
    if (!isMade) return;
    if (file.key !== undefined && hasTotals(opened.db))
      yield* scrubRows(opened.db, file.key, flawOf);
    else yield flawOf('row_totals', '', 'row MAC');
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield flawOf('', '', 'structure');
  } finally {
    opened.close();
  }
}

export async function* scrubRows(
  db: DatabaseSync,
  key: Uint8Array,
  flawOf: (table: string, row: string, bound: string) => Flaw,
): Scrubbing {
  for (const { rows, wrong } of boundPieces(db, key, rowsATurn)) {
    for (const it of wrong) yield flawOf(it.table, nameOf(it, key), boundOf(it));
    yield { items: rows, bytes: 0 };
  }
}

const boundOf = ({ because }: UnboundRow): string => `row MAC: ${because}`;

/** Its number where it is named by one; else a MAC of its name, by which nobody else finds a person. */
function nameOf({ row }: UnboundRow, key: Uint8Array): string {
  const bytes = row === undefined ? undefined : hexToBytes(row);
  if (bytes === undefined) return '';
  const named = decodeCbor(bytes);
  if (Array.isArray(named) && named.every((it) => typeof it === 'number')) return named.join(' ');
  return bytesToHex(hmacSha256(key, bytes).slice(0, 8));
}

/**
 * For the process that has such a file: what it meets is left for its gateway as the scrub leaves it, each once. The scrub says
 * the same of it, and when it is over.
 */
export function tellsUnbound(
  hospitalFolder: string,
  { hospital, store, key }: Omit<BoundFile, 'path'> & { readonly key: Uint8Array },
): (wrong: UnboundRow) => void {
  const told = new Set<string>();
  return (wrong) => {
    const finding: Finding = {
      ...{ store, table: wrong.table, row: nameOf(wrong, key), column: '' },
      ...{ bound: boundOf(wrong), code: 'ROW_CORRUPT' },
    };
    const name = JSON.stringify(finding);
    if (told.has(name) || told.size >= mostTold) return;
    told.add(name);
    const part = `${hospital} ${store}`;
    leaveReport(hospitalFolder, { part, atMs: Date.now(), isWhole: false, findings: [finding] });
  };
}
/** A file that is another one altogether is not told row by row for ever: the scrub has the rest. */
const mostTold = 256;
