import type { Enrol } from '../src/ledger/acts/enrol.ts';
import type { KeySet } from '../src/ledger/acts/key-set.ts';
import type { Validator } from '../src/ledger/chain/validators.ts';
import { type Genesis, type GenesisLog } from '../src/ledger/genesis.ts';
import type { Identity } from '../src/ledger/identity.ts';
import type { VerifiedTx } from '../src/ledger/incoming.ts';
import type { Act } from '../src/ledger/protocol.ts';
import { type RefusalCode } from '../src/ledger/refusals.ts';
import { type OrganisationRight } from '../src/ledger/rights.ts';
import type { Role } from '../src/ledger/roles.ts';
import type { LogName } from '../src/ledger/shapes.ts';
import type { LedgerView } from '../src/ledger/table.ts';
import type { Tx } from '../src/ledger/tx.ts';
import type { Misbehaviour } from '../src/ledger/validator-set.ts';
import { type AccountId, type BlobId, type ConsentId } from '../src/primitives/ids.ts';
import { MemoryStore } from './memory-store.ts';
/** Time of the first block of a world. */
export declare const t0 = 1800000000000;
export declare const minute = 60000;
export declare const day = 86400000;
export declare const someBlob: BlobId;
export declare const bytesOf: (name: string) => Uint8Array;
export declare const consentOf: (name: string) => ConsentId;
/** SHA-256 of every printed code's other key. */
export declare const codeKemHash: Uint8Array<ArrayBufferLike>;
/** Keys that look real; what they would sign is said by `Sent.isSigned` and `identityHolds`. */
export declare function identityOf(name: string, recoveryKey?: Uint8Array): Identity;
export declare const accountOf: (name: string) => AccountId;
export declare function enrolAct(name: string, role: Role, recoveryKey?: Uint8Array): Enrol;
/** Numbers from `after + 1`, the first from this block on unless times are given. */
export declare function keySetAct(after: number, times?: readonly number[]): KeySet;
export interface Sent {
    /** Name of the sender. */
    readonly from: string;
    readonly acts: readonly Act[];
    readonly log?: LogName;
    /** Public keys that sign; by default the sender's first key. */
    readonly keys?: readonly Uint8Array[];
    /** By default the next free number. */
    readonly nonce?: number;
    readonly validUntilMs?: number;
    readonly chainId?: string;
    readonly isSigned?: boolean;
    readonly identityHolds?: boolean;
}
export type Answer = 'accepted' | RefusalCode;
/** Who founds a world: by name, with what it may send; and whose keys order its blocks. */
export interface Founders {
    readonly organisations: readonly (readonly [
        name: string,
        rights: readonly OrganisationRight[]
    ])[];
    readonly validators: readonly Validator[];
}
/** The key with which somebody's machine orders blocks. */
export declare const validatorOf: (name: string) => Validator;
/** A consortium: each is a member of its own with a validator of its own. */
export declare const consortiumOf: (...names: readonly string[]) => Founders;
/**
 * A small ledger: two hospitals, blocks one after the other, signatures by decree. Its logs take what they took
 * at first, for vectors and the golden chain are made with it, or what a test gives.
 */
export declare class World {
    readonly genesis: Genesis;
    readonly store: MemoryStore;
    height: number;
    timeMs: number;
    appHash: Uint8Array;
    constructor(logs?: readonly GenesisLog[], founders?: Founders);
    get view(): LedgerView;
    tx(sent: Sent): Tx;
    verified(sent: Sent): VerifiedTx;
    /** One block at `timeMs`, by default a second after the last. */
    block(txs: readonly VerifiedTx[], timeMs?: number): readonly import("../src/ledger/apply.ts").TxOutcome[];
    /** As `block`, with what is reported of validators, and all that comes of it. */
    execute(txs: readonly VerifiedTx[], timeMs?: number, misbehaviour?: readonly Misbehaviour[]): import("../src/ledger/ledger.ts").ExecutedBlock;
    /** One transaction in a block of its own. */
    send(sent: Sent, timeMs?: number): {
        readonly answer: Answer;
        readonly data: unknown;
    };
    /** As `send`, for what a test builds upon. */
    mustSend(sent: Sent, timeMs?: number): this;
}
