import { sha256 } from '../src/crypto/hash.js';
import { encodeTx, txIdOfBytes } from '../src/ledger/codec.js';
import { defaultGenesis, spineLogs } from '../src/ledger/genesis.js';
import { accountIdOfKey } from '../src/ledger/identity.js';
import { executeBlock, executeGenesis, viewOf } from '../src/ledger/ledger.js';
import { suite } from '../src/ledger/object-types.js';
import { noRecovery, recoveryHash } from '../src/ledger/recovery.js';
import { refusalOf } from '../src/ledger/refusals.js';
import { organisationRights } from '../src/ledger/rights.js';
import { accounts } from '../src/ledger/tables/accounts.js';
import { utf8 } from '../src/primitives/bytes.js';
import { decodeCbor } from '../src/primitives/cbor.js';
import { consentIdOf, parseBlobId, } from '../src/primitives/ids.js';
import { MemoryStore } from './memory-store.js';
/** Time of the first block of a world. */
export const t0 = 1_800_000_000_000;
export const minute = 60_000;
export const day = 86_400_000;
export const someBlob = parseBlobId('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
export const bytesOf = (name) => sha256(utf8(name));
export const consentOf = (name) => consentIdOf(bytesOf(name).slice(0, 16));
/** SHA-256 of every printed code's other key. */
export const codeKemHash = bytesOf('code kem');
/** Keys that look real; what they would sign is said by `Sent.isSigned` and `identityHolds`. */
export function identityOf(name, recoveryKey) {
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
export const accountOf = (name) => accountIdOfKey(suite, identityOf(name).signKey);
export function enrolAct(name, role, recoveryKey) {
    const credentialHash = bytesOf(`${name} credential`);
    return { kind: 'Enrol', identity: identityOf(name, recoveryKey), role, credentialHash };
}
/** Numbers from `after + 1`, the first from this block on unless times are given. */
export function keySetAct(after, times = [0]) {
    return {
        kind: 'KeySet',
        after,
        salt: bytesOf('salt').slice(0, 16),
        schedule: times.map((validFromMs, i) => ({ epoch: after + 1 + i, validFromMs })),
        keySetBlob: someBlob,
        envelopeSetBlob: someBlob,
    };
}
const twoHospitals = {
    organisations: [
        ['hospital', organisationRights],
        ['archive', []],
    ],
    validators: [{ publicKey: bytesOf('validator'), power: 1 }],
};
/** The key with which somebody's machine orders blocks. */
export const validatorOf = (name) => ({
    publicKey: bytesOf(`${name} validator`),
    power: 10,
});
/** A consortium: each is a member of its own with a validator of its own. */
export const consortiumOf = (...names) => ({
    organisations: names.map((name) => [name, organisationRights]),
    validators: names.map(validatorOf),
});
/**
 * A small ledger: two hospitals, blocks one after the other, signatures by decree. Its logs take what they took
 * at first, for vectors and the golden chain are made with it, or what a test gives.
 */
export class World {
    genesis;
    store = new MemoryStore();
    height = 0;
    timeMs = t0;
    appHash;
    constructor(logs = spineLogs, founders = twoHospitals) {
        const hospital = (name, rights) => ({
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
    get view() {
        return viewOf(this.store);
    }
    tx(sent) {
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
    verified(sent) {
        const tx = this.tx(sent);
        const proven = sent.identityHolds === false ? new Set() : new Set(sent.acts.keys());
        const verdict = { isSigned: sent.isSigned ?? true, proven };
        return { txId: txIdOfBytes(encodeTx(tx)), tx, verdict };
    }
    /** One block at `timeMs`, by default a second after the last. */
    block(txs, timeMs = this.timeMs + 1_000) {
        return this.execute(txs, timeMs).results;
    }
    /** As `block`, with what is reported of validators, and all that comes of it. */
    execute(txs, timeMs = this.timeMs + 1_000, misbehaviour = []) {
        this.height++;
        this.timeMs = timeMs;
        const block = { height: this.height, timeMs };
        const executed = executeBlock(this.store, this.genesis, txs, block, misbehaviour);
        this.store.apply(executed.writes);
        this.appHash = executed.appHash;
        return executed;
    }
    /** One transaction in a block of its own. */
    send(sent, timeMs = this.timeMs + 1_000) {
        this.timeMs = timeMs;
        const [result] = this.block([this.verified(sent)], timeMs);
        if (result === undefined)
            throw new Error('a block without a result');
        const answer = result.code === 0 ? 'accepted' : refusalOf(result.code)?.code;
        if (answer === undefined)
            throw new Error(`unknown refusal ${result.code}`);
        return { answer, data: decodeCbor(result.data) };
    }
    /** As `send`, for what a test builds upon. */
    mustSend(sent, timeMs) {
        const { answer } = this.send(sent, timeMs);
        if (answer !== 'accepted')
            throw new Error(`the setting of a test was refused: ${answer}`);
        return this;
    }
}
