import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Command } from 'commander';
import { createProgram } from '../../src/cli/command-line.ts';
import { commands as commandFiles } from '../../src/cli/commands/all.ts';
import { asCoded, createOutput, exitCodeOf } from '../../src/cli/output.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { catalogue, isCode } from '../../src/codes/index.ts';
import { CodedError } from '../../src/primitives/errors.ts';
import { linesOf, refused, remove, run, temporaryHome } from './salus.ts';

const home = temporaryHome();
after(() => remove(home));
/** A home of a test's own. */
const inside = (name: string): string => join(home, name);

const never = new AbortController().signal;

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

test('every command explains itself, with the flags that all of them take', async () => {
  const context = {
    flags: { json: false },
    output: createOutput(false),
    surroundings: processSurroundings,
    signal: never,
  };
  const program = await createProgram(context, () => undefined);
  const all = everyCommand(program);
  assert.ok(all.length > 30);
  for (const command of all) {
    let help = '';
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    assert.match(help, /Usage: salus/, command.name());
    assert.match(help, /--passphrase-file/, command.name());
    assert.notEqual(command.description(), '', command.name());
    for (const option of command.options) assert.notEqual(option.description, '', option.flags);
  }
});

test('--help is text for people, and one line with --json', async () => {
  const text = await run(['record', 'add', '--help']);
  assert.equal(text.code, 0);
  assert.match(text.stdout, /^Usage: salus record add/);
  const json = await run(['record', 'add', '--help', '--json']);
  const [line, ...more] = linesOf(json.stdout);
  assert.deepEqual([json.code, line?.ok, more], [0, true, []]);
  assert.match(String(line?.help), /^Usage: salus record add/);
});

test('nothing at all, and help of a command of a group, are answered by what there is', async () => {
  const bare = await run([]);
  assert.equal(bare.code, 0);
  assert.match(bare.stdout, /^Usage: salus[\s\S]* record [\s\S]* grant /);
  const help = await run(['help', 'record', 'open']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: salus record open/);
});

test('each file of commands adds the names under which it is loaded', async () => {
  // A wing's commands are loaded with all: which words they take is theirs.
  for (const { names, load } of commandFiles.filter((it) => it.names.length > 0)) {
    const add = await load();
    // What adds flags to a command of another file comes after that one.
    if (add.extends !== undefined) {
      const first = commandFiles.find((it) => it.names.some((name) => names.includes(name)));
      assert.notEqual(await first?.load(), add);
      continue;
    }
    const program = new Command();
    const surroundings = processSurroundings;
    const flags = { json: false };
    add(program, { flags, output: createOutput(false), surroundings, signal: never });
    assert.deepEqual(
      program.commands.map((it) => it.name()),
      names,
    );
  }
});

for (const [what, args, code, exit] of [
  ['a command that is not there', ['lemon'], 'USAGE', 2],
  ['an argument that was not said', ['record', 'open'], 'MISSING', 2],
  ['an option that must be said', ['person', 'leave'], 'MISSING', 2],
  ['a trust root that was not said', ['verify', '--remote', 'http://127.0.0.1:9'], 'MISSING', 2],
  ['a group without a command', ['person'], 'USAGE', 2],
  ['an unknown flag', ['record', 'list', '--colour'], 'USAGE', 2],
  ['a flag without its value', ['record', 'list', '--as'], 'USAGE', 2],
  ['a port that is none', ['up', '--port', '99999'], 'USAGE', 2],
  ['a class that is none', ['grant', 'x', '--class', 'labs', '--as', 'ana'], 'CLASS_UNKNOWN', 2],
  ['a role that is none', ['person', 'create', 'x', '--role', 'king'], 'USAGE', 2],
  [
    'a purpose that is none',
    ['grant', 'x', '--class', 'lab', '--purpose', 'FUN'],
    'PURPOSE_UNKNOWN',
    2,
  ],
  ['an end that is none', ['grant', 'x', '--class', 'lab', '--until', 'soon'], 'USAGE', 2],
  [
    'an end that has passed',
    ['grant', 'x', '--class', 'lab', '--until', '2020-01-01'],
    'NOT_AFTER_PASSED',
    3,
  ],
  ['a grant of nothing', ['grant', 'x'], 'MISSING', 2],
  ['no wallet at all', ['record', 'list'], 'WALLET_UNKNOWN', 2],
  ['a wallet that is not here', ['record', 'list', '--as', 'eve'], 'WALLET_UNKNOWN', 2],
  ['a name that would leave the folder', ['record', 'list', '--as', '../eve'], 'USAGE', 2],
  [
    'a file that is not there',
    ['record', 'add', 'nowhere.json', '--as', 'ana'],
    'FILE_UNREADABLE',
    2,
  ],
  [
    'a receipt that is not there',
    ['check-receipt', 'nowhere', '--trust', 'nowhere'],
    'FILE_UNREADABLE',
    2,
  ],
  ['a hospital that does not run', ['person', 'create', 'x', '--hospital', 'north'], 'USAGE', 2],
  ['a home without servers', ['verify'], 'HOME_INVALID', 3],
  ['a diagnosis without words', ['diagnose', 'ana'], 'MISSING', 2],
] as const) {
  test(`${what}: ${code}, exit code ${exit}`, async () => {
    const ran = await run([...args, '--json', '--home', home]);
    const lines = linesOf(ran.stdout);
    assert.deepEqual([lines.length, lines[0]?.code, ran.code], [1, code, exit], ran.stdout);
    assert.deepEqual([lines[0]?.ok, typeof lines[0]?.sentence], [false, 'string']);
  });
}

test('a wallet needs its passphrase, and one long enough', async () => {
  const home = inside('passphrases');
  const none = { home, env: { SALUS_PASSPHRASE: '' } };
  await refused(['person', 'create', 'ana'], { code: 'PASSPHRASE_MISSING', exit: 2 }, none);
  const short = { home, env: { SALUS_PASSPHRASE: 'short' } };
  await refused(['person', 'create', 'ana'], { code: 'PASSPHRASE_SHORT', exit: 2 }, short);
  const made = await run(['person', 'create', 'ana', '--json'], { home });
  assert.equal(linesOf(made.stdout)[0]?.ok, true);
  await refused(['person', 'create', 'ana'], { code: 'WALLET_EXISTS', exit: 2 }, { home });
  await refused(['record', 'list'], { code: 'PERSON_NOT_ENROLLED', exit: 3 }, { home });
  const wrong = { home, env: { SALUS_PASSPHRASE: 'not the passphrase' } };
  await refused(['person', 'show'], { code: 'PASSPHRASE_WRONG', exit: 3 }, wrong);
});

test('a file that is no wallet is refused, and a locked one waits for nobody who is gone', async () => {
  const home = inside('odd');
  mkdirSync(join(home, 'people'), { recursive: true });
  writeFileSync(join(home, 'people', 'odd.wallet'), 'not a wallet');
  const args = ['person', 'show', '--as', 'odd'];
  await refused(args, { code: 'WALLET_INVALID', exit: 3 }, { home });
});

test('a taken port: PORT_BUSY, and nothing stays behind', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  try {
    const expected = { code: 'PORT_BUSY', exit: 5 };
    await refused(['up', '--port', port], expected, { home: inside('busy') });
  } finally {
    server.close();
  }
});

test('a home that is a file, or lies under one: HOME_READ_ONLY', async () => {
  const file = inside('a-file');
  writeFileSync(file, '');
  const up = ['up', '--port', '0', '--home', join(file, 'home')];
  await refused(up, { code: 'HOME_READ_ONLY', exit: 5 });
});

test('errors of the platform that a person can do something about have their code', () => {
  const errno = (code: string) => Object.assign(new Error('platform'), { code });
  const sqlite = (errcode: number) =>
    Object.assign(new Error('sqlite'), { code: 'ERR_SQLITE_ERROR', errcode });
  for (const [error, code] of [
    [errno('ENOSPC'), 'DISK_FULL'],
    [errno('EDQUOT'), 'DISK_FULL'],
    [sqlite(13), 'DISK_FULL'],
    [errno('EROFS'), 'HOME_READ_ONLY'],
    [errno('EACCES'), 'HOME_READ_ONLY'],
    [sqlite(8), 'HOME_READ_ONLY'],
    [sqlite(14), 'HOME_READ_ONLY'],
    [errno('EADDRINUSE'), 'PORT_BUSY'],
    [new Error('anything'), 'INTERNAL'],
  ] as const) {
    assert.equal(asCoded(error).code, code);
  }
});

test('exit codes follow from the kind alone, but for what was interrupted', () => {
  const expected: Readonly<Record<string, number>> = {
    fault: 1,
    usage: 2,
    'not-shared': 3,
    'no-key': 3,
    'not-trusted': 3,
    'not-valid': 3,
    verification: 4,
    unavailable: 5,
  };
  for (const [code, { kind }] of Object.entries(catalogue)) {
    assert.ok(isCode(code));
    const exit = code === 'INTERRUPTED' ? 130 : expected[kind];
    assert.equal(exitCodeOf(new CodedError(code)), exit, code);
  }
});

test('selfcheck looks at this machine and says what it found', async () => {
  const ran = await run(['selfcheck', '--json', '--port', '0'], { home });
  const [found] = linesOf(ran.stdout);
  assert.equal(found?.ok, true);
  assert.ok(Array.isArray(found?.findings));
});
