import { sha256 } from '../src/crypto/hash.ts';
import type { Enrol } from '../src/ledger/acts/enrol.ts';
import type { KeySet } from '../src/ledger/acts/key-set.ts';
import type { Validator } from '../src/ledger/chain/validators.ts';
import { encodeTx, txIdOfBytes } from '../src/ledger/codec.ts';
import { defaultGenesis, type Genesis, type GenesisLog, spineLogs } from '../src/ledger/genesis.ts';
import type { Identity } from '../src/ledger/identity.ts';
import { accountIdOfKey } from '../src/ledger/identity.ts';
import type { VerifiedTx } from '../src/ledger/incoming.ts';
import { executeBlock, executeGenesis, viewOf } from '../src/ledger/ledger.ts';
import { suite } from '../src/ledger/object-types.ts';
import type { Act } from '../src/ledger/protocol.ts';
import { noRecovery, recoveryHash } from '../src/ledger/recovery.ts';
import { type RefusalCode, refusalOf } from '../src/ledger/refusals.ts';
import { type OrganisationRight, spineRights } from '../src/ledger/rights.ts';
import type { Role } from '../src/ledger/roles.ts';
import type { LogName } from '../src/ledger/shapes.ts';
import type { LedgerView } from '../src/ledger/table.ts';
import { accounts } from '../src/ledger/tables/accounts.ts';
import type { Tx } from '../src/ledger/tx.ts';
import type { Misbehaviour } from '../src/ledger/validator-set.ts';
import { utf8 } from '../src/primitives/bytes.ts';
import { decodeCbor } from '../src/primitives/cbor.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  consentIdOf,
  parseBlobId,
} from '../src/primitives/ids.ts';
import { MemoryStore } from './memory-store.ts';

/** Time of the first block of a world. */
export const t0 = 1_800_000_000_000;
export const minute = 60_000;
export const day = 86_400_000;

export const someBlob: BlobId = parseBlobId(
  'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
);

export const bytesOf = (name: string): Uint8Array => sha256(utf8(name));
export const consentOf = (name: string): ConsentId => consentIdOf(bytesOf(name).slice(0, 16));

/** SHA-256 of every printed code's other key. */
export const codeKemHash = bytesOf('code kem');

/** Keys that look real; what they would sign is said by `Sent.isSigned` and `identityHolds`. */
export function identityOf(name: string, recoveryKey?: Uint8Array): Identity {
  return {
    suite,
    signKey: bytesOf(`${name} sign`),
    kemKey: new Uint8Array(1216).fill(7),
    point: bytesOf(`${name} point`),
    recovery: recoveryKey === undefined ? noRecovery : recoveryHash(recoveryKey, codeKemHash),
    pointProof: new Uint8Array(64),
    signature: new Uint8Array(64),
  };
}

export const accountOf = (name: string): AccountId =>
  accountIdOfKey(suite, identityOf(name).signKey);

export function enrolAct(name: string, role: Role, recoveryKey?: Uint8Array): Enrol {
  const credentialHash = bytesOf(`${name} credential`);
  return { kind: 'Enrol', identity: identityOf(name, recoveryKey), role, credentialHash };
}

/** Numbers from `after + 1`, the first from this block on unless times are given. */
export function keySetAct(after: number, times: readonly number[] = [0]): KeySet {
  return {
    kind: 'KeySet',
    after,
    salt: bytesOf('salt').slice(0, 16),
    schedule: times.map((validFromMs, i) => ({ epoch: after + 1 + i, validFromMs })),
    keySetBlob: someBlob,
    envelopeSetBlob: someBlob,
  };
}

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

/**
 * Who founds a world: by name, with what it may send; and whose keys order its blocks. Those of this file have the
 * spine's rights, for vectors and golden chains are made with them: a wing more would change them.
 */
export interface Founders {
  readonly organisations: readonly (readonly [
    name: string,
    rights: readonly OrganisationRight[],
  ])[];
  readonly validators: readonly Validator[];
}

const twoHospitals: Founders = {
  organisations: [
    ['hospital', spineRights],
    ['archive', []],
  ],
  validators: [{ publicKey: bytesOf('validator'), power: 1 }],
};

/** The key with which somebody's machine orders blocks. */
export const validatorOf = (name: string): Validator => ({
  publicKey: bytesOf(`${name} validator`),
  power: 10,
});

/** A consortium: each is a member of its own with a validator of its own. */
export const consortiumOf = (...names: readonly string[]): Founders => ({
  organisations: names.map((name) => [name, spineRights]),
  validators: names.map(validatorOf),
});

/**
 * A small ledger: two hospitals, blocks one after the other, signatures by decree. Its logs take what they took
 * at first, for vectors and the golden chain are made with it, or what a test gives.
 */
export class World {
  readonly genesis: Genesis;
  readonly store = new MemoryStore();
  height = 0;
  timeMs = t0;
  appHash: Uint8Array;

  constructor(logs: readonly GenesisLog[] = spineLogs, founders: Founders = twoHospitals) {
    const hospital = (name: string, rights: readonly OrganisationRight[]) => ({
      identity: identityOf(name),
      name,
      url: `https://${name}.example`,
      rights,
    });
    const said = {
      chainId: 'salus-test-1',
      timeMs: t0,
      organisations: founders.organisations.map(([name, rights]) => hospital(name, rights)),
      validators: founders.validators,
    };
    this.genesis = defaultGenesis(said, logs);
    const { appHash, writes } = executeGenesis(this.genesis);
    this.store.apply(writes);
    this.appHash = appHash;
  }

  get view(): LedgerView {
    return viewOf(this.store);
  }

  tx(sent: Sent): Tx {
    const sender = accountOf(sent.from);
    const keys = sent.keys ?? [identityOf(sent.from).signKey];
    return {
      body: {
        suite,
        chainId: sent.chainId ?? this.genesis.chainId,
        log: sent.log ?? 'user',
        sender,
        nonce: sent.nonce ?? (this.view.get(accounts, sender)?.window.top ?? 0) + 1,
        validUntilMs: sent.validUntilMs ?? this.timeMs + day,
        acts: sent.acts,
      },
      signatures: keys.map((publicKey) => ({ publicKey, signature: new Uint8Array(64) })),
    };
  }

  verified(sent: Sent): VerifiedTx {
    const tx = this.tx(sent);
    const proven = sent.identityHolds === false ? new Set<number>() : new Set(sent.acts.keys());
    const verdict = { isSigned: sent.isSigned ?? true, proven };
    return { txId: txIdOfBytes(encodeTx(tx)), tx, verdict };
  }

  /** One block at `timeMs`, by default a second after the last. */
  block(txs: readonly VerifiedTx[], timeMs = this.timeMs + 1_000) {
    return this.execute(txs, timeMs).results;
  }

  /** As `block`, with what is reported of validators, and all that comes of it. */
  execute(
    txs: readonly VerifiedTx[],
    timeMs = this.timeMs + 1_000,
    misbehaviour: readonly Misbehaviour[] = [],
  ) {
    this.height++;
    this.timeMs = timeMs;
    const block = { height: this.height, timeMs };
    const executed = executeBlock(this.store, this.genesis, txs, block, misbehaviour);
    this.store.apply(executed.writes);
    this.appHash = executed.appHash;
    return executed;
  }

  /** One transaction in a block of its own. */
  send(
    sent: Sent,
    timeMs = this.timeMs + 1_000,
  ): { readonly answer: Answer; readonly data: unknown } {
    this.timeMs = timeMs;
    const [result] = this.block([this.verified(sent)], timeMs);
    if (result === undefined) throw new Error('a block without a result');
    const answer = result.code === 0 ? 'accepted' : refusalOf(result.code)?.code;
    if (answer === undefined) throw new Error(`unknown refusal ${result.code}`);
    return { answer, data: decodeCbor(result.data) };
  }

  /** As `send`, for what a test builds upon. */
  mustSend(sent: Sent, timeMs?: number): this {
    const { answer } = this.send(sent, timeMs);
    if (answer !== 'accepted') throw new Error(`the setting of a test was refused: ${answer}`);
    return this;
  }
}
