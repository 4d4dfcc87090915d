import type { RouteObject } from 'react-router';

export const startRoutes: RouteObject[] = [
  {
    index: true,
    handle: { title: 'start', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./start.tsx')).Start }),
  },
  {
    path: 'join',
    handle: { title: 'join', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./join.tsx')).Join }),
  },
  {
    path: 'open',
    handle: { title: 'open', who: 'anybody', isAlone: true },
    lazy: async () => ({ Component: (await import('./open.tsx')).Open }),
  },
  {
    path: 'open/sheet',
    handle: { title: 'open', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./open.tsx')).OpenBySheet }),
  },
  {
    path: 'open/device',
    handle: { title: 'open', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./open.tsx')).OpenByDevice }),
  },
  {
    path: 'keys',
    handle: { title: 'keys', who: 'wallet' },
    lazy: async () => ({ Component: (await import('../keys/keys.tsx')).Keys }),
  },
];
