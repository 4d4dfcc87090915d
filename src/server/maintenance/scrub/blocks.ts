import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { verifyVote } from '../../../crypto/signature.ts';
import { storedBlock } from '../../../engines/blocks/block-store.ts';
import { dataHash, resultsHash } from '../../../engines/blocks/roots.ts';
import { ledgerIdentity } from '../../../engines/blocks/stored-block.ts';
import { isSigned, type ReadBlock, readBlock } from '../../../engines/embedded/read-block.ts';
import { commitHash } from '../../../ledger/chain/commit.ts';
import { msOfTimestamp } from '../../../ledger/chain/timestamp.ts';
import { genesisHash, parseGenesis } from '../../../ledger/genesis.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { isComet } from '../../comet/places.ts';
import { isUnreadable } from '../sqlite-faults.ts';
import { openToRead } from '../verify-rows.ts';
import { soundTables } from './databases.ts';
import type { Flaw, Scrubbing } from './flaw.ts';

const flawIn = (table: string, row: string, column: string, bound: string): Flaw => ({
  ...{ of: 'ledger', store: 'ledger', table, row, column, bound, code: 'LEDGER_CORRUPT' },
});
const flawOf = (height: number | string, column: string, bound: string): Flaw =>
  flawIn('blocks', String(height), column, bound);

/**
 * Each block against the next one, which names its header, results, state and votes; its data against its own header; of the
 * newest one its signature. Nothing is executed. Source: docs/protocol/stores.md, rule SR-7.
 */
export async function* scrubBlocks(servers: string): Scrubbing {
  const file = openToRead(join(servers, 'ledger', 'blocks.db'));
  try {
    for (const isSound of soundTables(file.db)) {
      if (!isSound) yield flawOf('', '', 'structure');
      yield { items: 0, bytes: 0 };
    }
    yield* identityFlaws(file.db, join(servers, 'genesis.cbor'));
    yield* everyBlock(file.db, isComet(servers));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    yield flawOf('', '', 'structure');
  } finally {
    file.close();
  }
}

async function* everyBlock(db: DatabaseSync, isOnComet: boolean): Scrubbing {
  const index = new Index(db);
  let before: ReadBlock | undefined;
  let last = 0;
  // One at a time: what stands there only grows, and the log is not kept from being cut.
  const after = db.prepare('SELECT * FROM blocks WHERE height > ? ORDER BY height LIMIT 1');
  for (let row = after.get(last); row !== undefined; row = after.get(last)) {
    const height = Number(row.height);
    for (let gone = last + 1; last > 0 && gone < height; gone++)
      yield flawOf(gone, '', 'next header');
    last = height;
    const bytes = Object.values(row).reduce<number>(
      (sum, it) => sum + (it instanceof Uint8Array ? it.length : 8),
      0,
    );
    const block = blockIn(row);
    if ('column' in block) {
      yield flawOf(height, block.column, 'structure');
      before = undefined;
    } else {
      yield* index.flawsOf(block);
      const ownDefect = defectAlone(block, height);
      if (ownDefect !== undefined) yield flawOf(height, ownDefect, 'header');
      // Who is not what it was itself accuses nobody.
      const defect = before && isItself(block) ? defectBefore(before, block) : undefined;
      if (before !== undefined && defect !== undefined) {
        yield flawOf(before.stored.height, defect, 'next header');
      }
      before = block;
    }
    yield { items: 1, bytes };
  }
  yield* index.flawsAfter(last);
  if (before !== undefined && !(await isNewestSigned(db, before, isOnComet))) {
    yield flawOf(before.stored.height, 'header', 'signature');
  }
}

/** Whose ledger the file says that it is. */
async function* identityFlaws(db: DatabaseSync, genesisPath: string): Scrubbing {
  const genesis = new Uint8Array(readFileSync(genesisPath));
  const { chainId, timeMs: genesisMs, validators } = parseGenesis(genesis);
  const identity = { chainId, genesisHash: genesisHash(genesis), genesisMs, validators };
  const body = db.prepare('SELECT body FROM identity').get()?.body;
  const isSame = body instanceof Uint8Array && equalBytes(body, encodeAs(ledgerIdentity, identity));
  if (!isSame) yield flawIn('identity', '1', '', 'genesis');
}

/** Where each transaction is said to stand, held against the blocks. What is not written yet is made again from them. */
class Index {
  readonly #find: ReturnType<DatabaseSync['prepare']>;
  readonly #count: ReturnType<DatabaseSync['prepare']>;
  readonly #until: number;
  #firsts = 0;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT height, place FROM txs WHERE id = ?');
    this.#count = db.prepare('SELECT count(*) AS n FROM txs WHERE height <= ?');
    this.#until = Number(db.prepare('SELECT height FROM indexed').get()?.height ?? 0);
  }

  /** A transaction that stands in several blocks is named by the first. */
  *flawsOf({ stored: { height }, txIds }: ReadBlock): Generator<Flaw> {
    if (height > this.#until) return;
    for (const [place, id] of txIds.entries()) {
      const row = this.#find.get(id);
      if (row?.height === height && row.place === place) this.#firsts += 1;
      else if (!(Number(row?.height) < height))
        yield flawIn('txs', `${height} ${place}`, '', 'recount');
    }
  }

  *flawsAfter(last: number): Generator<Flaw> {
    if (this.#until > last) yield flawIn('indexed', '1', '', 'recount');
    else if (Number(this.#count.get(this.#until)?.n) !== this.#firsts)
      yield flawIn('txs', '', '', 'recount');
  }
}

function blockIn(row: Parameters<typeof storedBlock>[0]): ReadBlock | { readonly column: string } {
  try {
    return readBlock(storedBlock(row));
  } catch (error) {
    if (!isCoded(error, 'LEDGER_CORRUPT')) throw error;
    return { column: String(error.details.what) };
  }
}

/** Its votes are for its header. */
const isItself = ({ commit, id }: ReadBlock): boolean => equalBytes(commit.blockId.hash, id.hash);

function defectAlone({ header, stored, txIds }: ReadBlock, height: number): string | undefined {
  if (!equalBytes(header.dataHash, dataHash(txIds))) return 'data';
  if (header.height !== height) return 'height';
  if (msOfTimestamp(header.time) !== stored.timeMs) return 'time_ms';
  return stored.results.length === stored.txs.length ? undefined : 'result';
}

/** What of a block the next one does not confirm. */
function defectBefore(
  { stored, commit, id }: ReadBlock,
  { header }: ReadBlock,
): string | undefined {
  if (!equalBytes(header.lastBlockId.hash, id.hash)) return 'header';
  if (!equalBytes(header.lastCommitHash, commitHash(commit))) return 'votes';
  if (!equalBytes(header.appHash, stored.appHash)) return 'state';
  return equalBytes(header.lastResultsHash, resultsHash(stored.results)) ? undefined : 'result';
}

/** On CometBFT by votes of a set that changes: there its votes have to be for it, and `salus verify` judges them. */
async function isNewestSigned(
  db: DatabaseSync,
  newest: ReadBlock,
  isOnComet: boolean,
): Promise<boolean> {
  if (isOnComet || !isItself(newest)) return isItself(newest);
  const body = db.prepare('SELECT body FROM identity').get()?.body;
  if (!(body instanceof Uint8Array)) return false;
  try {
    return await isSigned(decodeAs(ledgerIdentity, body), newest, verifyVote);
  } catch (error) {
    if (isCoded(error)) return false;
    throw error;
  }
}
