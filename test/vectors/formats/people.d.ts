import type { SigningKey } from '../../../src/crypto/signature.ts';
import type { Identity } from '../../../src/ledger/identity.ts';
import { type AccountId } from '../../../src/primitives/ids.ts';
import { type AccountKeys, type CodeKeys } from '../../../src/sdk/wallet/identity.ts';
import { type Format } from './write.ts';
/** The people of all vectors: one hospital, a patient and a doctor there, every key from a pattern. */
export declare const chainId = "salus-vectors-1";
export declare const code: Uint8Array;
export interface Person {
    readonly root: Uint8Array;
    readonly keys: AccountKeys;
    readonly account: AccountId;
    readonly identity: Identity;
}
export declare function hospitalOf(start: number): Promise<Person>;
export declare const hospital: Person;
export declare const codeKeys: CodeKeys;
export declare const recovery: SigningKey;
export declare const codeKemHash: Uint8Array;
export declare const patient: Person;
export declare const doctor: Person;
/** The patient's second generation of keys. */
export declare const rotatedKeys: AccountKeys;
export declare const rotated: Identity;
/** And the third, which the printed code brings. */
export declare const restoredKeys: AccountKeys;
export declare const restored: Identity;
export declare const accounts: Format;
export declare const accountBytes: (person: Person) => Uint8Array;
