import type { RouteObject } from 'react-router';

export const startRoutes: RouteObject[] = [
  {
    index: true,
    handle: { title: 'start', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./start.tsx')).Start }),
  },
];
