import { addCard } from './card.ts';
import type { AddCommand } from './command.ts';
import { addPerson } from './person.ts';
import { addRecord } from './record.ts';
import { addSelfcheck } from './selfcheck.ts';
import { addUp } from './up.ts';

/** In the order in which `--help` lists them. */
export const commands: readonly AddCommand[] = [addUp, addPerson, addCard, addRecord, addSelfcheck];
