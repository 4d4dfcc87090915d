// A stranger sets up machines from the pages for operators alone: npm run test:deploy [-- --only alone|four|containers]
// Each block of commands is taken from the page and run on a Debian machine made for it. Ends with one line; 0: all that ran passed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hospitalAlone } from './alone.ts';
import { containers } from './containers.ts';
import { fourHospitals } from './four.ts';
import { ShellFailure } from './shell.ts';

/** What is tried, and the programs that it takes. */
const trials = [
  {
    name: 'alone',
    try: hospitalAlone,
    needs: ['debootstrap', 'bwrap', 'systemd-nspawn', 'nsenter', 'ip'],
  },
  {
    name: 'four',
    try: fourHospitals,
    needs: ['debootstrap', 'bwrap', 'systemd-nspawn', 'nsenter', 'ip', 'go'],
  },
  {
    name: 'containers',
    try: containers,
    needs: ['debootstrap', 'bwrap', 'podman', 'podman-compose', 'go'],
  },
] as const;

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

let ran = 0;
let failed = 0;
let missing = 0;
for (const trial of trials) {
  if (values.only !== undefined && values.only !== trial.name) continue;
  const lacks = trial.needs.filter((it) => !isThere(it));
  if (process.getuid?.() !== 0) lacks.unshift('root' as never);
  if (lacks.length > 0) {
    missing += 1;
    console.log(`not run: ${trial.name} (needs ${lacks.join(', ')})`);
    continue;
  }
  ran += 1;
  const folder = mkdtempSync(join(tmpdir(), `salus-deploy-${trial.name}-`));
  const say = (what: string) => console.log(`${trial.name}: ${what}`);
  try {
    await trial.try(folder, say);
    console.log(`passed: ${trial.name}`);
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    failed += 1;
    const said = error instanceof ShellFailure ? error.message : (error as Error).stack;
    console.log(`FAILED: ${trial.name}\n${said}`);
    if (existsSync(folder)) console.log(`What was said at the consoles: ${folder}`);
  }
}
console.log(`deploy: ${ran} ran, ${failed} failed, ${missing} not run`);
process.exit(failed > 0 || ran === 0 ? 1 : 0);
