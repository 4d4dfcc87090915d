import { testWings } from '../../src/wings/test.ts';
import type { TestWing } from './wing.ts';

/** What the wings that stand here bring to the model and to the histories. */
export const wings: readonly TestWing[] = testWings;
