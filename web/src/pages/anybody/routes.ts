import type { RouteObject } from 'react-router';

export const anybodyRoutes: RouteObject[] = [
  {
    path: 'check',
    handle: { title: 'check', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./check.tsx')).Check }),
  },
  {
    path: 'explorer',
    handle: { title: 'explorer', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./explorer.tsx')).Explorer }),
  },
  {
    path: 'explorer/:height',
    handle: { title: 'explorer', who: 'anybody' },
    lazy: async () => ({ Component: (await import('./block.tsx')).Block }),
  },
];
