import type { RouteObject } from 'react-router';

export const anybodyRoutes: RouteObject[] = [
  {
    path: 'check',
    handle: { title: 'check', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./check.tsx')).Check }),
  },
];
