import type { AddCommand } from '../../../cli/commands/command.ts';
import { addAlerts } from './alerts.ts';
import { addSmtpFlag } from './smtp-flag.ts';

/** The wing's commands, in the order in which `--help` lists them, and the flag that it adds to one of the spine's. */
export const alertsCommands: readonly AddCommand[] = [addAlerts, addSmtpFlag];
