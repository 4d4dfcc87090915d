import type { RouteObject } from 'react-router';

export const operatorRoutes: RouteObject[] = [
  {
    path: 'network',
    handle: { title: 'network', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./network.tsx')).Network }),
  },
  {
    path: 'network/runbook/:topic',
    handle: { title: 'runbook', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./runbook.tsx')).Runbook }),
  },
];
