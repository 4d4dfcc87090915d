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
      path: 'questions',
      handle: { title: 'questions', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./questions.tsx')).QuestionsPage }),
    },
    {
      path: 'studies',
      handle: { title: 'studies', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./studies.tsx')).StudiesPage }),
    },
    {
      path: 'chart/:patient/vitals',
      handle: { title: 'vitals', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./in-chart.tsx')).ChartVitalsPage }),
    },
  ],
  Chart: lazy(async () => ({ default: (await import('./strip.tsx')).SensorStrip })),
  home: { role: 'researcher', path: '/questions', word: 'questions', icon: 'search' },
  patient: { path: '/vitals', word: 'vitals.link' },
};
