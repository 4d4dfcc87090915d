import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { headerHashOf } from '../../primitives/ids.ts';
import type { Application, TxResult } from '../application.ts';
import { BlockStore } from '../blocks/block-store.ts';
import { copyBlocks } from '../blocks/copy-blocks.ts';
import type { LedgerIdentity, StoredBlock } from '../blocks/stored-block.ts';
import type { LedgerVerdict, VerifyOptions } from '../blocks/verification.ts';
import { blocksAhead } from './blocks-ahead.ts';
import { genesisTip } from './make-block.ts';
import { defectOf, type ReadBlock, tipAfter } from './read-block.ts';

/** Of a thread that executes: so much work the others have before them. */
const maxTurnMs = 5;

/**
 * Hashes every block again and executes every transaction again, from genesis on: nothing that the engine
 * wrote beside the blocks is believed. Source: docs/protocol/blocks.md, rule B-9. Throws STORE_BUSY when a
 * running ledger cannot be copied, INTERRUPTED.
 */
export async function verifyLedger(options: VerifyOptions): Promise<LedgerVerdict> {
  const temporary = mkdtempSync(join(tmpdir(), 'salus-verify-'));
  try {
    return await verifyCopy(options, temporary);
  } catch (error) {
    if (!isCoded(error, 'LEDGER_CORRUPT')) throw error;
    const { height, what } = error.details;
    return { ok: false, height: Number(height ?? 0), what: String(what ?? 'storage') };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function verifyCopy(options: VerifyOptions, temporary: string): Promise<LedgerVerdict> {
  // A copy, because SQLite cannot read a write-ahead log beside a file it may not write to.
  if (existsSync(join(options.directory, 'blocks.db'))) copyBlocks(options.directory, temporary);
  const store = new BlockStore(join(temporary, 'blocks.db'));
  try {
    const identity = store.identity();
    if (identity === undefined) throw broken('missing', 0);
    const application = await options.openApplication(temporary);
    try {
      return await verifyBlocks(options, identity, store, application);
    } finally {
      application.close();
    }
  } finally {
    store.close();
  }
}

async function verifyBlocks(
  { trustRoot, verifyVote, signal, onBlock }: VerifyOptions,
  identity: LedgerIdentity,
  store: BlockStore,
  application: Application,
): Promise<LedgerVerdict> {
  if (
    trustRoot !== undefined &&
    (trustRoot.chain !== identity.chainId ||
      trustRoot.genesisHash !== bytesToHex(identity.genesisHash))
  ) {
    throw broken('trust-root', 0);
  }
  const last = store.lastHeight();
  let tip = genesisTip(identity.genesisMs, application.info().appHash);
  let lastHash = '';
  let txs = 0;
  const turns = new Turns();
  for (const ahead of blocksAhead({ identity, store, application, verifyVote }, last)) {
    await turns.take();
    if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
    const block = ahead.block();
    const { height } = block.stored;
    const defect = defectOf(identity, tip, block);
    if (defect !== undefined) throw broken(defect, height);
    if (!(await ahead.isSigned)) throw broken('signature', height);
    lastHash = headerHashOf(block.id.hash);
    if (trustRoot?.height === height && lastHash !== trustRoot.headerHash) {
      throw broken('trust-root', height);
    }
    requireIndexed(store, block);
    await ahead.prepared;
    await execute(application, block.stored);
    tip = tipAfter(block);
    txs += block.txIds.length;
    onBlock?.(height, last);
  }
  if (store.indexedTxs() !== txs) throw broken('index', last);
  if (trustRoot !== undefined && trustRoot.height > last) throw broken('missing', last + 1);
  return { ok: true, height: last, headerHash: lastHash };
}

/**
 * Blocks whose checks are done are executed without a turn of the event loop in between. It has to have one now and
 * then: threads are given their next work there, and signals are heard.
 */
class Turns {
  #lastMs = performance.now();

  async take(): Promise<void> {
    if (performance.now() - this.#lastMs < maxTurnMs) return;
    await nextTurn();
    this.#lastMs = performance.now();
  }
}

function requireIndexed(store: BlockStore, { stored: { height }, txIds }: ReadBlock): void {
  for (const [index, txId] of txIds.entries()) {
    const place = store.find(txId);
    if (place?.height !== height || place.index !== index) throw broken('index', height);
  }
}

/** Executes a block; the stored results and app hash must say the same. */
async function execute(application: Application, stored: StoredBlock): Promise<void> {
  const { height, timeMs, txs } = stored;
  const output = await application.finalizeBlock({ height, timeMs, txs });
  if (!areSame(output.results, stored.results)) throw broken('result', height);
  if (!equalBytes(output.appHash, stored.appHash)) throw broken('state', height);
  application.commit();
}

function areSame(executed: readonly TxResult[], stored: readonly TxResult[]): boolean {
  if (executed.length !== stored.length) return false;
  return executed.every(({ code, data }, index) => {
    const other = stored[index];
    return other !== undefined && code === other.code && equalBytes(data, other.data);
  });
}

function broken(what: string, height: number): CodedError {
  return new CodedError('LEDGER_CORRUPT', { what, height });
}
