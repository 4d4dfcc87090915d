import { labelledHash } from '../../../crypto/hash.ts';
import {
  accountId,
  bytes,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  uint,
} from '../../../primitives/shape.ts';
import { vitalsNames } from '../names.ts';

/** To a patient's hospital, from a data server: a statement with this word. Source: vitals-reading.md, rule VR-35. */
export const silenceWord = 'silence';
export const mostSilencesOfNotice = 256;

/** That a sensor of hers fell silent: neither which one, nor since when. */
const silence = struct({
  account: accountId,
  /** The first 16 bytes of `silenceId`: the same at each of the three servers. */
  id: bytes(16),
});
export type Silence = Of<typeof silence>;

export const silenceNotice = struct({
  trio: hexId(32),
  silences: list(silence, { least: 1, most: mostSilencesOfNotice }),
});

const silent = struct({ sensor: bytes(32), newestHour: uint });

/** Of a sensor and the hour of its newest page; nobody who does not know both learns one of them from it. */
export const silenceId = (sensor: Uint8Array, newestHour: number): Uint8Array =>
  labelledHash(vitalsNames.labels.silence, encodeAs(silent, { sensor, newestHour })).slice(0, 16);
