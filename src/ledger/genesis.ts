import { sha256 } from '../crypto/hash.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBoolean,
  readBytes,
  readText,
  readUint,
} from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { readRole } from './act-codec.ts';
import { type Act, actNumbers, type Identity, type LogName, type Role, roles } from './acts.ts';
import { maxTxBytes, readLogName } from './codec.ts';
import { identityFromCbor, identityToCbor } from './identity.ts';
import { ledgerObjects, suite } from './object-types.ts';

/** What an organisation may send: enrol people, serve reads (AccessLog), anchor batches. */
export const organisationRights = ['enrol', 'serve', 'batch'] as const;
export type OrganisationRight = (typeof organisationRights)[number];

export interface GenesisOrganisation {
  /** Signed for this chain id, itself as the organisation, and the role `organisation`. */
  readonly identity: Identity;
  readonly name: string;
  /** Where its gateway answers, without a slash at the end. */
  readonly url: string;
  readonly rights: readonly OrganisationRight[];
}

/** Which acts a log takes, and accounts of which roles gateways serve its bodies to. */
export interface LogProfile {
  readonly name: LogName;
  readonly acts: readonly number[];
  readonly readers: readonly Role[];
}

export interface Genesis {
  readonly suite: number;
  /** 1 to 50 letters, digits, `-`, `_` or `.`: CometBFT's bound. */
  readonly chainId: string;
  readonly timeMs: number;
  readonly organisations: readonly GenesisOrganisation[];
  readonly logs: readonly LogProfile[];
  readonly validators: readonly { readonly publicKey: Uint8Array; readonly power: number }[];
  readonly limits: { readonly maxTxBytes: number; readonly maxBlockBytes: number };
  /** Whether reads may be served while the ledger stands still, and anchored later (protocol 8.6). */
  readonly deferredReads: boolean;
}

/**
 * The beginning of a ledger: `[suite, type, chain id, timeMs, organisations, logs, validators, limits,
 * deferred reads]`. Source: docs/protocol/transactions.md, rules G-1 to G-4.
 */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return encodeCbor([
    genesis.suite,
    ledgerObjects.genesis,
    genesis.chainId,
    genesis.timeMs,
    genesis.organisations.map(({ identity, name, url, rights }) => [
      identityToCbor(identity),
      name,
      url,
      rights,
    ]),
    genesis.logs.map(({ name, acts, readers }) => [name, acts, readers]),
    genesis.validators.map(({ publicKey, power }) => [publicKey, power]),
    [genesis.limits.maxTxBytes, genesis.limits.maxBlockBytes],
    genesis.deferredReads,
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, ROLE_UNKNOWN. */
export function parseGenesis(bytes: Uint8Array): Genesis {
  const fields = readArray(decodeCbor(bytes), 'genesis', 9);
  if (readUint(fields[0], 'suite') !== suite) throw new CodedError('SUITE_UNKNOWN');
  if (readUint(fields[1], 'type') !== ledgerObjects.genesis) throw new CodedError('TYPE_UNKNOWN');
  const limits = readArray(fields[7], 'limits', 2);
  const genesis: Genesis = {
    suite,
    chainId: readText(fields[2], 'chainId', 50),
    timeMs: readUint(fields[3], 'timeMs'),
    organisations: readArray(fields[4], 'organisations').map(readOrganisation),
    logs: readArray(fields[5], 'logs').map(readLog),
    validators: readArray(fields[6], 'validators').map((entry) => {
      const pair = readArray(entry, 'validator', 2);
      return {
        publicKey: readBytes(pair[0], 'publicKey', 32),
        power: readUint(pair[1], 'power', 1_000_000_000),
      };
    }),
    limits: {
      maxTxBytes: readUint(limits[0], 'maxTxBytes', maxTxBytes),
      maxBlockBytes: readUint(limits[1], 'maxBlockBytes', 16 * 1024 * 1024),
    },
    deferredReads: readBoolean(fields[8], 'deferredReads'),
  };
  checkGenesis(genesis);
  return genesis;
}

/** The first trust of every client: SHA-256 of the genesis as it travels. */
export function genesisHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

function readOrganisation(value: Cbor): GenesisOrganisation {
  const fields = readArray(value, 'organisation', 4);
  return {
    identity: identityFromCbor(fields[0]),
    name: readText(fields[1], 'name', 100),
    url: readText(fields[2], 'url', 200),
    rights: readArray(fields[3], 'rights').map(readRight),
  };
}

export function readRight(value: Cbor): OrganisationRight {
  const right = organisationRights.find((known) => known === value);
  if (right === undefined) throw new CodedError('CBOR_SHAPE', { field: 'rights' });
  return right;
}

function readLog(value: Cbor): LogProfile {
  const fields = readArray(value, 'log', 3);
  return {
    name: readLogName(fields[0]),
    acts: readArray(fields[1], 'acts').map((act) => readUint(act, 'act', 255)),
    readers: readArray(fields[2], 'readers').map(readRole),
  };
}

function checkGenesis(genesis: Genesis): void {
  const wrong = (field: string) => new CodedError('CBOR_SHAPE', { field });
  if (!/^[A-Za-z0-9._-]{1,50}$/.test(genesis.chainId)) throw wrong('chainId');
  if (genesis.organisations.length < 1 || genesis.organisations.length > 1_000) {
    throw wrong('organisations');
  }
  if (genesis.validators.length < 1 || genesis.validators.length > 100) throw wrong('validators');
  if (genesis.validators.some(({ power }) => power === 0)) throw wrong('validators');
  if (genesis.limits.maxBlockBytes < genesis.limits.maxTxBytes) throw wrong('limits');
  if (genesis.logs.length < 1 || !isDistinct(genesis.logs.map(({ name }) => name))) {
    throw wrong('logs');
  }
  if (!isDistinct(genesis.organisations.map(({ identity }) => identity.signKey.join()))) {
    throw wrong('organisations');
  }
  if (!isDistinct(genesis.validators.map(({ publicKey }) => publicKey.join()))) {
    throw wrong('validators');
  }
}

function isDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

const numbersOf = (...kinds: readonly Act['kind'][]): readonly number[] =>
  kinds.map((kind) => actNumbers[kind]);

/** One ledger with two logs: Userchain open to every role, Docchain to institutions (protocol 7). */
export const defaultLogs: readonly LogProfile[] = [
  {
    name: 'user',
    acts: numbersOf(
      'Enrol',
      'RotateKey',
      'RevokeKey',
      'KeySet',
      'ConsentGrant',
      'ConsentRevoke',
      'DataAnchor',
      'AccessLog',
    ),
    readers: roles,
  },
  {
    name: 'doc',
    acts: numbersOf('DiagnosisAnchor', 'BatchAnchor'),
    readers: ['organisation', 'auditor', 'security-officer', 'operator'],
  },
];

/** A genesis of the default profile: suite, two logs, 64 KiB a transaction, 1 MiB a block. */
export function defaultGenesis(
  chosen: Pick<Genesis, 'chainId' | 'timeMs' | 'organisations' | 'validators'>,
): Genesis {
  return {
    suite,
    ...chosen,
    logs: defaultLogs,
    limits: { maxTxBytes, maxBlockBytes: 1_048_576 },
    deferredReads: false,
  };
}
