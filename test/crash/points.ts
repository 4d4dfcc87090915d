import { faultNames } from '../../src/engines/embedded/faults.ts';
import { gatewayWrites } from '../../src/gateway/faults.ts';
import { faultPoints } from '../../src/storage/file/faults.ts';

/** Every step at which a server can be made to stop: `startConsortium` passes them under these names. */
export const startPoints = [
  'start:begin',
  'start:key',
  'start:founded',
  'start:ledger',
  'start:hospital',
] as const;

export const loadPoints: readonly string[] = [
  ...faultNames.map((name) => `engine:${name}`),
  ...faultPoints.map((name) => `blobs:${name}`),
  ...gatewayWrites.flatMap((name) =>
    ['begin', 'commit', 'done'].map((step) => `gateway:${name}:${step}`),
  ),
];

export const allPoints: readonly string[] = [...startPoints, ...loadPoints];

/** Where a disk that is full would say so: before something is durable, never after. */
export const writePoints: readonly string[] = [
  'engine:begin',
  'engine:finalized',
  'engine:signed',
  'engine:inserted',
  ...faultPoints
    .filter((name) => name !== 'commit:done' && !name.startsWith('remove:'))
    .map((name) => `blobs:${name}`),
  ...gatewayWrites.flatMap((name) => [`gateway:${name}:begin`, `gateway:${name}:commit`]),
];
