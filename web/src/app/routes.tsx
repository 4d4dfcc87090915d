import { createBrowserRouter, type RouteObject } from 'react-router';
import { anybodyRoutes } from '../pages/anybody/routes.ts';
import { clinicianRoutes } from '../pages/clinician/routes.ts';
import { deskRoutes } from '../pages/desk/routes.ts';
import { operatorRoutes } from '../pages/operator/routes.ts';
import { patientRoutes } from '../pages/patient/routes.ts';
import { startRoutes } from '../pages/start/routes.ts';
import { webWings } from '../wings/all.ts';
import { Broken } from './broken.tsx';
import { NotHere } from './not-here.tsx';
import { NotLoaded } from './not-loaded.tsx';
import { Shell } from './shell.tsx';

const pages: RouteObject[] = [
  ...startRoutes,
  ...patientRoutes,
  ...clinicianRoutes,
  ...deskRoutes,
  ...operatorRoutes,
  ...anybodyRoutes,
  ...webWings.flatMap((it) => it.routes),
];

export const router = createBrowserRouter([
  {
    Component: Shell,
    ErrorBoundary: NotLoaded,
    HydrateFallback: () => null,
    children: [
      {
        // Inside the shell, so that a page that breaks leaves the bar, the places and the lock.
        ErrorBoundary: Broken,
        handle: { title: 'broken', who: 'anybody' },
        children: [
          ...pages,
          { path: '*', Component: NotHere, handle: { title: 'notHere', who: 'anybody' } },
        ],
      },
    ],
  },
]);
