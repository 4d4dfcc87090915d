import type { AddCommand } from '../../../cli/commands/command.ts';

/** The wing's commands, in the order in which `--help` lists them. */
export const consortiumCommands: readonly AddCommand[] = [];
