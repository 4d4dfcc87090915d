import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { whole } from '../../../gateway/bound-pieces.ts';
import { hasTotals } from '../../../gateway/bound-rows.ts';
import { noRootBytes } from '../../../gateway/parts/custody/waiting-rows.ts';
import { merkleRoot } from '../../../ledger/merkle.ts';
import { decodeRow, stateKey } from '../../../ledger/table.ts';
import { anchorRowId, anchors } from '../../../ledger/tables/anchors.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { parseAccountId } from '../../../primitives/ids.ts';
import { readRowKey } from '../../row-key.ts';
import { isUnreadable } from '../sqlite-faults.ts';
import { leafDefect, openToRead } from '../verify-rows.ts';
import { scrubRows } from './bound-file.ts';
import { soundTables } from './databases.ts';
import type { Flaw, Scrubbing } from './flaw.ts';

type Columns = Readonly<Record<string, unknown>>;

/**
 * The rows of a gateway's file: each against its MAC, the leaves of each delivery against its root, and the root of what
 * is anchored against the state. Source: docs/protocol/stores.md, rules SR-3 and SR-7.
 */
export async function* scrubGateway(servers: string, hospital: string): Scrubbing {
  const folder = join(servers, hospital);
  const flawOf = (table: string, row: string, bound: string, column = ''): Flaw => ({
    ...{ of: hospital, store: 'gateway', table, row, column, bound, code: 'ROW_CORRUPT' },
  });
  const file = openToRead(join(folder, 'gateway.db'));
  try {
    for (const isSound of soundTables(file.db)) {
      if (!isSound) yield flawOf('', '', 'structure');
      yield { items: 0, bytes: 0 };
    }
    const key = readRowKey(folder);
    if (key !== undefined && hasTotals(file.db)) yield* scrubRows(file.db, key, flawOf);
    else yield flawOf('row_totals', '', 'row MAC');
    yield* deliveries(file.db, join(servers, 'ledger', 'state.db'), flawOf);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield flawOf('', '', 'structure');
  } finally {
    file.close();
  }
}

type FlawOf = (table: string, row: string, bound: string, column?: string) => Flaw;

/** Rows that were not erased have no MAC: they are the leaves of a root, and that is anchored or will be. */
async function* deliveries(db: DatabaseSync, statePath: string, flawOf: FlawOf): Scrubbing {
  const deliveryAfter = db.prepare(
    'SELECT * FROM deliveries WHERE count > 0 AND delivery > ? ORDER BY delivery LIMIT 1',
  );
  const itemsOf = db.prepare('SELECT * FROM items WHERE delivery = ? ORDER BY position');
  const state = existsSync(statePath) ? openToRead(statePath) : undefined;
  /** A delivery and its items as they are at one instant; nothing is held between two. */
  const next = (after: number) =>
    whole(db, () => {
      const delivery = deliveryAfter.get(after);
      return delivery && { delivery, items: itemsOf.all(Number(delivery.delivery)) };
    });
  try {
    for (
      let read = next(Number.MIN_SAFE_INTEGER);
      read !== undefined;
      read = next(Number(read.delivery.delivery))
    ) {
      const { delivery, items } = read;
      const number = String(delivery.delivery);
      for (const item of items) {
        const defect = item.tombstone === null ? leafDefect(item, delivery) : undefined;
        const row = `${number} ${String(item.position)}`;
        if (defect !== undefined) yield flawOf('items', row, 'ledger root', defect);
      }
      if (!isArriving(delivery, items) && !hasRoot(delivery, items))
        yield flawOf('items', number, 'ledger root', 'leaf');
      if (state !== undefined && !isAnchored(delivery, state.db)) {
        yield flawOf('deliveries', number, 'ledger root');
      }
      yield { items: items.length, bytes: 0 };
    }
  } finally {
    state?.close();
  }
}

/** Its rows come slice by slice, each in a transaction of its own, and its root with the last. */
function isArriving({ root, height, txId, count }: Columns, items: readonly Columns[]): boolean {
  const isNamed = height !== null || txId !== null;
  const hasNoRoot = root instanceof Uint8Array && root.length === noRootBytes;
  return hasNoRoot && !isNamed && items.length <= Number(count);
}

function hasRoot({ count, root }: Columns, items: readonly Columns[]): boolean {
  const leaves = items.map(({ leaf }) => leaf).filter((it) => it instanceof Uint8Array);
  const inOrder = items.every(({ position }, at) => position === at);
  const isWhole = leaves.length === items.length && items.length === count && inOrder;
  return isWhole && root instanceof Uint8Array && equalBytes(merkleRoot(leaves), root);
}

/** As the state has it; true also where the file of the state is not so far yet, or cannot be read: that is its own flaw. */
function isAnchored(delivery: Columns, state: DatabaseSync): boolean {
  const { account, root, height, timeMs, epoch, count, consent } = delivery;
  try {
    const written = Number(state.prepare('SELECT height FROM head').get()?.height ?? 0);
    if (typeof height !== 'number' || height > written) return true;
    if (!(root instanceof Uint8Array)) return false;
    const key = stateKey(anchors, anchorRowId(parseAccountId(String(account)), root));
    const value = state.prepare('SELECT v FROM kv WHERE k = ?').get(key)?.v;
    if (!(value instanceof Uint8Array)) return false;
    const row = decodeRow(anchors, value);
    const isSame = row.height === height && row.timeMs === timeMs && row.epoch === epoch;
    return isSame && row.count === count && row.consent === consent;
  } catch (error) {
    if (isCoded(error)) return false;
    if (isUnreadable(error)) return true;
    throw error;
  }
}
