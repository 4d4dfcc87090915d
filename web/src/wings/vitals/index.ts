import type { WebWing } from '../all.ts';

export const vitalsWeb: WebWing = {
  name: 'vitals',
  routes: [
    {
      path: 'vitals',
      handle: { title: 'vitals', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./own.tsx')).OwnVitalsPage }),
    },
  ],
  patient: { path: '/vitals', word: 'vitals.link' },
};
