import { sha256 } from '../../../crypto/hash.ts';
import {
  base64urlToBytes,
  bytesToBase64url,
  concatBytes,
  utf8,
} from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { fieldOf, type JsonTree, listOf, parseJsonTree, textOf } from '../json-tree.ts';

/** A key that signs health cards. */
export interface IssuerKey {
  /** The key's RFC 7638 thumbprint, which is computed here and never believed. */
  readonly kid: string;
  /** x 32 ‖ y 32 of P-256. */
  readonly publicKey: Uint8Array;
  /** Whose key it is, where the file that brought it says so. */
  readonly issuer: string | undefined;
  readonly issuerName: string | undefined;
}

/** What an issuer took back, by the key that signed it: ids, of which one may end in `.seconds`. */
export interface RevokedCards {
  readonly kid: string;
  readonly ids: readonly string[];
}

/** Whom a person believes about health cards: what she has from elsewhere, nothing of it is fetched. */
export interface IssuerKeys {
  readonly keys: readonly IssuerKey[];
  readonly revoked: readonly RevokedCards[];
}

export const noIssuerKeys: IssuerKeys = { keys: [], revoked: [] };

/**
 * Reads a file of issuers' keys: a JWKS (`{keys}`, with `issuer` where somebody wrote it in), a directory of issuers
 * (`{issuerInfo: [{issuer: {iss, name}, keys, crls}]}`), or a list of revoked cards (`{kid, method: "rid", rids}`).
 * Keys of other kinds than P-256 are passed over.
 *
 * Throws ISSUER_KEYS_INVALID for what holds neither a key nor such a list, or is no JSON.
 * Source: docs/protocol/items.md, rule I-47.
 */
export function parseIssuerKeys(bytes: Uint8Array): IssuerKeys {
  const tree = treeOf(bytes);
  const keys = issuerKeysIn(tree);
  const revoked = [tree, ...listOf(fieldOf(tree, 'issuerInfo'))].flatMap(revokedIn);
  if (keys.length + revoked.length === 0) throw new CodedError('ISSUER_KEYS_INVALID');
  return { keys, revoked };
}

function treeOf(bytes: Uint8Array): JsonTree {
  try {
    return parseJsonTree(bytes);
  } catch (error) {
    throw new CodedError('ISSUER_KEYS_INVALID', {}, error);
  }
}

/** The keys of a JWKS or a directory; none for anything else. */
export function issuerKeysIn(tree: JsonTree | undefined): readonly IssuerKey[] {
  const own = {
    issuer: textOf(fieldOf(tree, 'issuer')) ?? textOf(fieldOf(tree, 'iss')),
    issuerName: undefined,
  };
  return [
    ...listOf(fieldOf(tree, 'keys')).flatMap((it) => keyOf(it, own) ?? []),
    ...listOf(fieldOf(tree, 'issuerInfo')).flatMap((info) => {
      const whose = fieldOf(info, 'issuer');
      const issuer = textOf(fieldOf(whose, 'iss'));
      const issuerName = textOf(fieldOf(whose, 'name'));
      return listOf(fieldOf(info, 'keys')).flatMap((it) => keyOf(it, { issuer, issuerName }) ?? []);
    }),
  ];
}

/** One JWK; undefined for a key of another kind. */
export function keyOf(
  jwk: JsonTree | undefined,
  whose: Pick<IssuerKey, 'issuer' | 'issuerName'> = { issuer: undefined, issuerName: undefined },
): IssuerKey | undefined {
  const [kty, crv] = ['kty', 'crv'].map((name) => textOf(fieldOf(jwk, name)));
  if (kty !== 'EC' || crv !== 'P-256') return undefined;
  const [x, y] = ['x', 'y'].map((name) => base64urlToBytes(textOf(fieldOf(jwk, name)) ?? ''));
  if (x?.length !== 32 || y?.length !== 32) return undefined;
  return { kid: thumbprintOf(x, y), publicKey: concatBytes(x, y), ...whose };
}

/** RFC 7638 of a P-256 key, in base64url. */
function thumbprintOf(x: Uint8Array, y: Uint8Array): string {
  const [xText, yText] = [bytesToBase64url(x), bytesToBase64url(y)];
  const canonical = `{"crv":"P-256","kty":"EC","x":"${xText}","y":"${yText}"}`;
  return bytesToBase64url(sha256(utf8(canonical)));
}

function revokedIn(tree: JsonTree): readonly RevokedCards[] {
  const lists = [tree, ...listOf(fieldOf(tree, 'crls'))];
  return lists.flatMap((list) => {
    const kid = textOf(fieldOf(list, 'kid'));
    const rids = fieldOf(list, 'rids');
    if (kid === undefined || rids?.kind !== 'array') return [];
    return [{ kid, ids: rids.items.flatMap((it) => textOf(it) ?? []) }];
  });
}
