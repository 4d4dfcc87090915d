import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/command-line.ts';
import { createOutput } from '../../src/cli/output.ts';
import type { Terminal } from '../../src/cli/surroundings.ts';
import { startProgram } from './process.ts';
import { passphrase, refused, remove, root, run, salus, temporaryHome } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const silent = { SALUS_PASSPHRASE: '' };

/** Somebody who types these, one after the other, and what was asked. */
function typing(...answers: readonly string[]): Terminal & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    line: async () => '',
    secret: async (question) => {
      asked.push(question);
      return answers[asked.length - 1] ?? '';
    },
    yes: async () => true,
  };
}

test('a passphrase is asked for at a terminal, a new one twice', async () => {
  const terminal = typing(passphrase, passphrase, passphrase);
  const options = { home: town.home, env: silent, terminal };
  const made = await run(['person', 'create', 'typed', '--hospital', 'north'], options);
  assert.equal(made.code, 0, made.stderr);
  assert.equal((await run(['person', 'show', 'typed'], options)).code, 0);
  assert.equal(terminal.asked.length, 3);
  assert.ok(!(made.stdout + made.stderr).includes(passphrase));
});

test('two new passphrases that differ make no wallet', async () => {
  const terminal = typing(passphrase, 'another passphrase');
  const made = await run(['person', 'create', 'differs'], {
    ...{ home: town.home, env: silent, terminal },
  });
  assert.match(made.stderr, /PASSPHRASE_DIFFERS|differ/);
  assert.ok(!readdirSync(join(town.home, 'people')).includes('differs.wallet'));
});

test('with --json, and where nobody sits, nobody is asked: PASSPHRASE_MISSING', async () => {
  const expected = { code: 'PASSPHRASE_MISSING', exit: 2 };
  const terminal = typing(passphrase, passphrase);
  for (const options of [{ terminal }, {}]) {
    await refused(['person', 'create', 'nobody'], expected, {
      ...{ home: town.home, env: silent },
      ...options,
    });
  }
  assert.equal(terminal.asked.length, 0);
});

test('a passphrase comes from an open descriptor', async () => {
  const ana = await town.patient();
  const descriptor = openSync(town.file('passphrase', `${passphrase}\n`), 'r');
  const args = ['person', 'show', ana.name, '--passphrase-fd', String(descriptor)];
  const shown = await salus(args, { home: town.home, env: silent });
  closeSync(descriptor);
  assert.equal(shown.fullName, ana.fullName);
  const missing = { code: 'FILE_UNREADABLE', exit: 2 };
  await refused(args.with(-1, '9999'), missing, { home: town.home, env: silent });
});

test('a one-time code and a recovery code come from standard input, or are typed and not shown', async () => {
  const invite = () =>
    town.salus('desk', 'invite', '--hospital', 'north', '--role', 'patient', '--name', 'Bo');
  const create = ['person', 'create', 'bo', '--hospital', 'north', '--invitation-file', '-'];
  const [piped, typed] = [await invite(), await invite()];
  const stdin = `${piped.invitation}\n`;
  const made = await salus(create, { home: town.home, stdin });
  const terminal = typing(String(typed.invitation));
  const other = await run(create.with(2, 'bo-2'), { home: town.home, terminal });
  assert.equal(other.code, 0, other.stderr);
  assert.equal(terminal.asked.length, 1);
  const rotate = ['person', 'rotate', 'bo', '--code-file', '-'];
  await salus(rotate, { home: town.home, stdin: String(made.recoveryCode) });
});

test('no command takes a secret as the value of a flag', async () => {
  const context = {
    ...{ flags: { json: false }, output: createOutput(false), signal: AbortSignal.abort() },
    surroundings: { out: () => {}, err: () => {}, stdin: process.stdin, env: {} },
  };
  const flags = leavesOf(await createProgram(context, () => undefined)).flatMap(({ options }) =>
    options.map(({ long = '' }) => long),
  );
  assert.ok(flags.length > 60);
  const secret = /pass(phrase|word)|code|invitation|token|secret|key/;
  for (const flag of flags.filter((it) => secret.test(it))) {
    // Of lists of records: the code of what was measured, `718-7`. Of health cards: a file of public keys. Of TLS and swarm:
    // files. Of a validator: its public key.
    assert.match(
      flag,
      /-file$|^--key-out$|^--without-keys$|^--code$|^--issuer-keys$|^--(tls-|swarm-)?key$/,
      flag,
    );
  }
});

function leavesOf(command: Command): readonly Command[] {
  return command.commands.flatMap((it) => (it.commands.length === 0 ? [it] : leavesOf(it)));
}

test('what the program makes is for its user alone, although the umask lets everybody in', async () => {
  const home = temporaryHome();
  const command = `umask 0; exec "${process.execPath}" "${join(root, 'bin', 'salus.mjs')}" up --json --port 0`;
  const serving = startProgram('/bin/sh', ['-c', command], { home });
  try {
    await serving.line((facts) => facts.ready === true);
  } finally {
    await serving.stop();
  }
  const made = readdirSync(home, { recursive: true, encoding: 'utf8' });
  assert.ok(made.some((it) => it.endsWith('gateway.db')));
  for (const name of made) {
    const mode = statSync(join(home, name)).mode & 0o777;
    assert.equal(mode & 0o077, 0, `${name}: ${mode.toString(8)}`);
  }
  remove(home);
});

/** A passphrase file as editors and shells of other systems write it. */
const passphraseFiles: readonly (readonly [string, Uint8Array, 'made' | 'refused'])[] = [
  ['a line', Buffer.from('ten letters long\n'), 'made'],
  ['a line that ends as on Windows', Buffer.from('ten letters long\r\n'), 'made'],
  ['a byte order mark', Buffer.from('\ufefften letters long\n'), 'made'],
  ['UTF-16 of either order', Buffer.from('\ufefften letters long', 'utf16le'), 'refused'],
  ['UTF-16, the other', Buffer.from('\ufefften letters long', 'utf16le').swap16(), 'refused'],
  ['UTF-16 without a mark', Buffer.from('ten letters long', 'utf16le'), 'refused'],
  ['two lines', Buffer.from('ten letters long\nand more\n'), 'refused'],
  ['two ends of a line', Buffer.from('ten letters long\n\n'), 'refused'],
  ['a tabulator', Buffer.from('ten letters\tlong\n'), 'refused'],
  ['no UTF-8', Buffer.from('ten letters l\xf6ng\n', 'latin1'), 'refused'],
];

test('a wallet is made from a passphrase file that can be typed, and from no other', async () => {
  for (const [at, [what, bytes, expected]] of passphraseFiles.entries()) {
    const home = temporaryHome();
    const file = ['--passphrase-file', town.file('passphrase', bytes)];
    const none = { home, env: silent };
    const made = await run(['person', 'create', `p${at}`, ...file, '--json'], none);
    assert.equal(made.code, expected === 'made' ? 0 : 2, `${what}: ${made.stdout}`);
    if (expected === 'refused') assert.match(made.stdout, /PASSPHRASE_FILE/);
    else {
      const typed = { home, env: { SALUS_PASSPHRASE: 'ten letters long' } };
      assert.equal((await run(['person', 'show'], typed)).code, 0, what);
      assert.equal((await run(['person', 'show', ...file], none)).code, 0, what);
    }
    remove(home);
  }
});
