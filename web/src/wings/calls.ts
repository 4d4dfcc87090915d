/** What the wings let a page have done: one line a wing in each; `worker/calls/all.ts` alone reads them. */
export const wingParts = {
  consortium: async () => (await import('./consortium/calls.ts')).consortiumCalls,
  vitals: async () => (await import('./vitals/calls.ts')).vitalsCalls,
} as const;

export const wingPartOf = {
  consortium: 'consortium',
  'vitals.own': 'vitals',
  'vitals.chart': 'vitals',
  'vitals.held': 'vitals',
} as const;
