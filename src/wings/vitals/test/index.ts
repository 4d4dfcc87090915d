import type { TestWing } from '../../../../test/model/wing.ts';

/** The wing's acts once more, for the model ledger and the histories. */
export const vitalsTest: TestWing = { name: 'vitals', acts: [], tables: [] };
