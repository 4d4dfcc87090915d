import { sha256 } from '../../../src/crypto/hash.js';
import { accountIdOfKey } from '../../../src/ledger/identity.js';
import { suite } from '../../../src/ledger/object-types.js';
import { idBytes } from '../../../src/primitives/ids.js';
import { accountIdOfKeys, codeKeysOf, deriveAccountKeys, enrolmentIdentity, noRecovery, recoveryHashOf, rotationIdentity, } from '../../../src/sdk/wallet/identity.js';
import { hex, pattern } from './write.js';
/** The people of all vectors: one hospital, a patient and a doctor there, every key from a pattern. */
export const chainId = 'salus-vectors-1';
export const code = pattern(20, 70);
export async function hospitalOf(start) {
    const root = pattern(32, start);
    const keys = await deriveAccountKeys(root, accountIdOfKey(suite, pattern(32, 0)), 0);
    const account = accountIdOfKeys(keys);
    const bound = { chainId, organisation: account, role: 'organisation' };
    return {
        root,
        keys,
        account,
        identity: await enrolmentIdentity(keys, { ...bound, recovery: noRecovery }),
    };
}
async function personOf(start, role, recovery) {
    const root = pattern(32, start);
    const keys = await deriveAccountKeys(root, hospital.account, 0);
    const bound = { chainId, organisation: hospital.account, role, recovery };
    const identity = await enrolmentIdentity(keys, bound);
    return { root, keys, account: accountIdOfKeys(keys), identity };
}
export const hospital = await hospitalOf(1);
export const codeKeys = await codeKeysOf(code, hospital.account);
export const recovery = codeKeys.sign;
export const codeKemHash = sha256(codeKeys.kem.publicKey);
export const patient = await personOf(40, 'patient', recoveryHashOf(codeKeys));
export const doctor = await personOf(80, 'clinician', noRecovery);
/** The patient's second generation of keys. */
export const rotatedKeys = await deriveAccountKeys(patient.root, hospital.account, 1);
export const rotated = await rotationIdentity(rotatedKeys, {
    chainId,
    account: patient.account,
    recovery: recoveryHashOf(codeKeys),
});
/** And the third, which the printed code brings. */
export const restoredKeys = await deriveAccountKeys(patient.root, hospital.account, 2);
export const restored = await rotationIdentity(restoredKeys, {
    chainId,
    account: patient.account,
    recovery: recoveryHashOf(codeKeys),
});
const fieldsOf = (identity) => ({
    signKey: hex(identity.signKey),
    kemKey: hex(identity.kemKey),
    point: hex(identity.point),
    recovery: hex(identity.recovery),
    pointProof: hex(identity.pointProof),
    signature: hex(identity.signature),
});
export const accounts = {
    about: 'acts.md ID-1 to ID-5, wallet.md W-7: from root, organisation and index to keys, account id and identity; bound = [chain id, organisation, role]',
    async cases() {
        const people = [
            { person: patient, index: 0, role: 'patient', bound: hospital.account, printed: hex(code) },
            { person: doctor, index: 0, role: 'clinician', bound: hospital.account, printed: '' },
            {
                person: { ...patient, keys: rotatedKeys, account: patient.account, identity: rotated },
                ...{ index: 1, role: 'rotation', bound: patient.account, printed: hex(code) },
            },
        ];
        return people.map(({ person, index, role, bound, printed }) => ({
            root: hex(person.root),
            organisation: hospital.account,
            index,
            pointSeed: hex(person.keys.pointSeed),
            accountOfKey: accountIdOfKeys(person.keys),
            code: printed,
            recoveryKey: printed === '' ? '' : hex(recovery.publicKey),
            codeKemHash: printed === '' ? '' : hex(codeKemHash),
            bound: { chainId, organisation: bound, role },
            identity: fieldsOf(person.identity),
        }));
    },
};
export const accountBytes = (person) => idBytes(person.account);
