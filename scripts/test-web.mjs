// Runs the table of screens and states of the web app (test/web/screens.ts):
//   npm run test:web                       each once, in a look that a seed draws, as `npm test` does
//   npm run test:web -- --all              each in all twelve: three languages, light and dark, 320 px and a desk
//   npm run test:web -- --part 2/5         the second fifth of that
//   npm run test:web -- --name "keys, "    those with this in their name; with any of the above
//   npm run test:web -- --look "en, light" only looks with this in their name; may be said more than once
//   npm run test:web -- --pictures DIR     also writes a picture of each into this folder
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const env = { ...process.env };
const flags = [];
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '--all') env.SALUS_SCREENS = 'all';
  else if (arg === '--part') env.SALUS_SCREENS = args.shift();
  else if (arg === '--look')
    env.SALUS_LOOKS = [env.SALUS_LOOKS, args.shift()].filter((it) => it !== undefined).join(';');
  else if (arg === '--pictures') env.SALUS_PICTURES = resolve(args.shift() ?? '.');
  else if (arg === '--name') flags.push('--name', args.shift() ?? '');
  else {
    process.stderr.write(
      'test:web: --all, --part N/M, --name "part of a name", --look "en, light", --pictures DIR\n',
    );
    process.exit(2);
  }
}
const test = join(root, 'scripts', 'test.mjs');
const { status } = spawnSync('node', [test, 'test/web/screens.test.ts', ...flags], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);
