import type { AnyHandler } from './handler.ts';
import type { WingParts } from './part.ts';

/** What a wing adds to every hospital's gateway; `src/wings/gateway.ts` is the list. */
export interface GatewayWing extends WingParts {
  /** What answers the wing's routes. */
  readonly handlers: readonly AnyHandler[];
}
