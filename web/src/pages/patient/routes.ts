import type { RouteObject } from 'react-router';

export const patientRoutes: RouteObject[] = [
  {
    path: 'home',
    handle: { title: 'home', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./home.tsx')).Home }),
  },
];
