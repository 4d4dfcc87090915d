import { hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  altered,
  broken,
  type Content,
  firstFault,
  mineChain,
  minedBlock,
  triesOf,
} from './chain.ts';
import { noHash } from './mining.ts';
import { race } from './race.ts';
import {
  type Miner,
  type RewriteCost,
  type SandboxOptions,
  type SandboxReport,
  sandboxCaption,
} from './report.ts';

const maxBlocks = 24;
const maxBits = 20;
/** Of hashes that are expected to be tried: under a minute on a laptop. */
const maxTries = 2 ** 25;

const defaultMiners: readonly Miner[] = [
  { name: 'north', share: 0.5 },
  { name: 'south', share: 0.3 },
  { name: 'east', share: 0.2 },
];

/**
 * The papers' mined chain, shown on real blocks of this ledger: mine them, change one and see every later
 * hash break, mine again and count what hiding it costs, and let several miners race until the longest
 * chain is chosen. For teaching: the ledger itself is ordered by signatures, and a rich liar would win
 * here. The same seed gives the same report.
 *
 * Throws USAGE {field}: no blocks or too many, a gap in the heights, a header that is not hex, a
 * difficulty or an amount of work out of bounds, bad miners, an unknown height. Throws INTERRUPTED.
 * Source: docs/sandbox.md.
 */
export async function runSandbox(options: SandboxOptions): Promise<SandboxReport> {
  const { difficultyBits: bits = 12, seed = 1, miners = defaultMiners, signal } = options;
  const contents = contentsOf(options.blocks);
  const tamperAt = options.tamperAt ?? contents[contents.length >> 1]?.height ?? 0;
  checkOptions({ contents, bits, seed, miners, tamperAt });
  const progress = (phase: 'mine' | 'rewrite' | 'race', of: number) => (done: number) =>
    options.onProgress?.({ phase, done, of });
  const count = contents.length;

  const mined = counted(progress('mine', count));
  const mining = { bits, seed, signal };
  const chain = await mineChain(contents, noHash, { ...mining, purpose: 'chain', onBlock: mined });

  // The liar changes a block and mines it and all after it again, for every number of blocks.
  const rewritten = counted(progress('rewrite', (count * (count + 1)) / 2));
  const rewriteCosts: RewriteCost[] = [];
  let rechained: SandboxReport['rechained'] = [];
  for (let blocks = 1; blocks <= count; blocks++) {
    const [first, ...rest] = contents.slice(count - blocks);
    if (first === undefined) break;
    const previous = chain[count - blocks]?.previous ?? noHash;
    const purpose = `rewrite ${blocks}`;
    const lie = [altered(first), ...rest];
    const again = await mineChain(lie, previous, { ...mining, purpose, onBlock: rewritten });
    rewriteCosts.push({
      blocks,
      fromHeight: first.height,
      expectedTries: blocks * 2 ** bits,
      measuredTries: triesOf(again),
    });
    if (first.height === tamperAt) rechained = again.map(minedBlock);
  }

  const onHeight = progress('race', count);
  const raced = await race({ contents, miners, bits, seed, signal, onHeight });
  const changed = chain.map((link) => (link.height === tamperAt ? altered(link) : link));
  const allTries = [
    triesOf(chain),
    ...rewriteCosts.map(({ measuredTries }) => measuredTries),
    ...raced.miners.map(({ tries }) => tries),
  ];
  return {
    caption: sandboxCaption,
    seed,
    difficultyBits: bits,
    expectedTriesPerBlock: 2 ** bits,
    measuredTriesPerBlock: Math.round(triesOf(chain) / count),
    totalTries: allTries.reduce((sum, tries) => sum + tries, 0),
    chain: chain.map(minedBlock),
    tamper: {
      height: tamperAt,
      detectedAtHeight: firstFault(changed, bits),
      blocks: broken(chain, tamperAt, bits),
    },
    rechained,
    rewriteCosts,
    race: raced,
  };
}

function counted(report: (done: number) => void): () => void {
  let done = 0;
  return () => {
    done += 1;
    report(done);
  };
}

function contentsOf(blocks: SandboxOptions['blocks']): Content[] {
  return blocks.map(({ height, headerHex, txs, bytes }) => {
    const header = hexToBytes(headerHex);
    if (header === undefined || header.length === 0 || header.length > 64 * 1024) {
      throw new CodedError('USAGE', { field: 'headerHex', height });
    }
    return { height, header, txs, bytes };
  });
}

interface Checked {
  readonly contents: readonly Content[];
  readonly bits: number;
  readonly seed: number;
  readonly miners: readonly Miner[];
  readonly tamperAt: number;
}

function checkOptions({ contents, bits, seed, miners, tamperAt }: Checked): void {
  const refuse = (field: string) => new CodedError('USAGE', { field });
  const count = contents.length;
  if (count < 1 || count > maxBlocks) throw refuse('blocks');
  for (const [i, { height }] of contents.entries()) {
    if (!Number.isSafeInteger(height) || height !== (contents[0]?.height ?? 0) + i) {
      throw refuse('height');
    }
  }
  if (!contents.some(({ height }) => height === tamperAt)) throw refuse('tamperAt');
  if (!Number.isSafeInteger(seed)) throw refuse('seed');
  if (!Number.isSafeInteger(bits) || bits < 1 || bits > maxBits) throw refuse('difficultyBits');
  // Once for the chain, every length of rewriting, and the race with its lost branches.
  const minedBlocks = count + (count * (count + 1)) / 2 + 2 * count;
  if (minedBlocks * 2 ** bits > maxTries) throw refuse('difficultyBits');
  const names = new Set(miners.map(({ name }) => name));
  if (miners.length < 1 || miners.length > 8 || names.size !== miners.length)
    throw refuse('miners');
  for (const { name, share } of miners) {
    if (name.length < 1 || name.length > 24) throw refuse('miners');
    if (!Number.isFinite(share) || share <= 0) throw refuse('miners');
  }
}
