import { labelledHash } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { encodeCbor } from '../../../primitives/cbor.ts';
import { type AccountId, idBytes, type RecordId, recordIdOf } from '../../../primitives/ids.ts';
import {
  bytes,
  choice,
  decodeAs,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  text,
  typed,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';
import { trioServers } from '../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../names.ts';
import { vitalsObjects } from './object-types.ts';

/** What stands in a patient's chart beside the three servers. Source: docs/protocol/vitals-reading.md, VR-5, VR-20 and VR-46. */
export const vitalsMediaType = 'application/vnd.salus.vitals+cbor';

/** So many sensors of one panel have a replica of the same day. */
export const replicasADay = 8;
/** So many notes of devices stand in a day. */
export const notesADay = 8;
const hoursADay = 24;
export const dayOf = (hour: number): number => Math.floor(hour / hoursADay);

/** Every day that has an hour in this range. */
export function daysOf(firstHour: number, lastHour: number): readonly number[] {
  const first = dayOf(firstHour);
  return Array.from({ length: dayOf(lastHour) - first + 1 }, (_, at) => first + at);
}

/** Which record holds the patient's three servers. */
export const serversRecordId = (patient: AccountId): RecordId => recordOf(patient, ['servers']);

/** Which record holds a sensor's readings of one day and panel; `number`: 0 to 7, another for each sensor of the panel. */
export const dayRecordId = (
  patient: AccountId,
  at: { readonly day: number; readonly panel: number; readonly number: number },
): RecordId => recordOf(patient, ['day', at.day, at.panel, at.number]);

/** Which record holds what a device said of itself on a day; `number`: 0 to 7, in their order. */
export const deviceRecordId = (
  patient: AccountId,
  at: { readonly day: number; readonly number: number },
): RecordId => recordOf(patient, ['device', at.day, at.number]);

function recordOf(patient: AccountId, of: readonly (string | number)[]): RecordId {
  const hash = labelledHash(vitalsNames.labels.record, idBytes(patient), encodeCbor([...of]));
  return recordIdOf(hash.subarray(0, 16));
}

const chartRecord = typed(suite, vitalsObjects.chartRecord, {
  said: choice(
    {
      servers: [0, { servers: trioServers, pseudonym: bytes(16) }],
      day: [
        1,
        {
          /** As the patient signed it: who reads this may have no server to ask. */
          registration: bytes(),
          sensor: hexId(32),
          panel: uintTo(255),
          day: uint,
          pages: list(
            struct({
              sequence: uint,
              startHour: uint,
              n: uintTo(64),
              /** n x k codes of 16 bits, little-endian, row by row. */
              clinical: bytes(),
            }),
            { most: 1_024 },
          ),
        },
      ],
      /** What a device says of itself. */
      device: [
        2,
        {
          sensor: hexId(32),
          name: text(64),
          /** Per cent. */
          battery: uintTo(100),
          timeMs: uint,
        },
      ],
    },
    'TYPE_UNKNOWN',
  ),
});
export type ChartRecord = Of<typeof chartRecord>['said'];
export type VitalsDay = Extract<ChartRecord, { readonly kind: 'day' }>;
export type VitalsServers = Extract<ChartRecord, { readonly kind: 'servers' }>;

export function encodeChartRecord(said: ChartRecord): Uint8Array {
  return encodeAs(chartRecord, { said });
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeChartRecord(encoded: Uint8Array): ChartRecord {
  return decodeAs(chartRecord, encoded).said;
}
