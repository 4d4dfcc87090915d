import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlockOutput } from '../../src/engines/application.ts';
import { openLedgerApplication } from '../../src/engines/ledger-application/open.ts';
import { encodeGenesis } from '../../src/ledger/genesis.ts';
import type { VerifiedTx } from '../../src/ledger/incoming.ts';
import { refusalOf } from '../../src/ledger/refusals.ts';
import { World } from '../world.ts';
import { decreed, type GoldenBlock, GoldenChain, judged } from './golden-chain.ts';

/** What a chain came to, height by height. */
export interface Played {
  readonly appHashes: readonly string[];
  /** SHA-256 over the codes and answers of each block. */
  readonly results: readonly string[];
}

export interface Golden extends Played {
  readonly blocks: readonly GoldenBlock[];
  readonly transactions: number;
  /** Accepted transactions by the kind of their first act. */
  readonly accepted: Readonly<Record<string, number>>;
  readonly codes: Readonly<Record<string, number>>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function resultHash(results: BlockOutput['results']): string {
  const hash = createHash('sha256');
  for (const { code, data } of results) hash.update(`${code} ${hex(data)}\n`);
  return hash.digest('hex');
}

/** Makes the first `count` blocks, each played in memory as it is made. */
export async function makeGolden(count: number): Promise<Golden> {
  const chain = new GoldenChain();
  const { world } = chain;
  const blocks: GoldenBlock[] = [];
  const played = { appHashes: [] as string[], results: [] as string[] };
  const accepted: Record<string, number> = {};
  const codes: Record<string, number> = {};
  let transactions = 0;
  while (blocks.length < count) {
    const block = chain.next();
    blocks.push(block);
    const txs = await judged(world, block.txs);
    const results = world.block(txs, block.timeMs);
    played.appHashes.push(hex(world.appHash));
    played.results.push(resultHash(results));
    transactions += txs.length;
    for (const [index, { code }] of results.entries()) {
      const name = code === 0 ? 'accepted' : (refusalOf(code)?.code ?? `number ${code}`);
      codes[name] = (codes[name] ?? 0) + 1;
      const kind = kindOf(txs[index]);
      if (code === 0) accepted[kind] = (accepted[kind] ?? 0) + 1;
    }
  }
  return { ...played, blocks, transactions, accepted, codes };
}

const kindOf = (sent: VerifiedTx | undefined): string =>
  sent !== undefined && 'tx' in sent ? (sent.tx.body.acts[0]?.kind ?? 'none') : 'none';

/** From the bytes alone, in a fresh memory. */
export async function replayInMemory(blocks: readonly GoldenBlock[]): Promise<Played> {
  const world = new World();
  const played = { appHashes: [] as string[], results: [] as string[] };
  for (const { txs, timeMs } of blocks) {
    played.results.push(resultHash(world.block(await judged(world, txs), timeMs)));
    played.appHashes.push(hex(world.appHash));
  }
  return played;
}

/** From the bytes alone, in a fresh SQLite file, which is closed and opened again after every `span` blocks. */
export async function replayOnDisk(
  blocks: readonly GoldenBlock[],
  span: number = blocks.length,
): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-golden-'));
  const genesis = encodeGenesis(new World().genesis);
  const played = { appHashes: [] as string[], results: [] as string[] };
  try {
    for (let from = 0; from < blocks.length; from += span) {
      const path = join(folder, 'state.db');
      const app = await openLedgerApplication({ path, genesis, verify: decreed });
      try {
        for (const { timeMs, txs } of blocks.slice(from, from + span)) {
          const height = app.info().height + 1;
          const { results } = await app.finalizeBlock({ height, timeMs, txs });
          app.commit();
          played.results.push(resultHash(results));
          played.appHashes.push(hex(app.info().appHash));
        }
      } finally {
        app.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return played;
}

/** The first height at which two plays of the same chain differ; undefined: none. */
export function firstDifference(one: Played, other: Played): number | undefined {
  const length = Math.max(one.appHashes.length, other.appHashes.length);
  for (let i = 0; i < length; i++) {
    const isSame = one.appHashes[i] === other.appHashes[i] && one.results[i] === other.results[i];
    if (!isSame) return i + 1;
  }
  return undefined;
}

/** SHA-256 over the app hashes (32 bytes each) and over the result hashes of the first `count` heights. */
export function digests({ appHashes, results }: Played, count: number) {
  const over = (list: readonly string[]) =>
    createHash('sha256')
      .update(Buffer.from(list.slice(0, count).join(''), 'hex'))
      .digest('hex');
  return { blocks: count, appHashes: over(appHashes), results: over(results) };
}
