import type { RouteObject } from 'react-router';

export const anybodyRoutes: RouteObject[] = [];
