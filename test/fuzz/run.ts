import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sha256 } from '../../src/crypto/hash.ts';
import { bytesToHex } from '../../src/primitives/bytes.ts';
import { type Find, type Line, supervise } from './supervise.ts';
import { targets } from './targets/all.ts';

/**
 * `npm run fuzz -- [--seconds N] [--seed S] [--target NAME]... [--inputs N] [--json]`: shares N seconds among the
 * targets, prints a line for each, keeps what it finds under test/fuzz/found/, and exits 1 when it found something.
 */
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');

function keep({ target, sign, text, input }: Find): string {
  if (input === undefined) {
    process.stderr.write(`\n${target}: ${sign}\n${text}\n`);
    return sign;
  }
  const name = `${target}-${bytesToHex(sha256(input)).slice(0, 12)}.bin`;
  const path = join(here, 'found', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input);
  process.stderr.write(`\n${target}: ${sign}\n${text}\nkept as ${relative(root, path)}\n`);
  return relative(root, path);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string', multiple: true, default: [] },
      inputs: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  const limit = values.inputs === undefined ? {} : { maxInputs: Number(values.inputs) };
  const names = values.target.length === 0 ? Object.keys(targets) : values.target;
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  const isWrong = ![seconds, seed, limit.maxInputs ?? 1].every((number) => number > 0);
  if (unknown.length > 0 || isWrong) {
    const known = Object.keys(targets).join(' ');
    process.stderr.write(`fuzz: --seconds N --seed S --target NAME, of ${known}\n`);
    return 2;
  }
  const jobs = Math.min(2, availableParallelism(), names.length);
  const weights = names.map((name) => targets[name]?.weight ?? 1);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let crashes = 0;
  let next = 0;
  const drain = async (): Promise<void> => {
    while (next < names.length) {
      const at = next++;
      const target = names[at] ?? '';
      const ms = ((weights[at] ?? 1) / whole) * seconds * jobs * 1000;
      const line = await supervise({ target, seed, ms, ...limit, keep });
      crashes += line.crashes;
      process.stdout.write(`${values.json ? JSON.stringify(line) : sentence(line)}\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, drain));
  return crashes === 0 ? 0 : 1;
}

function sentence({ target, inputs, crashes, seconds, slowestMs, peakMiB, found }: Line): string {
  const rate = Math.round(inputs / Math.max(seconds, 0.1));
  const facts = `${inputs} inputs, ${rate}/s, slowest ${slowestMs} ms, peak ${peakMiB} MiB`;
  return `${target.padEnd(14)} ${crashes === 0 ? 'ok    ' : 'CRASH '} ${facts} ${found.join(' ')}`;
}

process.exitCode = await main();
