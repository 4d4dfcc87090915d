// npm run bench -- [NAME ...] [--json]: figures as ratios to peers that run beside. It measures; it does not fail.
import { benchEnvelope } from './envelope.ts';
import { printTo, type Report } from './figures.ts';
import { benchSeal } from './seal.ts';

const benches: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  seal: benchSeal,
  envelope: benchEnvelope,
};

const args = process.argv.slice(2);
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
