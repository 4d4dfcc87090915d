import { faultNames } from '../../src/engines/embedded/faults.ts';
import { indexStore } from '../../src/gateway/ledger-index.ts';
import { storesOf } from '../../src/gateway/part.ts';
import { spineParts } from '../../src/gateway/parts/all.ts';
import { faultPoints } from '../../src/storage/file/faults.ts';
import { gatewayWings } from '../../src/wings/gateway.ts';

/** The writes of a gateway's file: the index's, and those that its parts declare. */
const gatewayParts = [...spineParts, ...gatewayWings.flatMap(({ parts }) => parts)];
const gatewayWrites = [indexStore, ...storesOf(gatewayParts)]
  .flatMap(({ writes = [] }) => writes)
  .sort();

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
