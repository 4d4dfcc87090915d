import type { ComponentType } from 'react';
import { speakLater } from '../../app/language.ts';
import type { WebWing } from '../wing.ts';

/** A page with the words that are apart. */
async function withWords(load: () => Promise<ComponentType>) {
  const [Component] = await Promise.all([load(), speakLater()]);
  return { Component };
}

export const alertsWeb: WebWing = {
  name: 'alerts',
  routes: [
    {
      path: 'alerts',
      handle: { title: 'alerts', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./own.tsx')).OwnAlertsPage),
    },
    {
      path: 'network/alerts',
      handle: { title: 'letters', who: 'wallet' },
      lazy: () => withWords(async () => (await import('./standing.tsx')).StandingPage),
    },
  ],
  operator: { path: '/network/alerts', word: 'titles.letters' },
  patient: { path: '/alerts', word: 'titles.alerts' },
};
