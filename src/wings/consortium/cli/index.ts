import type { AddCommand } from '../../../cli/commands/command.ts';
import { addBlocks } from './blocks.ts';
import { addDeciding } from './deciding.ts';
import { addFounding } from './founding.ts';
import { addJoining } from './joining.ts';
import { addMigrating } from './migrating.ts';
import { addNewKeys, addTakeKeys } from './new-keys.ts';
import { addStatus } from './status.ts';

const addConsortium: AddCommand = (program, context) => {
  const consortium = program
    .command('consortium')
    .description('several hospitals on machines of their own: found it, join it, decide together');
  addFounding(consortium, context);
  addJoining(consortium, context);
  addMigrating(consortium, context);
  addStatus(consortium, context);
  addDeciding(consortium, context);
  addNewKeys(consortium, context);
  addTakeKeys(consortium, context);
  addBlocks(consortium, context);
};

/** The wing's commands, in the order in which `--help` lists them. */
export const consortiumCommands: readonly AddCommand[] = [addConsortium];
