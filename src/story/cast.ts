import { fileWalletStore } from '../cli/home.ts';
import type { Surroundings } from '../cli/surroundings.ts';
import type { Role } from '../ledger/roles.ts';
import type { AccountId } from '../primitives/ids.ts';
import { nodeOpeners } from '../sdk/node/openers.ts';
import { Person, type PersonOptions } from '../sdk/person.ts';
import type { WalletContent } from '../sdk/wallet/content.ts';
import { readWallet } from '../sdk/wallet/sealed-wallet.ts';
import type { Servers } from './server.ts';

/** Somebody in the story: a wallet of their own on a device of their own. */
export interface Member {
  readonly nickname: string;
  readonly name: string;
  readonly role: Role;
  readonly hospital: string;
  readonly person: Person;
  readonly account: AccountId;
  /** What is printed for them; the story's people keep it in their head. */
  readonly code: string;
}

/** Of this process, whoever opens a chart. */
const openers = nodeOpeners();

/** The story's people choose no passphrase of their own: the wallets live as long as the story. */
export const storyPassphrase = 'a passphrase for the story';

type CastOptions = Pick<PersonOptions, 'http' | 'gatewayUrlOf'> & Pick<Surroundings, 'passphrases'>;

/** Makes the keys on the person's device, then has the hospital enrol what it cannot read. */
export async function enrolMember(
  servers: Servers,
  home: string,
  who: {
    readonly nickname: string;
    readonly name: string;
    readonly role: Role;
    readonly hospital: string;
  },
  { http, gatewayUrlOf, passphrases }: CastOptions = {},
): Promise<Member> {
  const store = fileWalletStore(home, who.nickname, passphrases && { passphrases });
  const { person, code } = await Person.create(
    { store, passphrase: storyPassphrase, name: who.name },
    { openers, ...(http && { http }), ...(gatewayUrlOf && { gatewayUrlOf }) },
  );
  const hospital = servers.hospital(who.hospital);
  const invitation = await servers.invite(hospital, who.role, who.name);
  const { account } = await person.enrol({
    gatewayUrl: hospital.url,
    invitation,
    role: who.role,
    withoutCopy: who.role === 'device',
  });
  return { ...who, person, account, code };
}

/** Everything a member ever held: what a thief of the unlocked device would have. */
export async function everythingHeldBy(home: string, member: Member): Promise<WalletContent> {
  const { content } = await readWallet(fileWalletStore(home, member.nickname), storyPassphrase);
  return content;
}
