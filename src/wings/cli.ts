import { alertsCommands } from './alerts/cli/index.ts';
import { consortiumCommands } from './consortium/cli/index.ts';
import { vitalsCommands } from './vitals/cli/index.ts';
/** The commands of the wings, a line each, after those of the spine. Only `cli/commands/all.ts` reads it. */
export const wingCommands = [...consortiumCommands, ...vitalsCommands, ...alertsCommands] as const;
