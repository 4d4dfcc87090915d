import type { RouteObject } from 'react-router';

export const patientRoutes: RouteObject[] = [
  {
    path: 'home',
    handle: { title: 'home', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./home.tsx')).Home }),
  },
  {
    path: 'record',
    handle: { title: 'record', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./record.tsx')).RecordPage }),
  },
  {
    path: 'record/:year',
    handle: { title: 'record', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./record.tsx')).RecordPage }),
  },
  {
    path: 'item/:handle',
    handle: { title: 'item', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./item.tsx')).ItemPage }),
  },
  {
    path: 'add',
    handle: { title: 'add', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./add.tsx')).AddPage }),
  },
];
