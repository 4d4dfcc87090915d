import { verifyLabelled } from '../../../crypto/signature.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { equalBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { type Registration, registration, signedRegistration } from '../api/registration.ts';
import { vitalsNames } from '../names.ts';
import type { SensorFile } from '../sdk/sensor/sensor-file.ts';
import { readSensor, sensorNames } from './sensor-home.ts';

interface Kept {
  readonly said: Registration;
  readonly signed: Uint8Array;
}

/**
 * The newest registration that this home keeps of a sensor's patient, as one of her servers may be handed it: it names the sensor, and
 * is signed by the key in use of an account that is not frozen. Undefined: her own device must. Throws what asking the ledger
 * throws. Source: docs/protocol/vitals-servers.md, rule VS-22a.
 */
export async function keptRegistration(
  home: string,
  sensor: SensorFile,
  { key: own, ledger }: { readonly key: Uint8Array; readonly ledger: Pick<ProvenLedger, 'row'> },
): Promise<Uint8Array | undefined> {
  const first = keptOf(sensor);
  if (first === undefined) return undefined;
  const patient = first.said.account;
  const all = sensorNames(home).flatMap((name) => keptOf(readSensor(home, name)) ?? []);
  const newest = all
    .filter(({ said }) => said.account === patient)
    .reduce((one, other) => (other.said.counter > one.said.counter ? other : one), first);
  if (!newest.said.sensors.some(({ key }) => equalBytes(key, own))) return undefined;
  const account = await ledger.row(accounts, patient);
  if (account === undefined || account.frozen) return undefined;
  const parts = decodeAs(signedRegistration, newest.signed);
  const { registration: label } = vitalsNames.labels;
  const holds = await verifyLabelled(account.signKey, label, parts.registration, parts.signature);
  return holds ? newest.signed : undefined;
}

/** Undefined: enrolled before that was kept, or not registered. */
function keptOf({ registered }: SensorFile): Kept | undefined {
  const signed = registered?.registration && hexToBytes(registered.registration);
  if (!signed) return undefined;
  const said = decodeAs(registration, decodeAs(signedRegistration, signed).registration);
  return { said, signed };
}
