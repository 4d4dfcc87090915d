import { Argument, type Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { completionScripts, completionsOf, type Shell, shells } from '../completion.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** Which words may come next, for shells; every command knows what it takes, so nothing is written down here. */
export const addCompletion: AddCommand = (program, context) => {
  program
    .command('completion')
    .addArgument(new Argument('[shell-or-words...]', `one of ${shells.join(', ')}`))
    .description('what a shell reads to complete commands and flags: bash, zsh or fish')
    .option('--words', 'what may come next, for the shell itself')
    .addHelpText('after', help)
    .action((words: string[], flags: { words?: boolean }) =>
      flags.words === true ? complete(context, program, words) : print(context, words),
    );
};

const help = `
bash:  salus completion bash > ~/.local/share/bash-completion/completions/salus
zsh:   salus completion zsh > FOLDER/_salus    (a folder of $fpath)
fish:  salus completion fish > ~/.config/fish/completions/salus.fish`;

function print({ output }: CommandContext, [shell, ...more]: readonly string[]): void {
  const isShell = (word: string | undefined): word is Shell => shells.some((it) => it === word);
  if (!isShell(shell) || more.length > 0) {
    throw new CodedError('MISSING', { problem: `say for which shell: ${shells.join(', ')}` });
  }
  output.result({ shell, script: completionScripts[shell] }, () => completionScripts[shell]);
}

function complete({ output }: CommandContext, program: Command, words: readonly string[]): void {
  const found = completionsOf(program, words);
  output.result({ words: found }, () => found.join('\n'));
}
