import type { Command } from 'commander';
import { globalFlags } from './global-flags.ts';

/** What a shell may complete after these words: pure, from the commands as they are declared. */

/** `words`: those typed so far after `salus`, the last one begun or empty. */
export function completionsOf(program: Command, words: readonly string[]): readonly string[] {
  const begun = words.at(-1) ?? '';
  let at = program;
  for (const word of words.slice(0, -1)) {
    at = at.commands.find((it) => [it.name(), ...it.aliases()].includes(word)) ?? at;
  }
  const names = shown(at).map((it) => it.name());
  const flags = [...at.options.flatMap(({ long }) => long ?? []), ...globalFlags, '--help'];
  const candidates = begun.startsWith('-') ? flags : names;
  return [...new Set(candidates)].filter((it) => it.startsWith(begun)).sort();
}

const shown = (command: Command): readonly Command[] =>
  command.createHelp().visibleCommands(command) as readonly Command[];

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What a shell is to read, in whose own words. It asks the program itself, so it knows every command that comes. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `_salus() {
  local cur=\${COMP_WORDS[COMP_CWORD]}
  mapfile -t COMPREPLY < <("\${COMP_WORDS[0]}" completion --words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [ \${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -o filenames -F _salus salus ./salus`,
  zsh: `#compdef salus
_salus() {
  local -a found
  found=("\${(@f)$("\${words[1]}" completion --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [ -n "\${found[1]}" ]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _salus salus`,
  fish: `complete -c salus -a '(salus completion --words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};
