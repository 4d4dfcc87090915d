/**
 * A figure that a part brings; every one has the label `hospital`. It is registered as
 * `salus_gateway_NAME`, a wing's as `salus_WING_NAME`. Labels are hospitals, kinds and codes, never accounts.
 */
export type PartMetric<Part> =
  | { readonly kind: 'counter'; readonly help: string; readonly labels?: readonly string[] }
  | { readonly kind: 'histogram'; readonly help: string; readonly buckets: readonly number[] }
  | GaugeOf<Part>;

interface GaugeOf<Part> {
  readonly kind: 'gauge';
  readonly help: string;
  /** Looked up when somebody asks for the figures. */
  now(part: Part): number;
}

/** Where a part counts. Throws INTERNAL for a name that it does not declare. */
export interface PartFigures {
  /** Adds `by` to a counter. */
  add(name: string, by: number, labels?: Readonly<Record<string, string>>): void;
  /** One more value of a histogram. */
  observe(name: string, value: number): void;
  /** Sets a gauge. */
  set(name: string, value: number): void;
}
