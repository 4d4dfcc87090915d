import type { WebWing } from '../wing.ts';

export const consortiumWeb: WebWing = {
  name: 'consortium',
  routes: [
    {
      path: 'network/consortium',
      handle: { title: 'consortium', who: 'wallet' },
      lazy: async () => ({ Component: (await import('./page.tsx')).ConsortiumPage }),
    },
  ],
  operator: { path: '/network/consortium', word: 'consortium.link' },
};
