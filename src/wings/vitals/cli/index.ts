import type { AddCommand } from '../../../cli/commands/command.ts';
import { addAsking } from './asking.ts';
import { addDataServer } from './data-server.ts';
import { addDoubleFlag } from './double.ts';
import { addIncidents } from './incidents.ts';
import { addVitals } from './reading.ts';
import { addSensor } from './sensor.ts';
import { addStudies } from './studies.ts';

const addStatistics: AddCommand = (program, context) => {
  const stats = program
    .command('stats')
    .description('statistics over vital signs that no server can read');
  addStudies(stats, context);
  addAsking(stats, context);
};

/** The wing's commands, in the order in which `--help` lists them. */
export const vitalsCommands: readonly AddCommand[] = [
  addSensor,
  addVitals,
  addStatistics,
  addIncidents,
  addDataServer,
  addDoubleFlag,
];
