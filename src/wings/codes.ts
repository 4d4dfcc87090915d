import { alertsCodes } from './alerts/codes.ts';
import { consortiumCodes } from './consortium/codes.ts';
import { vitalsCodes } from './vitals/codes.ts';
/** What the wings say: one import and one line a wing, `...notesCodes`. Only `codes/index.ts` reads this. */
export const wingCodes = { ...consortiumCodes, ...vitalsCodes, ...alertsCodes } as const;
