import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Command } from 'commander';
import { createProgram } from '../../src/cli/command-line.ts';
import type { AddCommand } from '../../src/cli/commands/command.ts';
import { createOutput } from '../../src/cli/output.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { wingCommands } from '../../src/wings/cli.ts';

const ofWings: readonly AddCommand[] = wingCommands;

const context = {
  flags: { json: false },
  output: createOutput(false),
  surroundings: processSurroundings,
  signal: new AbortController().signal,
};

/** Every command that does something, by its whole name: `person create`. */
function leavesOf(command: Command, above = ''): [name: string, command: Command][] {
  return command.commands.flatMap((it) => {
    const name = `${above}${it.name()}`;
    // `grant WHO` does something, and so does `grant extend WHO`.
    const isOwn = it.commands.length === 0 || it.registeredArguments.length > 0;
    const own = isOwn ? [[name, it] satisfies [string, Command]] : [];
    return [...own, ...leavesOf(it, `${name} `)];
  });
}
const program = await createProgram(context, () => undefined);
const commands = new Map(leavesOf(program));

/** The calls in the first column of the table: `person create WALLET [--hospital \| --invitation]`. */
const stated = readFileSync(new URL('../../docs/protocol/commands.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split(/(?<!\\)\|/)[1] ?? '').matchAll(/`([^`]+)`/g)])
  .map(([, call = '']) => ({
    name: /^[a-z-]+( [a-z][a-z-]*)*/.exec(call)?.[0] ?? call,
    flags: call.match(/--[a-z-]+/g) ?? [],
  }));

test('commands.md names every command of the spine, and no other', () => {
  const added = new Set(ofWings.flatMap((add) => namesAddedBy(add)));
  const spine = [...commands.keys()].filter((name) => !added.has(name.split(' ')[0] ?? ''));
  // A command that does two things by its flags has a row for each.
  const names = new Set(stated.map(({ name }) => name));
  assert.deepEqual([...names].toSorted(), spine.toSorted());
});

test('every flag that commands.md gives a command is one of its own', () => {
  let named = 0;
  for (const { name, flags } of stated) {
    const own = commands.get(name)?.options.map(({ long }) => long);
    for (const flag of flags) assert.ok(own?.includes(flag), `${name} ${flag}`);
    named += flags.length;
  }
  assert.ok(named > 40, `only ${named} flags were read`);
});

function namesAddedBy(add: AddCommand): string[] {
  const empty = new Command();
  add(empty, context);
  return empty.commands.map((it) => it.name());
}
