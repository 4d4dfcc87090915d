/**
 * How much is gathered before it goes to disk, or from there into place. For tests, in which crashes have to
 * meet every boundary; the defaults stand beside their users. Source: docs/protocol/blocks.md, B-12 to B-14.
 */
export interface LayerSizes {
  /** Changed rows, pages and tiles of the state. */
  readonly stateLayer?: number;
  /** Transaction ids. */
  readonly indexLayer?: number;
  /** Pages of a write-ahead log. */
  readonly checkpointPages?: number;
}
