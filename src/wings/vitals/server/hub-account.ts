import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { fileWalletStore } from '../../../sdk/node/file-wallet-store.ts';
import { Person } from '../../../sdk/person.ts';
import { localHospitals } from '../../../server/desk.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { localDesk } from '../../../server/registration-desk.ts';

/** The hub of a home's sensors: an account of the role `device`, which patients let write class `iot` in their charts. */
export interface Hub {
  readonly person: Person;
  readonly account: AccountId;
  readonly card: Uint8Array;
}

const folderOf = (home: string): string => join(home, 'sensors', 'hub');
const walletOf = (home: string) => fileWalletStore(join(folderOf(home), 'hub.wallet'));

/**
 * The account of this home's hub; where there is none yet it is made, and a hospital of this home enrols it. Its wallet opens by a
 * key in a file beside it, which only its user reads. Throws GATEWAY_UNREACHABLE: no hospital answers here. Rule VR-40.
 */
export async function openHub(home: string): Promise<Hub> {
  const [hospital] = localHospitals(home);
  if (hospital === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const person = await hubPerson(home);
  if (!person.accounts.some(({ enrolled }) => enrolled)) {
    const desk = localDesk(home, hospital.name);
    const { invitation } = await desk.invite({
      role: 'device',
      name: `Sensors’ hub at ${hospital.name}`,
    });
    const trustRootJson = readFileSync(join(home, 'trust.json'), 'utf8');
    const to = { gatewayUrl: hospital.url, invitation, role: 'device', trustRootJson } as const;
    await person.enrol({ ...to, withoutCopy: true });
  }
  const { account, card } = person.account();
  return { person, account, card };
}

async function hubPerson(home: string): Promise<Person> {
  const options = {
    gatewayUrlOf: (of: { readonly organisation: AccountId; readonly gatewayUrl: string }) =>
      localHospitals(home).find(({ account }) => account === of.organisation)?.url ?? of.gatewayUrl,
  };
  const keyPath = join(folderOf(home), 'hub.key');
  if (!existsSync(keyPath)) {
    makeFolder(join(home, 'sensors'));
    makeFolder(folderOf(home));
    writeWhole(keyPath, utf8(bytesToHex(new Uint8Array(randomBytes(32)))));
  }
  const passphrase = readFileSync(keyPath, 'utf8');
  const store = walletOf(home);
  if ((await store.load()) !== undefined) return Person.open({ store, passphrase }, options);
  return (await Person.create({ store, passphrase, name: 'hub' }, options)).person;
}
