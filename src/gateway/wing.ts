import type { AnyPart } from './part.ts';

/** What a wing adds to every hospital's gateway; `src/wings/gateway.ts` is the list. */
export interface GatewayWing {
  /** Begins the names of its metrics and tables. */
  readonly name: string;
  /** Opened after the parts of the spine and of the wings before it. */
  readonly parts: readonly AnyPart[];
  // handlers: of the wing's routes
}
