import { base64urlToBytes, utf8, utf8ToText } from '../../../primitives/bytes.ts';
import { inflate } from '../inflate.ts';
import { fieldOf, type JsonTree, listOf, parseJsonTree, textOf } from '../json-tree.ts';
import { bareMediaType } from '../media-type.ts';
import { withDisplays } from './card-codes.ts';
import { type IssuerKey, issuerKeysIn, keyOf } from './issuer-keys.ts';

/** One SMART Health Card: what somebody signed about a person. Nothing of it is checked yet. */
export interface HealthCard {
  /** From 1, in the order of the file. */
  readonly number: number;
  /** The address by which the issuer calls itself. */
  readonly issuer: string;
  /** The words after `#` in its types: `immunization`, `covid19`. */
  readonly kinds: readonly string[];
  readonly issuedMs: number;
  readonly expiresMs: number | undefined;
  /** `rid`: by what its issuer may take it back. */
  readonly revocationId: string | undefined;
  /** A FHIR Bundle; codes that came without words have them where this version knows them. */
  readonly bundle: JsonTree;
  /** A JWS of another algorithm is shown and never checked. */
  readonly algorithm: string;
  readonly kid: string;
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** What one file holds of health cards. */
export interface HealthCards {
  readonly cards: readonly HealthCard[];
  /** Numbers of those that are none, or beyond the limits. */
  readonly unreadable: readonly number[];
  /** Keys that came in the same file. */
  readonly ownKeys: readonly IssuerKey[];
}

/** A card is a few hundred bytes, so that it fits into a QR code. */
const limits = { cards: 100, cardBytes: 1024 * 1024, unpackedBytes: 4 * 1024 * 1024 } as const;

export const healthCardMediaType = 'application/smart-health-card';

/**
 * The cards of a file: JSON with `verifiableCredential`, or the text `shc:/...` of a QR code. Undefined: it is no such
 * file. Never throws for what it holds; unpacking is bounded for all cards of a file together.
 *
 * Source: docs/protocol/items.md, rule I-46.
 */
export async function readHealthCards(file: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}): Promise<HealthCards | undefined> {
  const found = tokensOf(file);
  if (found === undefined || found.tokens.length === 0) return undefined;
  const cards: HealthCard[] = [];
  const unreadable: number[] = [];
  const ownKeys = [...found.ownKeys];
  let room: number = limits.unpackedBytes;
  for (const [i, token] of found.tokens.entries()) {
    const read = i < limits.cards ? await readCard(token, i + 1, room) : undefined;
    if (read === undefined) unreadable.push(i + 1);
    else {
      cards.push(read.card);
      room -= read.unpackedBytes;
      if (read.key !== undefined) ownKeys.push(read.key);
    }
  }
  return { cards, unreadable, ownKeys };
}

interface Tokens {
  readonly tokens: readonly string[];
  readonly ownKeys: readonly IssuerKey[];
}

function tokensOf(file: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}): Tokens | undefined {
  const { bytes } = file;
  if (bytes.length > limits.cardBytes * 4) return undefined;
  const mediaType = bareMediaType(file.mediaType);
  if (mediaType === 'text/plain') return qrTokens(bytes);
  if (mediaType !== healthCardMediaType) return undefined;
  try {
    const tree = parseJsonTree(bytes);
    if (fieldOf(tree, 'resourceType') !== undefined) return undefined;
    const tokens = listOf(fieldOf(tree, 'verifiableCredential')).map((it) => textOf(it) ?? '');
    return { tokens, ownKeys: [...issuerKeysIn(tree), ...issuerKeysIn(fieldOf(tree, 'jwks'))] };
  } catch {
    return undefined;
  }
}

/** `shc:/` and two digits for each character, its code less 45. A card over several codes is no longer made. */
function qrTokens(bytes: Uint8Array): Tokens | undefined {
  if (bytes.length > limits.cardBytes || bytes[0] !== 0x73) return undefined;
  try {
    const digits = /^shc:\/((?:\d\d)+)\s*$/.exec(utf8ToText(bytes))?.[1];
    if (digits === undefined) return undefined;
    const token = digits.replace(/\d\d/g, (pair) => String.fromCharCode(Number(pair) + 45));
    return { tokens: [token], ownKeys: [] };
  } catch {
    return undefined;
  }
}

async function readCard(token: string, number: number, room: number) {
  if (token.length > limits.cardBytes) return undefined;
  const parts = token.split('.');
  const [head, payload, signature] = parts.map((part) => base64urlToBytes(part));
  if (parts.length !== 3 || !head || !payload || !signature) return undefined;
  try {
    const header = parseJsonTree(head);
    const isPacked = textOf(fieldOf(header, 'zip')) === 'DEF';
    const unpacked = isPacked ? await inflate(payload, 'deflate-raw', room) : payload;
    if (unpacked === undefined || unpacked.length > room) return undefined;
    const claims = parseJsonTree(unpacked);
    const vc = fieldOf(claims, 'vc');
    const bundle = fieldOf(fieldOf(vc, 'credentialSubject'), 'fhirBundle');
    const [issuer, issuedMs] = [textOf(fieldOf(claims, 'iss')), msOf(claims, 'nbf')];
    const isBundle = textOf(fieldOf(bundle, 'resourceType')) === 'Bundle';
    if (bundle === undefined || !isBundle || !issuer || issuedMs === undefined) return undefined;
    const card: HealthCard = {
      ...{ number, issuer, issuedMs, expiresMs: msOf(claims, 'exp') },
      kinds: listOf(fieldOf(vc, 'type')).flatMap((it) => kindOf(textOf(it) ?? '') ?? []),
      revocationId: textOf(fieldOf(vc, 'rid')),
      bundle: withDisplays(bundle),
      algorithm: textOf(fieldOf(header, 'alg')) ?? '',
      kid: textOf(fieldOf(header, 'kid')) ?? '',
      signedBytes: utf8(token.slice(0, token.lastIndexOf('.'))),
      signature,
    };
    return { card, unpackedBytes: unpacked.length, key: keyOf(fieldOf(header, 'jwk')) };
  } catch {
    return undefined;
  }
}

/** `#immunization`, but for the type that every card has. */
function kindOf(type: string): string | undefined {
  const kind = /^https:\/\/smarthealth\.cards#([a-z0-9-]{1,40})$/.exec(type)?.[1];
  return kind === 'health-card' ? undefined : kind;
}

/** Seconds since 1970, also with a fraction (RFC 7519). Undefined: no such moment. */
function msOf(claims: JsonTree, name: string): number | undefined {
  const claim = fieldOf(claims, name);
  const ms = claim?.kind === 'number' ? Number(claim.spelling) * 1000 : Number.NaN;
  return Number.isNaN(new Date(ms).getTime()) ? undefined : ms;
}
