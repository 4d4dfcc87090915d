import type { TestWing } from '../../../../test/model/wing.ts';

/** The wing sends nothing to the ledger: it brings known answers alone. */
export const alertsTest: TestWing = {
  name: 'alerts',
  acts: [],
  tables: [],
  vectors: async () => {
    const { alertConfirmations } = await import('./confirmation-vectors.ts');
    return { 'alert-confirmations': alertConfirmations };
  },
};
