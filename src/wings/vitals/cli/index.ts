import type { AddCommand } from '../../../cli/commands/command.ts';
import { addSensor } from './sensor.ts';

/** The wing's commands, in the order in which `--help` lists them. */
export const vitalsCommands: readonly AddCommand[] = [addSensor];
