import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/command-line.ts';
import { readConfig } from '../../src/cli/config.ts';
import { createOutput } from '../../src/cli/output.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { root } from '../cli/salus.ts';

const deploy = join(root, 'deploy');
const read = (name: string) => readFileSync(join(deploy, name), 'utf8');
const units = globSync('*.{service,timer}', { cwd: deploy });

/** `[section] key=value`, in order; a comment stands on a line of its own. */
function settingsOf(
  unit: string,
): readonly (readonly [section: string, key: string, value: string])[] {
  let section = '';
  return read(unit)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const [, named] = /^\[(\w+)\]$/.exec(line) ?? [];
      if (named !== undefined) {
        section = named;
        return [];
      }
      const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? assert.fail(`${unit}: ${line}`);
      return [[section, key, value] as const];
    });
}

/** The commands of this version, and the flags of each. */
const program = await createProgram(
  {
    ...{ flags: { json: false }, output: createOutput(false) },
    ...{ surroundings: processSurroundings, signal: new AbortController().signal },
  },
  () => undefined,
);

/** That a line starts Salus with a command and flags that it has. */
function requireKnown(words: readonly string[]): void {
  const [name, ...rest] = words;
  const command = program.commands.find((it) => it.name() === name);
  assert.ok(command !== undefined, name);
  const flags = command.options.map((it) => it.long);
  for (const word of rest) if (word.startsWith('--')) assert.ok(flags.includes(word), word);
}

test('the units start Salus by commands and flags that it has, and as a user of its own', () => {
  assert.deepEqual(units.toSorted(), [
    'salus-backup.service',
    'salus-backup.timer',
    'salus.service',
  ]);
  for (const unit of units.filter((it) => it.endsWith('.service'))) {
    const settings = settingsOf(unit);
    const said = (key: string) => settings.find(([, name]) => name === key)?.[2] ?? '';
    const [program = '', ...words] = said('ExecStart').split(' ');
    assert.equal(program, '/opt/salus/bin/salus.mjs');
    requireKnown(words);
    assert.deepEqual([said('User'), said('UMask')], ['salus', '0077']);
    assert.equal(said('NoNewPrivileges'), 'yes');
    assert.match(said('Environment'), /^SALUS_HOME=\/var\/lib\/salus$/);
  }
  const sections = new Set(units.flatMap((unit) => settingsOf(unit).map(([section]) => section)));
  assert.deepEqual([...sections].toSorted(), ['Install', 'Service', 'Timer', 'Unit']);
});

test('systemd takes the units', (t) => {
  const asked = spawnSync('systemd-analyze', ['--version']);
  if (asked.error !== undefined) {
    t.diagnostic('no systemd here: only read');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'salus-units-'));
  try {
    for (const unit of units) {
      // It looks whether the program and the user are there: here they are this checkout and who runs the tests.
      const text = read(unit)
        .replaceAll('/opt/salus/', root.endsWith('/') ? root : `${root}/`)
        .replaceAll(/^(User|Group)=salus$/gm, '$1=root');
      writeFileSync(join(folder, unit), text);
    }
    const paths = units.map((unit) => join(folder, unit));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
    });
    const about = stderr.split('\n').filter((line) => line.includes(folder) || /salus/.test(line));
    assert.deepEqual([status, about], [0, []], stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the settings file is one that this version takes', () => {
  const settings = readConfig(deploy, join(deploy, 'salus.json'), {});
  assert.deepEqual(Object.keys(settings), ['host', 'port', 'trustedProxy', 'logLevel']);
});

test('the container file copies what is there, listens where a proxy comes from, and starts `up`', () => {
  const text = read('Containerfile').replaceAll('\\\n', ' ');
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const of = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const known =
    /^(ARG|FROM|WORKDIR|COPY|RUN|USER|ENV|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) /;
  for (const line of lines) assert.match(line, known);
  for (const copied of of('COPY').filter((it) => !it.startsWith('--from'))) {
    for (const source of copied.split(' ').slice(0, -1))
      assert.ok(existsSync(join(root, source)), source);
  }
  const env = Object.fromEntries(
    of('ENV').flatMap((it) => it.split(' ').map((one) => one.split('='))),
  );
  const config = readConfig(deploy, join(deploy, 'salus.json'), { ...env });
  assert.deepEqual([config.host, config.port], ['0.0.0.0', 7420]);
  const [entry = '', command = ''] = [of('ENTRYPOINT')[0], of('CMD').at(-1)];
  requireKnown(JSON.parse(command));
  const [bin] = JSON.parse(entry) as readonly string[];
  const { bin: bins } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.ok(Object.keys(bins).includes(basename(bin ?? '')), entry);
  assert.deepEqual(of('USER'), ['node']);
  assert.ok(text.indexOf('USER node') < text.indexOf('ENTRYPOINT'));
});

test('what the units start is a program, and every file of the folder is in its page', () => {
  assert.ok((statSync(join(root, 'bin/salus.mjs')).mode & 0o111) !== 0);
  const page = read('README.md');
  for (const file of globSync('*', { cwd: deploy })) {
    if (file !== 'README.md') assert.ok(page.includes(`(${file})`), file);
  }
});

test('the proxy passes on what is for the world, and says where a caller comes from', () => {
  const text = read('nginx.conf');
  assert.equal(text.split('{').length, text.split('}').length);
  assert.match(text, /location ~ \^\/\[a-z0-9-\]\+\/v1\/ \{/);
  assert.match(text, /proxy_set_header x-forwarded-for \$remote_addr;/);
  assert.match(text, /location \/ \{ return 404; \}/);
});
