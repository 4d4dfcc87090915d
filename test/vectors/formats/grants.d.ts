import { type SigningKey } from '../../../src/crypto/signature.ts';
import type { ConsentGrant } from '../../../src/ledger/acts/consent-grant.ts';
import { type Format } from './write.ts';
export declare const consent: import("../../../src/primitives/ids.ts").ConsentId;
export declare const bodySalt: Uint8Array;
export declare const tagKey: Uint8Array;
export declare const writeSeed: Uint8Array;
export declare const writeKey: SigningKey;
export declare const t0 = 1800000000000;
export declare const body: Uint8Array;
/** How the body stands on the ledger of all vectors. */
export declare const grantOfBody: ConsentGrant;
export declare const grantBodies: Format;
export declare const letters: Format;
/** Requests as they travel, and their entries; the chain goes over all of them. */
export declare function looks(): Promise<{
    bytes: Uint8Array<ArrayBufferLike>;
    salt: Uint8Array<ArrayBufferLike>;
    travelling: Uint8Array<ArrayBufferLike>;
    entry: Uint8Array<ArrayBufferLike>;
    chain: Uint8Array<ArrayBuffer>;
}[]>;
export declare const readRequests: Format;
export declare const signedObjects: Format;
