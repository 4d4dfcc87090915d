// npm run bench -- [NAME ...] [--million] [--engine embedded|cometbft] [--members N] [--transactions N] [--json]: figures as ratios to peers that run beside. It measures; it does not fail.
import { globSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchChart } from './chart.ts';
import { benchChartAcross } from './chart-across.ts';
import { benchConsortium } from './consortium.ts';
import { benchDay } from './day.ts';
import { benchEnvelope } from './envelope.ts';
import { printTo, type Report } from './figures.ts';
import { benchImport } from './import.ts';
import { benchJoin } from './join.ts';
import { benchLedger } from './ledger.ts';
import { benchRevoke } from './revoke.ts';
import { benchScrub } from './scrub.ts';
import { benchSeal } from './seal.ts';
import { benchShare } from './share.ts';
import { benchStorage } from './storage.ts';
import { benchVerify } from './verify.ts';
import { benchWeb } from './web.ts';

// As bin/salus.mjs: threads that start within a figure are not compiled anew, as they are not in a command.
enableCompileCache(fileURLToPath(new URL('../.cache/compiled', import.meta.url)));

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    // The growth of a ledger to a million transactions takes minutes: only when asked for.
    million: { type: 'boolean', default: false },
    // CometBFT needs the Go tool, for the node and for the application beside it.
    engine: { type: 'string', default: 'embedded' },
    members: { type: 'string', default: '4' },
    // In place of the rates of four validators: how a member joins a ledger of so many, and starts again on it.
    transactions: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const isConsortium = values.engine === 'cometbft';
const members = Number(values.members);

// A wing brings its own, in test/bench.ts: nothing here names it, so it can go.
const root = new URL('..', import.meta.url);
const ofWings = await Promise.all(
  globSync('src/wings/*/test/bench.ts', { cwd: fileURLToPath(root) }).map(
    async (path) => (await import(new URL(path, root).href)).benches,
  ),
);

const benches: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  ledger: (report) =>
    isConsortium
      ? values.transactions === undefined
        ? benchConsortium(report, members)
        : benchJoin(report, Number(values.transactions))
      : benchLedger(report, values.million ? 1_000_000 : 20_000),
  seal: benchSeal,
  envelope: async (report) => {
    await benchEnvelope(report);
    await benchRevoke(report);
  },
  revoke: (report) => benchRevoke(report),
  share: (report) => benchShare(report, isConsortium ? { engine: 'cometbft', members } : undefined),
  import: benchImport,
  scrub: benchScrub,
  storage: benchStorage,
  verify: (report) => benchVerify(report),
  chart: async (report) => {
    if (!isConsortium) await benchChart(report);
    await benchChartAcross(report, isConsortium ? { engine: 'cometbft', members } : undefined);
  },
  day: benchDay,
  web: benchWeb,
};
/** A wing that measures its half of something has it under the same name. */
const all = [benches, ...ofWings];

const known = [...new Set(all.flatMap((it) => Object.keys(it)))];
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No such bench: ${unknown.join(', ')}. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
const report = printTo(values.json);
for (const name of names.length > 0 ? names : known) {
  for (const it of all) await it[name]?.(report);
}
