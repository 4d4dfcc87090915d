import { sha256 } from '../crypto/hash.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  decodeAs,
  encodeAs,
  flag,
  list,
  type Of,
  struct,
  text,
  typed,
  uint,
  uintTo,
} from '../primitives/shape.ts';
import { accountIdOfKey, identity, identityRequirements } from './identity.ts';
import { ledgerObjects, suite } from './object-types.ts';
import type { Requirement } from './requirement.ts';
import { right } from './rights.ts';
import { role, spineRoles } from './roles.ts';
import { logName, signKey } from './shapes.ts';

/** The most bytes that any ledger allows a transaction; its genesis may say less. */
export const maxTxBytes = 65_536;

const organisation = struct({
  /** Signed for this chain id, itself as the organisation, and the role `organisation`. */
  identity,
  name: text(100),
  /** Where its gateway answers, without a slash at the end. */
  url: text(200),
  rights: list(right),
});
export type GenesisOrganisation = Of<typeof organisation>;

/** Which acts a log takes, and accounts of which roles gateways serve its bodies to. */
const log = struct({ name: logName, acts: list(uintTo(255)), readers: list(role) });
export type GenesisLog = Of<typeof log>;

/**
 * The beginning of a ledger: `[suite, type, chain id, timeMs, organisations, logs, validators, limits,
 * deferred reads]`. Source: docs/protocol/transactions.md, rules G-1 to G-4.
 */
const genesis = typed(suite, ledgerObjects.genesis, {
  /** 1 to 50 letters, digits, `-`, `_` or `.`: CometBFT's bound. */
  chainId: text(50),
  timeMs: uint,
  organisations: list(organisation),
  logs: list(log),
  validators: list(struct({ publicKey: signKey, power: uintTo(1_000_000_000) })),
  limits: struct({ maxTxBytes: uintTo(maxTxBytes), maxBlockBytes: uintTo(16 * 1024 * 1024) }),
  /** Whether reads may be served while the ledger stands still, and anchored later (protocol 8.6). */
  deferredReads: flag,
});
export type Genesis = Of<typeof genesis>;

/** As it travels. */
export function encodeGenesis(value: Genesis): Uint8Array {
  return encodeAs(genesis, value);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, ROLE_UNKNOWN. */
export function parseGenesis(encoded: Uint8Array): Genesis {
  const read = decodeAs(genesis, encoded, 'genesis');
  checkGenesis(read);
  return read;
}

/** The first trust of every client: SHA-256 of the genesis as it travels. */
export function genesisHash(encoded: Uint8Array): Uint8Array {
  return sha256(encoded);
}

/** What must hold before a genesis is trusted: every organisation's identity, signed for itself. */
export function genesisSignatures({ organisations, chainId }: Genesis): readonly Requirement[] {
  return organisations.flatMap(({ identity }) => {
    const self = accountIdOfKey(identity.suite, identity.signKey);
    return identityRequirements(identity, chainId, self, 'organisation');
  });
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

/**
 * One ledger with two logs: Userchain open to every role, Docchain to institutions (protocol 7). Frozen, in
 * numbers: what a later version knows besides does not change what this genesis was. Ledgers that are founded
 * now take `foundingLogs`.
 */
export const spineLogs: readonly GenesisLog[] = [
  { name: 'user', acts: [1, 2, 3, 4, 10, 11, 20, 30], readers: spineRoles },
  {
    name: 'doc',
    acts: [21, 31],
    readers: ['organisation', 'auditor', 'security-officer', 'operator'],
  },
];

/** A genesis of the default profile: two logs, 64 KiB a transaction, 1 MiB a block. */
export function defaultGenesis(
  chosen: Pick<Genesis, 'chainId' | 'timeMs' | 'organisations' | 'validators'>,
  logs: readonly GenesisLog[] = spineLogs,
): Genesis {
  return {
    ...chosen,
    logs,
    limits: { maxTxBytes, maxBlockBytes: 1_048_576 },
    deferredReads: false,
  };
}
