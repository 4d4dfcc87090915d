import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../../src/cli/command-line.ts';
import { createOutput } from '../../../src/cli/output.ts';
import { type Ran, run, text } from '../../cli/salus.ts';
import { startTown, type Town } from '../../cli/town.ts';

/**
 * The attacker has a name, a file or a note that somebody else will see in a terminal: escapes that write its title
 * and clear it, marks that turn the writing direction around, characters that are not seen.
 */
const title = '\u001b]0;OWNED\u0007\u001b[2J\u001b[1;1H';
/** Every control and format character of the first plane that a file's name may have. */
const characters = Array.from({ length: 0x10000 - 1 }, (_, at) => String.fromCharCode(at + 1))
  .filter((it) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(it))
  .join('');

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

/** Both streams, with isolates in pairs as the only format characters. */
function assertHarmless({ stdout, stderr }: Ran, what: string): void {
  const shown = (stdout + stderr).replace(/\u2068([^\u2068\u2069\n]*)\u2069/gu, '$1');
  assert.doesNotMatch(shown, /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, what);
}

async function shows(args: readonly string[]): Promise<Ran> {
  const ran = await run(args, { home: town.home });
  assertHarmless(ran, args.join(' '));
  assertHarmless(await run([...args, '--json'], { home: town.home }), args.join(' '));
  return ran;
}

test('a patient whose name steers the terminal is not enrolled, and her name is not shown', async () => {
  const name = `Eve ${title}`;
  const flags = ['--name', name, '--hospital', 'north', '--role', 'patient'];
  await town.no('NAME_INVALID', 3, 'person', 'create', 'evil', ...flags);
  await shows(['person', 'create', 'evil', ...flags]);
});

test('a record, a note and a file named by somebody else steer nobody’s terminal', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const file = town.file(
    `OWNED${characters.slice(0, 60)}${title.replaceAll('/', '')}.txt`,
    characters,
  );
  await town.salus('record', 'add', file, '--class', 'lab', '--as', ana.name);
  const given = await town.salus(
    ...['grant', doctor.name, '--as', ana.name, '--class', 'lab', '--write-class', 'diagnosis'],
    ...['--purpose', 'TREAT', '--until', '+1d'],
  );
  const consent = text(given, 'consent');
  const asDoctor = ['--as', doctor.name];
  const note = ['--text', `flu ${title}${characters}`, '--name', `Diagnosis ${title}\u202e`];
  const wrote = await shows(['diagnose', consent, ...note, ...asDoctor, '--yes']);
  assert.match(wrote.stdout, /^Diagnosis written for Ana Lima/);
  const listed = await shows(['record', 'list', '--consent', consent, '--names', ...asDoctor]);
  assert.match(listed.stdout, /OWNED/, 'the text itself is shown');
  const { records } = await town.salus('record', 'list', '--as', ana.name);
  assert.ok(Array.isArray(records) && records.length > 1);
  for (const { recordId } of records as { recordId: string }[]) {
    await shows(['record', 'open', recordId, '--as', ana.name]);
    await shows(['record', 'history', recordId, '--as', ana.name]);
  }
  for (const args of [
    ['inbox', ...asDoctor],
    ['person', 'show', ana.name],
    ['person', 'list'],
    ['record', 'list', '--as', ana.name],
    ['grants', '--as', ana.name],
    ['looked', '--as', ana.name],
    ['record', 'export', '--as', ana.name],
    ['revoke', doctor.name, '--as', ana.name],
  ]) {
    await shows(args);
  }
});

test('every command is silent about what steers a terminal in its own arguments', async () => {
  const context = {
    ...{ flags: { json: false }, output: createOutput(false), signal: AbortSignal.abort() },
    surroundings: { out: () => {}, err: () => {}, stdin: process.stdin, env: {} },
  };
  const names = leavesOf(await createProgram(context, () => undefined));
  assert.ok(names.length > 30);
  for (const name of names) {
    for (const hostile of [title, `\u202e${characters.slice(60)}`]) {
      const ran = await shows([...name.split(' '), hostile, `--x${hostile}`, hostile, hostile]);
      assert.notEqual(ran.code, 0, name);
    }
  }
});

function leavesOf(command: Command, above = ''): string[] {
  return command.commands.flatMap((it) =>
    it.commands.length === 0 ? [`${above}${it.name()}`] : leavesOf(it, `${above}${it.name()} `),
  );
}
