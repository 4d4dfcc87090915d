import { type ComponentType, lazy } from 'react';
import { speakLater } from '../../app/language.ts';
import type { WebWing } from '../wing.ts';

/** A page with the words that are apart. */
async function withWords(load: () => Promise<ComponentType>) {
  const [Component] = await Promise.all([load(), speakLater()]);
  return { Component };
}

export const vitalsWeb: WebWing = {
  name: 'vitals',
  routes: [
    {
      path: 'vitals',
      handle: { title: 'vitals', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./own.tsx')).OwnVitalsPage),
    },
    {
      path: 'questions',
      handle: { title: 'questions', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./questions.tsx')).QuestionsPage),
    },
    {
      path: 'studies',
      handle: { title: 'studies', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./studies.tsx')).StudiesPage),
    },
    {
      path: 'network/incidents',
      handle: { title: 'incidents', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./incidents.tsx')).IncidentsPage),
    },
    {
      path: 'chart/:patient/vitals',
      handle: { title: 'vitals', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./in-chart.tsx')).ChartVitalsPage),
    },
  ],
  Chart: lazy(async () => {
    const [{ SensorStrip }] = await Promise.all([import('./strip.tsx'), speakLater()]);
    return { default: SensorStrip };
  }),
  home: { role: 'researcher', path: '/questions', word: 'questions', icon: 'search' },
  patient: { path: '/vitals', word: 'home.vitals' },
  operator: { path: '/network/incidents', word: 'network.incidents' },
};
