import { labelledHash } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import {
  accountId,
  bytes,
  hexId,
  list,
  type Of,
  struct,
  typedTailed,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';
import { vitalsNames } from '../names.ts';
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

/** Of a registration from before pseudonyms were made for an account: there is nothing that shows whose it is. */
export const noSalt = new Uint8Array(0);

/** The name that pages bear in place of this account; `salt`: 32 random bytes, drawn once. Source: vitals-servers.md, rule VS-6. */
export const pseudonymOf = (account: AccountId, salt: Uint8Array): Uint8Array =>
  labelledHash(vitalsNames.labels.pseudonym, idBytes(account), salt).slice(0, 16);

/** A patient says to the three servers who her sensors are and which datasets she is in. Source: vitals-servers.md, rule VS-6. */
export const registration = typedTailed(
  suite,
  vitalsObjects.registration,
  {
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
  },
  {
    /** What shows that the pseudonym is this account's. */
    tail: { pseudonymSalt: bytes(32) },
    none: { pseudonymSalt: noSalt },
  },
);
export type Registration = Of<typeof registration>;

export const signedRegistration = struct({ registration: bytes(), signature: bytes(64) });
export type SignedRegistration = Of<typeof signedRegistration>;

export const attributesOf = (of: Registration): Attributes => ({
  sex: of.sex,
  'age-band': of.ageBand,
  region: of.region,
  arm: of.arm,
});
