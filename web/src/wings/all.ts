import type { RouteObject } from 'react-router';

/** The screens that a wing brings. */
export interface WebWing {
  readonly name: string;
  readonly routes: readonly RouteObject[];
}

/** One line a wing. */
export const webWings: readonly WebWing[] = [];
