// npm run bench -- [NAME ...] [--million] [--json]: figures as ratios to peers that run beside. It measures; it does not fail.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { benchChart } from './chart.ts';
import { benchDay } from './day.ts';
import { benchEnvelope } from './envelope.ts';
import { printTo, type Report } from './figures.ts';
import { benchImport } from './import.ts';
import { benchLedger } from './ledger.ts';
import { benchRevoke } from './revoke.ts';
import { benchSeal } from './seal.ts';
import { benchShare } from './share.ts';
import { benchStorage } from './storage.ts';
import { benchVerify } from './verify.ts';
import { benchWeb } from './web.ts';

// As bin/salus.mjs: threads that start within a figure are not compiled anew, as they are not in a command.
enableCompileCache(fileURLToPath(new URL('../.cache/compiled', import.meta.url)));

const args = process.argv.slice(2);
// The growth of a ledger to a million transactions takes minutes: only when asked for.
const million = args.includes('--million');

const benches: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  ledger: (report) => benchLedger(report, million ? 1_000_000 : 20_000),
  seal: benchSeal,
  envelope: async (report) => {
    await benchEnvelope(report);
    await benchRevoke(report);
  },
  revoke: (report) => benchRevoke(report),
  share: (report) => benchShare(report),
  import: benchImport,
  storage: benchStorage,
  verify: (report) => benchVerify(report),
  chart: benchChart,
  day: benchDay,
  web: benchWeb,
};

const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(
    `No such bench: ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}.\n`,
  );
  process.exit(2);
}
const report = printTo(args.includes('--json'));
for (const name of names.length > 0 ? names : Object.keys(benches)) await benches[name]?.(report);
