import { sha256 } from '../../../src/crypto/hash.ts';
import type { SigningKey } from '../../../src/crypto/signature.ts';
import type { Identity } from '../../../src/ledger/identity.ts';
import { accountIdOfKey } from '../../../src/ledger/identity.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import type { Role } from '../../../src/ledger/roles.ts';
import { type AccountId, idBytes } from '../../../src/primitives/ids.ts';
import {
  type AccountKeys,
  accountIdOfKeys,
  type CodeKeys,
  codeKeysOf,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
  recoveryHashOf,
  rotationIdentity,
} from '../../../src/sdk/wallet/identity.ts';
import { type Format, hex, pattern } from './write.ts';

/** The people of all vectors: one hospital, a patient and a doctor there, every key from a pattern. */
export const chainId = 'salus-vectors-1';
export const code: Uint8Array = pattern(20, 70);

export interface Person {
  readonly root: Uint8Array;
  readonly keys: AccountKeys;
  readonly account: AccountId;
  readonly identity: Identity;
}

export async function hospitalOf(start: number): Promise<Person> {
  const root = pattern(32, start);
  const keys = await deriveAccountKeys(root, accountIdOfKey(suite, pattern(32, 0)), 0);
  const account = accountIdOfKeys(keys);
  const bound = { chainId, organisation: account, role: 'organisation' as const };
  return {
    root,
    keys,
    account,
    identity: await enrolmentIdentity(keys, { ...bound, recovery: noRecovery }),
  };
}

async function personOf(start: number, role: Role, recovery: Uint8Array): Promise<Person> {
  const root = pattern(32, start);
  const keys = await deriveAccountKeys(root, hospital.account, 0);
  const bound = { chainId, organisation: hospital.account, role, recovery };
  const identity = await enrolmentIdentity(keys, bound);
  return { root, keys, account: accountIdOfKeys(keys), identity };
}

export const hospital: Person = await hospitalOf(1);
export const codeKeys: CodeKeys = await codeKeysOf(code, hospital.account);
export const recovery: SigningKey = codeKeys.sign;
export const codeKemHash: Uint8Array = sha256(codeKeys.kem.publicKey);
export const patient: Person = await personOf(40, 'patient', recoveryHashOf(codeKeys));
export const doctor: Person = await personOf(80, 'clinician', noRecovery);

/** The patient's second generation of keys. */
export const rotatedKeys: AccountKeys = await deriveAccountKeys(patient.root, hospital.account, 1);
export const rotated: Identity = await rotationIdentity(rotatedKeys, {
  chainId,
  account: patient.account,
  recovery: recoveryHashOf(codeKeys),
});

/** And the third, which the printed code brings. */
export const restoredKeys: AccountKeys = await deriveAccountKeys(patient.root, hospital.account, 2);
export const restored: Identity = await rotationIdentity(restoredKeys, {
  chainId,
  account: patient.account,
  recovery: recoveryHashOf(codeKeys),
});

const fieldsOf = (identity: Identity) => ({
  signKey: hex(identity.signKey),
  kemKey: hex(identity.kemKey),
  point: hex(identity.point),
  recovery: hex(identity.recovery),
  pointProof: hex(identity.pointProof),
  signature: hex(identity.signature),
});

export const accounts: Format = {
  about:
    'acts.md ID-1 to ID-5, wallet.md W-7: from root, organisation and index to keys, account id and identity; bound = [chain id, organisation, role]',
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

export const accountBytes = (person: Person): Uint8Array => idBytes(person.account);
