import { lazy } from 'react';
import type { WebWing } from '../all.ts';

export const vitalsWeb: WebWing = {
  name: 'vitals',
  routes: [
    {
      path: 'vitals',
      handle: { title: 'vitals', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./own.tsx')).OwnVitalsPage }),
    },
    {
      path: 'chart/:patient/vitals',
      handle: { title: 'vitals', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./in-chart.tsx')).ChartVitalsPage }),
    },
  ],
  Chart: lazy(async () => ({ default: (await import('./strip.tsx')).SensorStrip })),
  patient: { path: '/vitals', word: 'vitals.link' },
};
