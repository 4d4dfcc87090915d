import type { TestWing } from '../../../../test/model/wing.ts';

/** The wing's acts once more, for the model ledger and the histories. */
export const consortiumTest: TestWing = { name: 'consortium', acts: [], tables: [] };
