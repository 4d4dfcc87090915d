import type { RouteObject } from 'react-router';

export const deskRoutes: RouteObject[] = [
  {
    path: 'desk',
    handle: { title: 'desk', who: 'desk' },
    lazy: async () => ({ Component: (await import('./enrol.tsx')).EnrolPage }),
  },
  {
    path: 'desk/people',
    handle: { title: 'people', who: 'desk' },
    lazy: async () => ({ Component: (await import('./people.tsx')).PeoplePage }),
  },
];
