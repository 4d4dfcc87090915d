import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { breathe, firstNonceOf, hashOf, noHash, Search, zeroBitsOf } from './mining.ts';
import type { BrokenBlock, MinedBlock } from './report.ts';

/** A block to be mined: the plain data with its header as bytes. */
export interface Content {
  readonly height: number;
  readonly header: Uint8Array;
  readonly txs: number;
  readonly bytes: number;
}

export interface Link extends Content {
  readonly previous: Uint8Array;
  readonly nonce: number;
  readonly hash: Uint8Array;
  readonly tries: number;
}

export interface Mining {
  readonly bits: number;
  readonly seed: number;
  /** Makes the searches of one purpose differ from those of another. */
  readonly purpose: string;
  readonly signal: AbortSignal | undefined;
  readonly onBlock?: () => void;
}

const triesPerTurn = 2_048;

/** Mines `contents` one after another, the first upon `previous`. Throws INTERRUPTED. */
export async function mineChain(
  contents: readonly Content[],
  previous: Uint8Array,
  { bits, seed, purpose, signal, onBlock }: Mining,
): Promise<Link[]> {
  const chain: Link[] = [];
  let tip = previous;
  for (const content of contents) {
    const firstNonce = firstNonceOf(seed, purpose, content.height);
    const place = { previous: tip, header: content.header };
    const search = new Search(place, { firstNonce, bits });
    let found = search.run(triesPerTurn);
    while (found === undefined) {
      await breathe(signal);
      found = search.run(triesPerTurn);
    }
    await breathe(signal);
    chain.push({ ...content, previous: tip, ...found, tries: search.tries });
    tip = found.hash;
    onBlock?.();
  }
  return chain;
}

/**
 * The height of the first block that does not hold: another hash than it claims, too few zeros, or not
 * the successor of the block before it. Undefined: the chain holds.
 */
export function firstFault(chain: readonly Link[], bits: number): number | undefined {
  let previous = noHash;
  for (const block of chain) {
    const hash = hashOf(block.previous, block.header, block.nonce);
    const follows = equalBytes(block.previous, previous);
    if (!follows || !equalBytes(hash, block.hash) || zeroBitsOf(hash) < bits) return block.height;
    previous = block.hash;
  }
  return undefined;
}

/** Content with one bit of its header turned: the smallest lie. */
export function altered<T extends Content>(content: T): T {
  const header = Uint8Array.from(content.header);
  const last = header.length - 1;
  header[last] = (header[last] ?? 0) ^ 1;
  return { ...content, header };
}

/** What the blocks from `at` on hash to when `at` is changed and nobody mines again. */
export function broken(chain: readonly Link[], at: number, bits: number): BrokenBlock[] {
  const blocks: BrokenBlock[] = [];
  let previous = noHash;
  for (const link of chain) {
    const { header } = link.height === at ? altered(link) : link;
    const hash = hashOf(previous, header, link.nonce);
    previous = hash;
    if (link.height < at) continue;
    const zeroBits = zeroBitsOf(hash);
    blocks.push({
      height: link.height,
      hashBefore: bytesToHex(link.hash),
      hashAfter: bytesToHex(hash),
      zeroBits,
      isValid: zeroBits >= bits,
    });
  }
  return blocks;
}

/** A link as the report shows it. */
export function minedBlock(link: Link): MinedBlock {
  return {
    height: link.height,
    previousHash: bytesToHex(link.previous),
    nonce: link.nonce,
    hash: bytesToHex(link.hash),
    zeroBits: zeroBitsOf(link.hash),
    tries: link.tries,
    txs: link.txs,
    bytes: link.bytes,
  };
}

/** How many hashes a chain cost. */
export function triesOf(chain: readonly Link[]): number {
  return chain.reduce((sum, { tries }) => sum + tries, 0);
}
