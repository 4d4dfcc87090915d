import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { compare, histories } from './histories.ts';

/**
 * `npm run model -- [--transactions N] [--seed S] [--json]`: compares the ledger with its slow model on random
 * histories until N transactions were compared. History i is drawn from seed S + i, so `--seed` with the seed
 * of a difference shows that difference first. Exit 1 at the first one.
 */
const maxSeed = 2 ** 31 - 1;

interface Difference {
  readonly seed: number;
  /** Of the transaction within its history; the opening block counts. */
  readonly index: number;
  readonly message: string;
}

function run(transactions: number, seed: number) {
  const codes: Record<string, number> = {};
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const differences: Difference[] = [];
  let compared = 0;
  let played = 0;
  let spoken = 0;
  while (compared < transactions && differences.length === 0) {
    const before = compared;
    const historySeed = (seed + played++) % maxSeed;
    const [history = []] = fc.sample(histories, { seed: historySeed, numRuns: 1 });
    try {
      compare(history, (code) => {
        compared++;
        codes[code] = (codes[code] ?? 0) + 1;
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      differences.push({ seed: historySeed, index: compared - before, message });
    }
    if (seconds() - spoken >= 5) {
      spoken = seconds();
      process.stderr.write(`${compared} transactions in ${played} histories, ${spoken} s\n`);
    }
  }
  return {
    transactions: compared,
    histories: played,
    codes,
    differences,
    seconds: seconds(),
    seed,
  };
}

function main(): number {
  const { values } = parseArgs({
    options: {
      transactions: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const transactions = Number(values.transactions);
  const seed = Number(values.seed);
  const isSeed = Number.isSafeInteger(seed) && seed >= 0 && seed < maxSeed;
  if (!(Number.isSafeInteger(transactions) && transactions > 0 && isSeed)) {
    process.stderr.write('model: --transactions N --seed S, S below 2147483647\n');
    return 2;
  }
  const result = run(transactions, seed);
  const [difference] = result.differences;
  if (difference !== undefined) {
    const { message, ...where } = difference;
    process.stderr.write(
      `seed ${where.seed}, transaction ${where.index} of its history:\n${message}\n`,
    );
  }
  const { transactions: compared, histories: played, seconds } = result;
  const sentence = `${compared} transactions in ${played} histories, ${result.differences.length} differences, ${seconds} s`;
  process.stdout.write(`${values.json ? JSON.stringify(result) : sentence}\n`);
  return difference === undefined ? 0 : 1;
}

process.exitCode = main();
