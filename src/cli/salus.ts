import { Command, CommanderError } from 'commander';
import { CodedError } from '../primitives/errors.ts';
import { commands } from './commands/all.ts';
import { globalFlagsHelp, takeGlobalFlags } from './global-flags.ts';
import { asCoded, createOutput, exitCodeOf, refusalOf } from './output.ts';

/**
 * The command line: `salus COMMAND ... [--json] [--help]`. One file per command under `commands/`; this
 * one knows how a refusal is shown and which exit code it has. Source: docs/protocol/commands.md.
 */
async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const shown: string[] = [];
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second Ctrl-C is somebody who does not want to wait.
      if (stop.signal.aborted) process.exit(130);
      stop.abort(new CodedError('INTERRUPTED'));
    });
  }
  try {
    const { flags, rest } = takeGlobalFlags(args);
    const context = { flags, output: createOutput(json), signal: stop.signal };
    const program = new Command('salus')
      .description('A health-record exchange in which patients hold the keys.')
      .version('0.1.0')
      .addHelpText('afterAll', globalFlagsHelp)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => shown.push(text),
        // Help that nobody asked for would hide the sentence that says what is wrong.
        writeErr: () => undefined,
      });
    for (const command of commands) command(program, context);
    inheritSettings(program);
    await program.parseAsync(rest, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      const help = shown.join('').trimEnd();
      process.stdout.write(`${json ? JSON.stringify({ ok: true, help }) : help}\n`);
      return 0;
    }
    const coded = stop.signal.aborted ? new CodedError('INTERRUPTED') : usageOr(error);
    if (json) process.stdout.write(`${JSON.stringify(refusalOf(coded))}\n`);
    else process.stderr.write(`${coded.sentence} (${coded.code}${detailsOf(coded)})\n`);
    if (coded.code === 'INTERNAL') process.stderr.write(`${String((error as Error)?.stack)}\n`);
    return exitCodeOf(coded);
  }
}

function usageOr(error: unknown): CodedError {
  if (!(error instanceof CommanderError)) return asCoded(error);
  const problem = error.message
    .replace(/^error: /, '')
    .replace(/^\(outputHelp\)$/, 'say what to do');
  return new CodedError('USAGE', { problem });
}

function inheritSettings(parent: Command): void {
  for (const child of parent.commands) {
    child.copyInheritedSettings(parent);
    inheritSettings(child);
  }
}

function detailsOf(error: CodedError): string {
  const entries = Object.entries(error.details);
  return entries.length === 0
    ? ''
    : `: ${entries.map(([name, value]) => `${name} ${value}`).join(', ')}`;
}

process.exitCode = await main(process.argv.slice(2));
