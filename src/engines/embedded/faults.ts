/**
 * The steps of making a block, in order, at which a test may stop the engine as a crash would:
 * `begin`, `finalized` (state transaction open), `signed`, `inserted` (before the durable COMMIT),
 * `durable` (after it, the state not yet committed), `committed`, `answered`.
 */
export const faultNames = [
  'begin',
  'finalized',
  'signed',
  'inserted',
  'durable',
  'committed',
  'answered',
] as const;

export type FaultName = (typeof faultNames)[number];

export type FaultPoint = (name: FaultName) => void;
