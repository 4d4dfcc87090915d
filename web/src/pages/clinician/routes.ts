import type { RouteObject } from 'react-router';

export const clinicianRoutes: RouteObject[] = [
  {
    path: 'patients',
    handle: { title: 'patients', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./patients.tsx')).Patients }),
  },
  {
    path: 'chart/:patient',
    handle: { title: 'chart', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./chart.tsx')).Chart }),
  },
  {
    path: 'chart/:patient/results',
    handle: { title: 'results', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./results.tsx')).Results }),
  },
  {
    path: 'chart/:patient/item/:item',
    handle: { title: 'item', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./item.tsx')).ChartItem }),
  },
  ...['write', 'write/:draft', 'amend/:amends'].map((place) => ({
    path: `chart/:patient/${place}`,
    handle: { title: 'write', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./write.tsx')).Write }),
  })),
  {
    path: 'drafts',
    handle: { title: 'drafts', who: 'wallet' },
    lazy: async () => ({ Component: (await import('./drafts.tsx')).Drafts }),
  },
];
