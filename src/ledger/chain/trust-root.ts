import { bytesToHex, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type HeaderHash, parseHeaderHash } from '../../primitives/ids.ts';
import { type Header, headerHash } from './header.ts';

/**
 * What a person must hold to check anything about a ledger offline: which chain, one header of it, who
 * signed that header, and the witnesses they choose to believe. A small JSON file.
 * Source: docs/protocol/receipts.md, rule R-5.
 */
export interface TrustRoot {
  readonly chain: string;
  /** SHA-256 of the genesis, hex. */
  readonly genesisHash: string;
  readonly height: number;
  readonly headerHash: HeaderHash;
  /** Hex. */
  readonly validatorsHash: string;
  /** Ed25519 public keys, hex. */
  readonly witnesses: readonly string[];
  /** How many of them must vouch; missing: none need to. */
  readonly quorum?: number;
}

/** CometBFT's bound on a chain id. */
export const maxChainIdLength = 50;
export const maxWitnesses = 100;

/** What somebody who sees this header is to believe from now on. */
export function trustRootOf(
  header: Header,
  genesisHash: Uint8Array,
  witnesses: readonly Uint8Array[],
): TrustRoot {
  return {
    chain: header.chainId,
    genesisHash: bytesToHex(genesisHash),
    height: header.height,
    headerHash: headerHash(header),
    validatorsHash: bytesToHex(header.validatorsHash),
    witnesses: witnesses.map(bytesToHex),
  };
}

/** The JSON of R-5, with its fields in that order. */
export function formatTrustRoot(root: TrustRoot): string {
  const { chain, genesisHash, height, headerHash: hash, validatorsHash, witnesses, quorum } = root;
  const asked = quorum === undefined ? {} : { quorum };
  const ordered = { chain, genesisHash, height, headerHash: hash, validatorsHash, witnesses };
  return `${JSON.stringify({ ...ordered, ...asked }, undefined, 2)}\n`;
}

/** Throws TRUST_ROOT_WRONG (reason: the field). Fields it does not know are refused: nothing is half-read. */
export function parseTrustRoot(text: string): TrustRoot {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'json' }, cause);
  }
  if (typeof value !== 'object' || value === null) throw wrong('json');
  const fields = new Map<string, unknown>(Object.entries(value));
  const chain = fields.get('chain');
  const height = fields.get('height');
  const witnesses = fields.get('witnesses');
  const quorum = fields.get('quorum');
  if (fields.size !== (fields.has('quorum') ? 7 : 6)) throw wrong('fields');
  if (typeof chain !== 'string' || chain === '' || chain.length > maxChainIdLength) {
    throw wrong('chain');
  }
  if (typeof height !== 'number' || !Number.isSafeInteger(height) || height < 1) {
    throw wrong('height');
  }
  if (!Array.isArray(witnesses) || witnesses.length > maxWitnesses) throw wrong('witnesses');
  const keys = witnesses.map((key: unknown) => hash32(key, 'witnesses'));
  if (new Set(keys).size !== keys.length) throw wrong('witnesses');
  const asked = fields.has('quorum') ? { quorum: quorumOf(quorum, keys.length) } : {};
  return {
    chain,
    genesisHash: hash32(fields.get('genesisHash'), 'genesisHash'),
    height,
    headerHash: parseHeaderHash(hash32(fields.get('headerHash'), 'headerHash')),
    validatorsHash: hash32(fields.get('validatorsHash'), 'validatorsHash'),
    witnesses: keys,
    ...asked,
  };
}

function quorumOf(value: unknown, witnesses: number): number {
  const isOne = typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
  if (!isOne || value > witnesses) throw wrong('quorum');
  return value;
}

function hash32(value: unknown, reason: string): string {
  if (typeof value !== 'string' || hexToBytes(value)?.length !== 32) throw wrong(reason);
  return value;
}

function wrong(reason: string): CodedError {
  return new CodedError('TRUST_ROOT_WRONG', { reason });
}
