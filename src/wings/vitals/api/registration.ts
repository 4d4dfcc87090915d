import { suite } from '../../../ledger/object-types.ts';
import {
  accountId,
  bytes,
  hexId,
  list,
  type Of,
  struct,
  typed,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';
import { type AttributeName, type Attributes, attributeLimits } from './cohort.ts';
import { vitalsObjects } from './object-types.ts';

export const mostSensors = 16;
const mostDatasets = 16;

const registeredSensor = struct({
  /** Ed25519. */
  key: bytes(32),
  panels: list(uintTo(255), { least: 1, most: 8 }),
});
export type RegisteredSensor = Of<typeof registeredSensor>;

const limit = (name: AttributeName) => uintTo(attributeLimits[name]);

/** A patient says to the three servers who her sensors are and which datasets she is in. Source: vitals-servers.md, rule VS-6. */
export const registration = typed(suite, vitalsObjects.registration, {
  account: accountId,
  pseudonym: bytes(16),
  /** The highest counts. */
  counter: uint,
  sex: limit('sex'),
  ageBand: limit('age-band'),
  region: limit('region'),
  arm: limit('arm'),
  /** Hours since 1970: from <= hour < until. */
  fromHour: uintTo(2 ** 32 - 1),
  untilHour: uintTo(2 ** 32 - 1),
  sensors: list(registeredSensor, { most: mostSensors }),
  /** None: she has left. */
  datasets: list(hexId(16), { most: mostDatasets }),
});
export type Registration = Of<typeof registration>;

export const signedRegistration = struct({ registration: bytes(), signature: bytes(64) });
export type SignedRegistration = Of<typeof signedRegistration>;

export const attributesOf = (of: Registration): Attributes => ({
  sex: of.sex,
  'age-band': of.ageBand,
  region: of.region,
  arm: of.arm,
});
