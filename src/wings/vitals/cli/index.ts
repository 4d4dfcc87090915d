import type { AddCommand } from '../../../cli/commands/command.ts';
import { addVitals } from './reading.ts';

/** The wing's commands, in the order in which `--help` lists them. */
export const vitalsCommands: readonly AddCommand[] = [addVitals];
