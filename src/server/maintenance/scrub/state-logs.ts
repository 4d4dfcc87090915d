import type { DatabaseSync } from 'node:sqlite';
import { tileId } from '../../../engines/ledger-application/state-layer.ts';
import type { LogHead } from '../../../ledger/app-hash.ts';
import { appendToLog, emptyLog, type Tile } from '../../../ledger/log-tree.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { Flaw, Scrubbing } from './flaw.ts';
import type { StateFile } from './state-file.ts';

const tilesATurn = 64;
const tileWidth = 16;
const hashBytes = 32;

type LogName = 'user' | 'doc';

/** Throws LEDGER_CORRUPT. */
export function headOf(db: DatabaseSync, log: LogName): LogHead {
  const { size, root } = db.prepare('SELECT size, root FROM logs WHERE name = ?').get(log) ?? {};
  if (typeof size !== 'number' || !(root instanceof Uint8Array))
    throw new CodedError('LEDGER_CORRUPT', { what: 'storage' });
  return { size, root };
}

/**
 * All tiles of a log again from the leaves in the lowest ones, up to where it ends when this begins: they only grow. Each is held to
 * what was made, and to be as long as the log is then.
 */
export async function* everyTile(
  file: StateFile,
  log: LogName,
  flawOf: (table: string, row: string) => Flaw,
): Scrubbing {
  const made = new Map<number, Tile>();
  const stored = file.db.prepare('SELECT hashes FROM tiles WHERE id = ?');
  const hashesOf = (id: number) => stored.get(id)?.hashes;
  const head = file.piece(() => headOf(file.db, log));
  let again = emptyLog;
  for (let index = 0; again.size < head.size; index++) {
    const hashes = file.piece(() => hashesOf(tileId(log, 0, index)));
    const held = Math.min(tileWidth, head.size - again.size);
    if (!(hashes instanceof Uint8Array) || hashes.length < held * hashBytes) {
      yield flawOf('tiles', `${log} 0 ${index}`);
      return;
    }
    const leaves = Array.from({ length: held }, (_, at) =>
      hashes.slice(at * hashBytes, (at + 1) * hashBytes),
    );
    const read = (level: number, at: number) => made.get(tileId(log, level, at))?.hashes;
    const grown = appendToLog(read, again, leaves);
    for (const tile of grown.tiles) made.set(tileId(log, tile.level, tile.index), tile);
    again = grown.head;
    yield { items: 1, bytes: hashes.length };
  }
  if (!equalBytes(again.root, head.root)) yield flawOf('logs', log);
  const tiles = [...made];
  for (let at = 0; at < tiles.length; at += tilesATurn) {
    const some = tiles.slice(at, at + tilesATurn);
    const wrong = file.piece(() => {
      const { size } = headOf(file.db, log);
      return some.filter(([id, tile]) => !isGrown(hashesOf(id), tile, size));
    });
    for (const [id] of wrong) yield flawOf('tiles', String(id));
    yield { items: 0, bytes: 0 };
  }
}

/** Whether what stands there begins as it was made, and is as long as a log of this size has it. */
function isGrown(kept: unknown, { level, index, hashes }: Tile, size: number): boolean {
  const held = Math.min(tileWidth, Math.floor(size / 2 ** level) - index * tileWidth);
  return (
    kept instanceof Uint8Array &&
    kept.length === held * hashBytes &&
    equalBytes(kept.subarray(0, hashes.length), hashes)
  );
}
