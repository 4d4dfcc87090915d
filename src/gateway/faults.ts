/**
 * Told at each step of a write: `begin` (nothing written), `commit` (written, not durable), `done` (durable,
 * nobody told). A crash test stops the process there. The names of the writes stand with the parts that write.
 */
export type FaultPoint = (name: `${string}:${'begin' | 'commit' | 'done'}`) => void;
