import { bytesToHex } from '../../primitives/bytes.ts';
import type { Content } from './chain.ts';
import { breathe, firstNonceOf, noHash, Search } from './mining.ts';
import type { Miner, Race } from './report.ts';

export interface RaceOptions {
  readonly contents: readonly Content[];
  readonly miners: readonly Miner[];
  readonly bits: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onHeight: (blocks: number) => void;
}

/** A round is a sixteenth of the time a block takes, news takes half that time: so forks are common. */
const roundsPerBlock = 16;
const delayRounds = 8;

interface Node {
  readonly parent: Node | undefined;
  /** Blocks up to here: all are equally hard, so this is the work. */
  readonly length: number;
  readonly hash: Uint8Array;
  readonly nonce: number;
  readonly miner: number;
  readonly round: number;
}

interface Runner {
  /** Of a round, not a whole number: what is left over is carried to the next. */
  readonly triesPerRound: number;
  /** The longest chain that this miner has heard of, the first of its length. */
  tip: Node | undefined;
  search: Search | undefined;
  searches: number;
  tries: number;
}

/**
 * Several miners at once on the same contents: each tries its share of the hashes in a round, upon the
 * longest chain it has heard of. Who finds while the news is under way makes a fork; the longer branch
 * wins. The hashes are really tried; only the clock is made of rounds, so a seed gives one result.
 * Throws INTERRUPTED.
 */
export async function race(options: RaceOptions): Promise<Race> {
  const { contents, miners, bits, signal } = options;
  const wholeShare = miners.reduce((sum, { share }) => sum + share, 0);
  const runners = miners.map(({ share }): Runner => {
    const triesPerRound = ((2 ** bits / roundsPerBlock) * share) / wholeShare;
    return { triesPerRound, tip: undefined, search: undefined, searches: 0, tries: 0 };
  });
  const nodes: Node[] = [];
  let winner: Node | undefined;
  let round = 0;
  while (winner === undefined || winner.length < contents.length) {
    round += 1;
    await breathe(signal);
    for (const node of nodes) if (node.round + delayRounds === round) tell(runners, node);
    for (const [at, runner] of runners.entries()) {
      const node = turn(runner, at, { ...options, round });
      if (node === undefined) continue;
      nodes.push(node);
      hear(runner, node);
      if (winner === undefined || node.length > winner.length) {
        winner = node;
        options.onHeight(node.length);
      }
    }
  }
  return reportOf({ contents, miners, runners, nodes, winner, round, bits, wholeShare });
}

function tell(runners: readonly Runner[], node: Node): void {
  for (const runner of runners) hear(runner, node);
}

function hear(runner: Runner, node: Node): void {
  if (node.length <= (runner.tip?.length ?? 0)) return;
  runner.tip = node;
  runner.search = undefined;
}

function turn(
  runner: Runner,
  miner: number,
  { contents, bits, seed, round }: RaceOptions & { readonly round: number },
): Node | undefined {
  const length = (runner.tip?.length ?? 0) + 1;
  const content = contents[length - 1];
  if (content === undefined) return undefined;
  if (runner.search === undefined) {
    runner.searches += 1;
    const firstNonce = firstNonceOf(seed, 'race', miner, runner.searches);
    const place = { previous: runner.tip?.hash ?? noHash, header: content.header };
    runner.search = new Search(place, { firstNonce, bits });
  }
  const before = runner.search.tries;
  const { triesPerRound } = runner;
  const tries = Math.floor(round * triesPerRound) - Math.floor((round - 1) * triesPerRound);
  const found = runner.search.run(tries);
  runner.tries += runner.search.tries - before;
  return found && { parent: runner.tip, length, ...found, miner, round };
}

interface Finished {
  readonly contents: readonly Content[];
  readonly miners: readonly Miner[];
  readonly runners: readonly Runner[];
  readonly nodes: readonly Node[];
  readonly winner: Node;
  readonly round: number;
  readonly bits: number;
  readonly wholeShare: number;
}

function reportOf(finished: Finished): Race {
  const { contents, miners, runners, nodes, winner, round, bits, wholeShare } = finished;
  const chosen = new Set<Node>();
  for (let node: Node | undefined = winner; node; node = node.parent) chosen.add(node);
  const heightOf = (node: Node) => contents[node.length - 1]?.height ?? 0;
  const parents = new Set(nodes.map(({ parent }) => parent));
  const abandoned = nodes.filter((node) => node !== winner && !parents.has(node));
  const byHeight = new Map<number, Node[]>();
  for (const node of nodes) {
    byHeight.set(heightOf(node), [...(byHeight.get(heightOf(node)) ?? []), node]);
  }
  return {
    rounds: round,
    delayRounds,
    miners: miners.map(({ name, share }, at) => ({
      name,
      share: share / wholeShare,
      tries: runners[at]?.tries ?? 0,
      blocksFound: nodes.filter(({ miner }) => miner === at).length,
      blocksOnChosenChain: [...chosen].filter(({ miner }) => miner === at).length,
    })),
    blocks: nodes.map((node) => ({
      height: heightOf(node),
      hash: bytesToHex(node.hash),
      previousHash: bytesToHex(node.parent?.hash ?? noHash),
      nonce: node.nonce,
      miner: miners[node.miner]?.name ?? '',
      round: node.round,
      isOnChosenChain: chosen.has(node),
    })),
    forks: [...byHeight]
      .filter(([, rivals]) => rivals.length > 1)
      .map(([height, rivals]) => ({ height, hashes: rivals.map(({ hash }) => bytesToHex(hash)) })),
    chosenTip: {
      hash: bytesToHex(winner.hash),
      height: heightOf(winner),
      work: winner.length * 2 ** bits,
    },
    abandonedTips: abandoned.map((node) => ({
      hash: bytesToHex(node.hash),
      height: heightOf(node),
    })),
  };
}
