/**
 * How Node runs a storage node. Bytes that only pass through are buffers outside of the heap, of which V8 takes a few for a
 * reason to collect the whole of it: half of the CPU time of a transfer (docs/bench/README.md). Counted with the heap, and
 * with one that begins larger, they are collected as often as there is something to collect.
 */
export const storageNodeFlags = [
  '--external-memory-accounted-in-global-limit',
  '--initial-heap-size=256',
] as const;
