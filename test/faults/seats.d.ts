import { type HeldKey } from '../../src/server/founding.ts';
import type { Hospital } from './hospital.ts';
/** Its validator's key, and whose it is. */
export declare function seatOf(hospital: Hospital): Promise<{
  organisation: import('../../src/primitives/ids.ts').AccountId;
  publicKey: Uint8Array<ArrayBufferLike>;
}>;
/** How long it took until so many are in force, as this hospital's node says. Throws when they do not come to be. */
export declare function validatorsAre(hospital: Hospital, count: number): Promise<number>;
/** By which the hospital speaks. */
export declare function keyOf({ home, servers }: Hospital): Promise<HeldKey>;
