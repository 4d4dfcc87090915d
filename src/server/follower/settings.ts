import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { stateGet } from '../../api/routes/state-get.ts';
import { formatTrustRoot, parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { type Genesis, parseGenesis } from '../../ledger/genesis.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { decodeRow } from '../../ledger/table.ts';
import { organisations } from '../../ledger/tables/organisations.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { bytesOfAnswer } from '../../sdk/ledger/header-answer.ts';
import { provenGenesis } from '../../sdk/ledger/proven-genesis.ts';
import { accountIdOfKeys } from '../../sdk/wallet/identity.ts';
import { writeWhole } from '../files.ts';
import {
  isFounded,
  isMemberName,
  type JoinedMember,
  organisationKeys,
  writeGenesis,
  writeOwnMembers,
} from '../home-members.ts';
import { openHome } from '../home-version.ts';
import { serversOf } from '../process.ts';

/** Whom a home follows, and by which trust root it began. */
export interface Followed {
  /** The address of a hospital's gateway at the operator, such as https://HOST/north. */
  readonly of: string;
  readonly trustRoot: TrustRoot;
}

const followFile = z.strictObject({ of: z.string(), trustRoot: z.unknown() });
const pathIn = (servers: string): string => join(servers, 'follow.json');

/** Whether the ledger of a home is ordered by somebody else. */
export const isFollower = (servers: string): boolean => existsSync(pathIn(servers));

/** Throws HOME_INVALID {file}, TRUST_ROOT_WRONG. */
export function followedBy(servers: string): Followed {
  try {
    const { of, trustRoot } = followFile.parse(JSON.parse(readFileSync(pathIn(servers), 'utf8')));
    return { of, trustRoot: parseTrustRoot(JSON.stringify(trustRoot)) };
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'follow.json' }, cause);
  }
}

/**
 * Makes a home in which a hospital's keys lie one that follows the ledger at this address; one that follows already goes on at
 * this address. Throws HOME_FOUNDED (another ledger was begun here), TRUST_ROOT_WRONG, GATEWAY_UNREACHABLE, HOME_INVALID {hospital}: no
 * member of that ledger.
 */
export async function beginFollowing(
  home: string,
  { of, trustRootJson }: { readonly of: string; readonly trustRootJson: string },
): Promise<void> {
  const servers = serversOf(home);
  const trustRoot = parseTrustRoot(trustRootJson);
  if (isFollower(servers)) {
    const before = followedBy(servers);
    if (before.trustRoot.genesisHash !== trustRoot.genesisHash) {
      throw new CodedError('TRUST_ROOT_WRONG', { reason: 'genesis' });
    }
    if (before.of !== of) writeFollowed(servers, { of, trustRoot: before.trustRoot });
    return;
  }
  if (isFounded(home)) throw new CodedError('HOME_FOUNDED', { home });
  await openHome(home);
  const gateway = new GatewayClient(new Http(of));
  const genesisBytes = await provenGenesis(gateway, trustRoot, undefined);
  const genesis = parseGenesis(genesisBytes);
  const own = await ownHospitals(servers);
  const joined: JoinedMember[] = [];
  for (const { name, account } of own) {
    if (foundersOf(genesis).has(account)) continue;
    joined.push({ name, account, title: await titleOf(gateway, account, name) });
  }
  writeOwnMembers(
    home,
    own.map(({ name }) => name),
    joined,
  );
  writeFollowed(servers, { of, trustRoot });
  // Last: a home with a genesis is one that is served.
  writeGenesis(home, genesisBytes);
}

function writeFollowed(servers: string, { of, trustRoot }: Followed): void {
  const kept = { of, trustRoot: JSON.parse(formatTrustRoot(trustRoot)) };
  writeWhole(pathIn(servers), utf8(`${JSON.stringify(kept, undefined, 2)}\n`), 0o644);
}

/** Those whose keys lie here. Throws HOME_INVALID {file}: none does. */
async function ownHospitals(servers: string) {
  const names = readdirSync(servers).filter(
    (name) => isMemberName(name) && existsSync(join(servers, name, 'organisation.key')),
  );
  if (names.length === 0) throw new CodedError('HOME_INVALID', { file: 'organisation.key' });
  return Promise.all(
    names.map(async (name) => ({
      name,
      account: accountIdOfKeys(await organisationKeys(join(servers, name))),
    })),
  );
}

/** Its name for people; whether it is a member, execution shows. Throws HOME_INVALID. */
async function titleOf(gateway: GatewayClient, account: AccountId, name: string): Promise<string> {
  const params = { table: organisations.name, key: account };
  const { value } = await gateway.call(stateGet, { params, query: {} });
  if (value === null) throw new CodedError('HOME_INVALID', { hospital: name });
  return decodeRow(organisations, bytesOfAnswer(value)).name;
}

const foundersOf = ({ organisations: founders }: Genesis): ReadonlyMap<AccountId, string> =>
  new Map(
    founders.map(({ identity, url }) => [accountIdOfKey(identity.suite, identity.signKey), url]),
  );

/**
 * Where those answer whose url is a path at the operator's address, and which of them is asked: it follows from the genesis, so
 * that nobody is signed in at somebody else's. Throws HOME_INVALID {file}: no founder has that address.
 */
export function operatorOf(
  genesis: Genesis,
  of: string,
): { readonly organisation: AccountId; readonly urls: ReadonlyMap<AccountId, string> } {
  const address = of.replace(/\/+$/, '');
  const founders = [...foundersOf(genesis)];
  const asked = founders.find(([, url]) =>
    url.startsWith('/') ? address.endsWith(url) : address === url,
  );
  if (asked === undefined) throw new CodedError('HOME_INVALID', { file: 'follow.json' });
  const [organisation, url] = asked;
  const base = url.startsWith('/') ? address.slice(0, -url.length) : undefined;
  const paths = founders.filter(([, it]) => it.startsWith('/'));
  const urls = new Map(base === undefined ? [] : paths.map(([it, path]) => [it, `${base}${path}`]));
  return { organisation, urls: urls.set(organisation, address) };
}
