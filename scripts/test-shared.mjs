// Runs the tests that need data which may not ship in this repository: npm run test:shared -- DIR
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? '../shared');
if (!existsSync(folder)) {
  process.stderr.write(
    `There is no folder ${process.argv[2] ?? '../shared'}: give the one that holds data/ and vectors/.\n`,
  );
  process.exit(2);
}
const tests = ['test/shared/**/*.test-shared.ts', 'src/wings/*/test/**/*.test-shared.ts'];
const { status } = spawnSync('node', ['--test', ...tests], {
  stdio: 'inherit',
  env: { ...process.env, SALUS_SHARED: folder },
});
process.exit(status ?? 1);
