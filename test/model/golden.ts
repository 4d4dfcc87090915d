import { parseArgs } from 'node:util';
import { allBlocks, differencesFromFile, writeGoldenFile } from './golden-file.ts';
import { firstDifference, makeGolden, replayInMemory, replayOnDisk } from './golden-play.ts';

/**
 * `npm run golden -- [--blocks N] [--json] [--write]`: makes the golden chain, replays it in memory and twice on
 * disk (the second time with restarts), compares app hashes and results height by height and with
 * golden-chain.json. Exit 1 where anything differs. `--write` writes that file anew: for a change that is meant.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      blocks: { type: 'string', default: String(allBlocks) },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const blocks = Number(values.blocks);
  if (!(Number.isSafeInteger(blocks) && blocks > 0) || (values.write && blocks !== allBlocks)) {
    process.stderr.write(`golden: --blocks N; --write needs all ${allBlocks}\n`);
    return 2;
  }
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const say = (what: string) => process.stderr.write(`${what}, ${seconds()} s\n`);
  const golden = await makeGolden(blocks);
  say(`made ${blocks} blocks, ${golden.transactions} transactions`);
  const differences: string[] = [];
  const plays = [
    ['in memory', () => replayInMemory(golden.blocks)],
    ['on disk', () => replayOnDisk(golden.blocks)],
    ['on disk with restarts', () => replayOnDisk(golden.blocks, Math.ceil(blocks / 7))],
  ] as const;
  for (const [name, play] of plays) {
    const height = firstDifference(golden, await play());
    if (height !== undefined) differences.push(`replay ${name} at height ${height}`);
    say(`replayed ${name}`);
  }
  if (values.write) {
    if (differences.length === 0) writeGoldenFile(golden, golden.transactions);
  } else differences.push(...differencesFromFile(golden));
  const { transactions, accepted, codes } = golden;
  const appHash = golden.appHashes.at(-1);
  const line = { blocks, transactions, accepted, codes, appHash, differences, seconds: seconds() };
  const sentence = `${blocks} blocks, ${transactions} transactions, app hash ${appHash}, ${line.seconds} s`;
  process.stdout.write(`${values.json ? JSON.stringify(line) : sentence}\n`);
  for (const difference of differences) process.stderr.write(`differs: ${difference}\n`);
  return differences.length === 0 ? 0 : 1;
}

process.exitCode = await main();
