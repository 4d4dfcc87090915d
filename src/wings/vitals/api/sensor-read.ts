import { merklePath } from '../../../ledger/chain/claim.ts';
import { CodedError } from '../../../primitives/errors.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  text,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';

/** The words of the statements that ask and answer. */
export const readWord = 'read';
export const readingWord = 'reading';
/** A request may ask for so many hours: 31 days. */
export const mostHours = 31 * 24;
/** So many pages are in an answer at most: more is asked for by fewer hours. */
export const mostPages = 1_024;
/** A look's receipt, a grant's body in it included, and what stands around it. */
export const maxSensorReadBytes = 512 * 1024;
/** 1,024 pages of 64 readings of five vital signs. */
export const maxSensorReadingBytes = 4 * 1024 * 1024;
/** So long after its block a look may be shown to the servers. */
export const maxLookAgeMs = 10 * 60_000;

const hour = uintTo(2 ** 32 - 1);

const sensorRead = checked(
  struct({
    chainId: text(50),
    trio: hexId(32),
    pseudonym: bytes(16),
    /** The receipt of the look, with the claim that opens its entry; empty: a patient asks for her own. */
    look: bytes(),
    panel: uintTo(255),
    firstHour: hour,
    /** Included. */
    lastHour: hour,
  }),
  ({ firstHour, lastHour }, field) => {
    if (lastHour < firstHour) throw new CodedError('CBOR_SHAPE', { field });
    if (lastHour - firstHour >= mostHours) throw new CodedError('REQUEST_TOO_MANY');
  },
);
/** What a reader asks one data server for. Source: docs/protocol/vitals-reading.md, rule VR-11. */
export type SensorRead = Of<typeof sensorRead>;

export function encodeSensorRead(request: SensorRead): Uint8Array {
  return encodeAs(sensorRead, request);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, REQUEST_TOO_MANY. */
export function decodeSensorRead(encoded: Uint8Array): SensorRead {
  return decodeAs(sensorRead, encoded);
}

const shownPage = struct({
  manifest: bytes(),
  /** By the sensor, label stat/manifest. */
  signature: bytes(64),
  /** The share that this server keeps (VP-15). */
  roll: bytes(),
  histogram: bytes(),
  clinical: bytes(),
  salt: bytes(32),
  /** Where the page stands: the batch, the place in it, and the path to its root. */
  batch: uint,
  index: uint,
  path: merklePath,
});
export type ShownPage = Of<typeof shownPage>;

const sensorReading = struct({
  /** SHA-256 of the signed request. */
  request: bytes(32),
  /** 1 to 3. */
  place: uintTo(3),
  /** As the patient signed it. */
  registration: bytes(),
  /** Of the trio, whose pages are all here. */
  newestBatch: uint,
  pages: list(shownPage, { most: mostPages }),
});
/** What a data server answers. Source: docs/protocol/vitals-reading.md, rule VR-13. */
export type SensorReading = Of<typeof sensorReading>;

export function encodeSensorReading(reading: SensorReading): Uint8Array {
  return encodeAs(sensorReading, reading);
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeSensorReading(encoded: Uint8Array): SensorReading {
  return decodeAs(sensorReading, encoded);
}
