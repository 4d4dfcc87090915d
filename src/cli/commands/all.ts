import type { AddCommand } from './command.ts';
import { addSelfcheck } from './selfcheck.ts';
import { addUp } from './up.ts';

/** In the order in which `--help` lists them. */
export const commands: readonly AddCommand[] = [addUp, addSelfcheck];
