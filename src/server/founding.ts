import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SigningKey } from '../crypto/signature.ts';
import { defaultGenesis, encodeGenesis, parseGenesis } from '../ledger/genesis.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf } from '../primitives/ids.ts';
import {
  accountIdOfKeys,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
} from '../sdk/wallet/identity.ts';
import { readSecretFile, writeWhole } from './files.ts';

/**
 * Founds a local consortium in a folder, or opens the one that stands there: the hospitals' keys, the
 * genesis that names them, and each registration desk's token. Everything lies under `servers/`; the
 * genesis is written last, so that half a founding is begun anew and never half believed.
 */
export interface Hospital {
  /** What people type and what stands in the address. */
  readonly name: string;
  readonly title: string;
  readonly account: AccountId;
  readonly signingKey: SigningKey;
  readonly folder: string;
  readonly deskToken: string;
}

export interface Founded {
  readonly genesisBytes: Uint8Array;
  readonly ledgerFolder: string;
  readonly hospitals: readonly Hospital[];
}

const titles: Readonly<Record<string, string>> = {
  north: 'North Hospital',
  harbour: 'Harbour Clinic',
  valley: "Valley Children's Hospital",
};

// An organisation derives its keys as everybody does; it is not enrolled by another one.
const self: AccountId = accountIdOf(new Uint8Array(32));

export async function openConsortium(
  home: string,
  validatorKey: Uint8Array,
  nowMs: number,
): Promise<Founded> {
  const servers = join(home, 'servers');
  const path = join(servers, 'genesis.cbor');
  mkdirSync(servers, { recursive: true, mode: 0o700 });
  const hospitals = await Promise.all(
    Object.keys(titles).map((name) => openHospital(servers, name)),
  );
  if (!existsSync(path)) await found(path, hospitals, validatorKey, nowMs);
  const genesisBytes = new Uint8Array(readFileSync(path));
  const genesis = parseGenesis(genesisBytes);
  const named = new Set(genesis.organisations.map(({ identity }) => bytesToHex(identity.signKey)));
  for (const { name, signingKey } of hospitals) {
    if (!named.has(bytesToHex(signingKey.publicKey)))
      throw new CodedError('HOME_INVALID', { hospital: name });
  }
  return { genesisBytes, ledgerFolder: join(servers, 'ledger'), hospitals };
}

/**
 * A ledger that stands is served with its own keys only: new ones would be made in silence where a backup
 * without keys was restored. Throws HOME_INVALID {file}.
 */
export function requireKeys(servers: string): void {
  if (!existsSync(join(servers, 'genesis.cbor'))) return;
  const needed = Object.keys(titles).map((name) => join(name, 'organisation.key'));
  for (const file of [join('ledger', 'validator.key'), ...needed]) {
    if (!existsSync(join(servers, file))) throw new CodedError('HOME_INVALID', { file });
  }
}

async function openHospital(servers: string, name: string): Promise<Hospital> {
  const folder = join(servers, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const root = readSecretFile(
    join(folder, 'organisation.key'),
    () => new Uint8Array(randomBytes(32)),
  );
  const desk = readSecretFile(join(folder, 'desk.token'), () => new Uint8Array(randomBytes(24)));
  const keys = await deriveAccountKeys(root, self, 0);
  return {
    name,
    title: titles[name] ?? name,
    account: accountIdOfKeys(keys),
    signingKey: keys.sign,
    folder,
    deskToken: bytesToHex(desk),
  };
}

async function found(
  path: string,
  hospitals: readonly Hospital[],
  validatorKey: Uint8Array,
  nowMs: number,
): Promise<void> {
  const chainId = `salus-${bytesToHex(new Uint8Array(randomBytes(4)))}-1`;
  const organisations = await Promise.all(
    hospitals.map(async ({ name, title, folder }) => {
      const root = readSecretFile(join(folder, 'organisation.key'), missing);
      const keys = await deriveAccountKeys(root, self, 0);
      const organisation = accountIdOfKeys(keys);
      const identity = await enrolmentIdentity(keys, {
        chainId,
        organisation,
        role: 'organisation',
        recovery: noRecovery,
      });
      return {
        identity,
        name: title,
        url: `/${name}`,
        rights: ['enrol', 'serve', 'batch'] as const,
      };
    }),
  );
  const genesis = defaultGenesis({
    chainId,
    timeMs: nowMs,
    organisations,
    validators: [{ publicKey: validatorKey, power: 10 }],
  });
  writeWhole(path, encodeGenesis(genesis), 0o644);
}

function missing(): never {
  throw new CodedError('HOME_INVALID', { file: 'organisation.key' });
}
