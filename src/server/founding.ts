import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  defaultGenesis,
  encodeGenesis,
  type GenesisOrganisation,
  parseGenesis,
} from '../ledger/genesis.ts';
import { foundingLogs } from '../ledger/protocol.ts';
import { type OrganisationRight, spineRights } from '../ledger/rights.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { accountIdOfKeys, enrolmentIdentity, noRecovery } from '../sdk/wallet/identity.ts';
import { serverWings } from '../wings/server.ts';
import { writeWhole } from './files.ts';
import {
  cometbftKey,
  genesisPath,
  type Hospital,
  joinedIn,
  type Member,
  membersThatStand,
  openHospital,
  organisationKeys,
  ownMembers,
  rekeyedIn,
} from './home-members.ts';
import { openHome, readHomeMark, writeHomeMark } from './home-version.ts';
import { type ServerWing, serversOf } from './process.ts';

/** Of the consortium that `salus up` founds. */
export const demoMembers: readonly Member[] = [
  { name: 'north', title: 'North Hospital' },
  { name: 'harbour', title: 'Harbour Clinic' },
  { name: 'valley', title: "Valley Children's Hospital" },
];

export interface Founded {
  readonly genesisBytes: Uint8Array;
  readonly ledgerFolder: string;
  readonly hospitals: readonly Hospital[];
}

export interface FoundingOptions {
  readonly validatorKey: Uint8Array;
  readonly nowMs: number;
  /** Of a new consortium; one that stands keeps those of its genesis. */
  readonly members?: readonly Member[];
  readonly wings?: readonly ServerWing[];
}

/**
 * Founds a local consortium in a folder, or opens the one that stands there: the hospitals' keys, the
 * genesis that names them, each registration desk's token, and what each wing keeps. Everything lies under
 * `servers/`; the genesis is written last, so that half a founding is begun anew and never half believed.
 * Throws HOME_INVALID {file or hospital}, and as `openHome` and `parseGenesis`.
 */
export async function openConsortium(home: string, options: FoundingOptions): Promise<Founded> {
  const { wings = serverWings, members = demoMembers } = options;
  const servers = serversOf(home);
  const path = genesisPath(servers);
  await openHome(home);
  const standing = membersThatStand(servers);
  const own = ownMembers(servers, standing ?? members);
  const rekeyed = rekeyedIn(servers);
  const hospitals = await Promise.all(
    own.map((member) => openHospital(servers, member, rekeyed.get(member.name))),
  );
  await foundWings(home, hospitals, wings);
  if (standing === undefined) await found(path, hospitals, { ...options, wings });
  const genesisBytes = new Uint8Array(readFileSync(path));
  const genesis = parseGenesis(genesisBytes);
  const named = new Set(genesis.organisations.map(({ identity }) => bytesToHex(identity.signKey)));
  const joined = new Set(joinedIn(servers));
  for (const { name, signingKey, account } of hospitals) {
    const isNamed = named.has(bytesToHex(signingKey.publicKey));
    if (!isNamed && !joined.has(account) && !rekeyed.has(name))
      throw new CodedError('HOME_INVALID', { hospital: name });
  }
  return { genesisBytes, ledgerFolder: join(servers, 'ledger'), hospitals };
}

/**
 * A ledger that stands is served with its own keys only: new ones would be made in silence where a backup
 * without keys was restored. Throws HOME_INVALID {file}.
 */
export function requireKeys(servers: string): void {
  const members = membersThatStand(servers);
  if (members === undefined) return;
  const own = ownMembers(servers, members);
  const needed = own.map(({ name }) => join(name, 'organisation.key'));
  // Where CometBFT orders the blocks, it has the key; where another hospital does, that one.
  const isOrdered =
    existsSync(join(servers, cometbftKey)) || existsSync(join(servers, 'follow.json'));
  const validator = isOrdered ? [] : [join('ledger', 'validator.key')];
  for (const file of [...validator, ...needed]) {
    if (!existsSync(join(servers, file))) throw new CodedError('HOME_INVALID', { file });
  }
}

/** Each wing that this home does not know yet makes what it keeps here, and is known then. */
async function foundWings(
  home: string,
  hospitals: readonly Hospital[],
  wings: readonly ServerWing[],
): Promise<void> {
  for (const { name, found } of wings) {
    const mark = readHomeMark(home);
    if (mark === undefined || mark.wings.includes(name)) continue;
    await found?.({ home, hospitals });
    writeHomeMark(home, { ...mark, wings: [...mark.wings, name] });
  }
}

export const newChainId = (): string => `salus-${bytesToHex(new Uint8Array(randomBytes(4)))}-1`;

/** What every hospital of a new ledger may do. */
export const foundingRights = (
  wings: readonly ServerWing[] = serverWings,
): readonly OrganisationRight[] => [
  ...new Set([...spineRights, ...wings.flatMap((wing) => wing.rights ?? [])]),
];

/** A hospital as the genesis names it: signed by its own key, for this ledger. */
export async function genesisOrganisation(
  { folder, title: name }: Pick<Hospital, 'folder' | 'title'>,
  of: Pick<GenesisOrganisation, 'url' | 'rights'> & { readonly chainId: string },
): Promise<GenesisOrganisation> {
  const { chainId, url, rights } = of;
  const keys = await organisationKeys(folder);
  const organisation = accountIdOfKeys(keys);
  const role = 'organisation';
  const identity = await enrolmentIdentity(keys, {
    ...{ chainId, organisation, role, recovery: noRecovery },
  });
  return { identity, name, url, rights };
}

async function found(
  path: string,
  hospitals: readonly Hospital[],
  { validatorKey, nowMs, wings }: FoundingOptions & { readonly wings: readonly ServerWing[] },
): Promise<void> {
  const chainId = newChainId();
  const rights = foundingRights(wings);
  const organisations = await Promise.all(
    hospitals.map((hospital) =>
      genesisOrganisation(hospital, { chainId, rights, url: `/${hospital.name}` }),
    ),
  );
  const validators = [{ publicKey: validatorKey, power: 10 }];
  const genesis = defaultGenesis(
    { chainId, timeMs: nowMs, organisations, validators },
    foundingLogs,
  );
  writeWhole(path, encodeGenesis(genesis), 0o644);
}
