import { Command, CommanderError } from 'commander';
import { CodedError } from '../primitives/errors.ts';
import { type CommandFile, commands } from './commands/all.ts';
import type { CommandContext } from './commands/command.ts';
import { globalFlagsHelp, takeGlobalFlags } from './global-flags.ts';
import { asCoded, createOutput, exitCodeOf } from './output.ts';
import type { Surroundings } from './surroundings.ts';
import { ownVersion } from './version.ts';

/**
 * The command line: `salus COMMAND ... [--json] [--help]`. One file per command under `commands/`; this
 * one knows how a refusal is shown and which exit code it has. Source: docs/protocol/commands.md.
 */
export async function runCommandLine(
  args: readonly string[],
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<number> {
  const json = args.includes('--json');
  const output = createOutput(json, surroundings);
  const shown: string[] = [];
  let program: Command | undefined;
  let words: readonly string[] = [];
  try {
    const { flags, rest } = takeGlobalFlags(args, surroundings.env);
    const context = { flags, output, surroundings, signal, added: {} };
    words = asHelp(rest);
    const files = filesFor(words);
    program = await createProgram(context, (text) => shown.push(text), files);
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      output.help(shown.join('').trimEnd());
      return 0;
    }
    const coded = signal.aborted ? new CodedError('INTERRUPTED') : usageOr(error, program, words);
    output.refused(coded, coded.code === 'INTERNAL' ? String((error as Error)?.stack) : undefined);
    return exitCodeOf(coded);
  }
}

/** `help record open` is `record open --help`, and nothing at all is a question too. */
function asHelp(words: readonly string[]): readonly string[] {
  const [first, ...others] = words;
  if (first === undefined) return ['--help'];
  return first === 'help' ? [...others.filter((it) => !it.startsWith('-')), '--help'] : words;
}

/** The file of the command that is asked for; all where none is, for help and for what is alike. */
function filesFor(words: readonly string[]): readonly CommandFile[] {
  const name = words.find((it) => !it.startsWith('-'));
  // To complete words it must know all of them.
  const needsAll = name === 'completion';
  const own = commands.filter(
    ({ names }) => !needsAll && name !== undefined && names.includes(name),
  );
  return own.length > 0 ? own : commands;
}

/** The command line with these files of commands: they get `context`, its help goes to `writeHelp`. */
export async function createProgram(
  context: CommandContext,
  writeHelp: (text: string) => void,
  files: readonly CommandFile[] = commands,
): Promise<Command> {
  const program = new Command('salus')
    .description('A health-record exchange in which patients hold the keys.')
    .version(ownVersion)
    .addHelpText('afterAll', globalFlagsHelp)
    // What stands behind a command is its own: `grant extend` has an --until, as `grant` has.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      // Help that nobody asked for would hide the sentence that says what is wrong.
      writeErr: () => undefined,
    });
  for (const add of await Promise.all(files.map(({ load }) => load()))) add(program, context);
  inheritSettings(program);
  return program;
}

/** What was not said is `MISSING`, what was not understood `USAGE`; either with the way on. Source: docs/protocol/commands.md, rule CL-14. */
function usageOr(
  error: unknown,
  program: Command | undefined,
  words: readonly string[],
): CodedError {
  if (!(error instanceof CommanderError)) return asCoded(error);
  const command = commandOf(program, words);
  const said = error.message
    .replace(/^error: /, '')
    .replace(/^\(outputHelp\)$/, 'say what to do')
    .replace(/^missing required argument '(.+)'$/, 'say <$1>')
    .replace(/^required option '(.+)' not specified$/, 'say $1');
  const isMissing =
    error.code === 'commander.missingArgument' ||
    error.code === 'commander.missingMandatoryOptionValue';
  const problem = command === undefined ? said : `${said}: ${command}`;
  return new CodedError(isMissing ? 'MISSING' : 'USAGE', { problem });
}

/** How the command that was named is used; undefined where none was. */
function commandOf(program: Command | undefined, words: readonly string[]): string | undefined {
  let [named, path] = [program, program?.name() ?? ''];
  for (const word of words) {
    const next = named?.commands.find((it) => it.name() === word || it.aliases().includes(word));
    if (next === undefined) break;
    named = next;
    path += ` ${word}`;
  }
  return named === undefined || named === program ? undefined : `${path} ${named.usage()}`;
}

function inheritSettings(parent: Command): void {
  for (const child of parent.commands) {
    child.copyInheritedSettings(parent);
    inheritSettings(child);
  }
}
