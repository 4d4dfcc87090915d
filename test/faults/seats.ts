import { setTimeout as wait } from 'node:timers/promises';
import { nodeKeys } from '../../src/server/comet/node-home.ts';
import { genesisIn, type HeldKey, heldKeys } from '../../src/server/home-members.ts';
import type { Hospital } from './hospital.ts';

const inForceMs = 30_000;

/** Its validator's key, and whose it is. */
export async function seatOf(hospital: Hospital) {
  const { account: organisation } = await keyOf(hospital);
  const { validator: publicKey } = nodeKeys(hospital.nodeHome);
  return { organisation, publicKey };
}

/** How long it took until so many are in force, as this hospital's node says. Throws when they do not come to be. */
export async function validatorsAre(hospital: Hospital, count: number): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < inForceMs) {
    if ((await hospital.validators()).length === count) {
      return Math.round(performance.now() - startedAt);
    }
    await wait(200);
  }
  throw new Error(`the validators did not become ${count}`);
}

/** By which the hospital speaks. */
export async function keyOf({ home, servers }: Hospital): Promise<HeldKey> {
  const [key] = await heldKeys(home, genesisIn(servers));
  if (key === undefined) throw new Error('no key of an organisation');
  return key;
}
