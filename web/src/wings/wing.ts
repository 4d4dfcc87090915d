import type { ComponentType } from 'react';
import type { RouteObject } from 'react-router';
import type { Place } from '../app/place.ts';
import type { ChartView } from '../worker/chart-view.ts';

/** The screens that a wing brings. */
export interface WebWing {
  readonly name: string;
  readonly routes: readonly RouteObject[];
  /** Where an operator goes on to from the network page; the word is a key of `words`. */
  readonly operator?: {
    readonly path: string;
    readonly word: 'consortium.link' | 'titles.letters' | 'network.incidents';
  };
  /** What stands in a chart below its own vital signs; it comes when a chart is opened. */
  readonly Chart?: ComponentType<{ readonly chart: ChartView }>;
  /** The first place of a role that the wing brings. */
  readonly home?: Place & { readonly role: string };
  /** Where a patient goes on to from what was measured last. */
  readonly patient?: { readonly path: string; readonly word: 'home.vitals' | 'titles.alerts' };
}
