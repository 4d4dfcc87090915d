import type { RouteObject } from 'react-router';

export const clinicianRoutes: RouteObject[] = [];
