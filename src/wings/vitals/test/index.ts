import type { TestWing } from '../../../../test/model/wing.ts';

/** The wing's acts once more, for the model ledger and the histories; and its known answers. */
export const vitalsTest: TestWing = {
  name: 'vitals',
  acts: [],
  tables: [],
  async vectors() {
    const { statCodes, statPages } = await import('./vectors.ts');
    return { 'stat-codes': statCodes, 'stat-pages': statPages };
  },
};
