import { alertsWeb } from './alerts/index.ts';
import { consortiumWeb } from './consortium/index.ts';
import { vitalsWeb } from './vitals/index.ts';
import type { WebWing } from './wing.ts';

/** One line a wing. */
export const webWings: readonly WebWing[] = [consortiumWeb, vitalsWeb, alertsWeb];
