import { hmacSha256, labelHead, labelledHash } from '../../../../crypto/hash.ts';
import { secretStream } from '../../../../crypto/stream.ts';
import { concatBytes } from '../../../../primitives/bytes.ts';
import { vitalsNames } from '../../names.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { binderOf, type OfThree, type PageHead, type ServerNumber } from './page-head.ts';
import {
  jointRandLength,
  measurementLength,
  pageProofs,
  queryRandLength,
  shareLength,
  wiresPerProof,
} from './page-layout.ts';

const { labels } = vitalsNames;
type ExpansionLabel = (typeof labels)['pageShare' | 'pageWires' | 'pageJointRand' | 'pageQuery'];
/** More words than are asked for: one in 2^32 is no element, and nobody finds a seed with nine among two thousand. */
const spareWords = 8;

/** `count` elements from a secret, for one purpose and page. Rule VP-6. */
async function expand(
  arithmetic: PageArithmetic,
  from: { readonly secret: Uint8Array; readonly label: ExpansionLabel; readonly head: PageHead },
  count: number,
): Promise<Uint8Array> {
  for (let words = count + spareWords; ; words *= 2) {
    const stream = await secretStream(from.secret, from.label, binderOf(from.head), 8 * words);
    const elements = arithmetic.sample(stream, count);
    if (elements !== undefined) return elements;
  }
}

/** The whole share of servers 1 and 2: measurement, and of each proof wires' points and values. */
export const expandShare = (
  arithmetic: PageArithmetic,
  secret: Uint8Array,
  head: PageHead,
): Promise<Uint8Array> =>
  expand(arithmetic, { secret, label: labels.pageShare, head }, shareLength);

/** What `expandShare` samples the share from: enough but once in 2^200; it says what to do then. */
export const shareStream = (secret: Uint8Array, head: PageHead): Promise<Uint8Array> =>
  secretStream(secret, labels.pageShare, binderOf(head), 8 * (shareLength + spareWords));

/** Of the same stream as much as the measurement takes, which stands first. */
export const measurementStream = (secret: Uint8Array, head: PageHead): Promise<Uint8Array> =>
  secretStream(secret, labels.pageShare, binderOf(head), 8 * (measurementLength + spareWords));

/** Server 3's share of the wires' random points: 3 x 188 elements. */
export const expandWires = (
  arithmetic: PageArithmetic,
  secret: Uint8Array,
  head: PageHead,
): Promise<Uint8Array> =>
  expand(arithmetic, { secret, label: labels.pageWires, head }, pageProofs * wiresPerProof);

/** What `expandWires` samples them from, as `shareStream`. */
export const wiresStream = (secret: Uint8Array, head: PageHead): Promise<Uint8Array> =>
  secretStream(
    secret,
    labels.pageWires,
    binderOf(head),
    8 * (pageProofs * wiresPerProof + spareWords),
  );

/** What servers 1 and 2 hold of the clinical codes: a number of 16 bits each, little-endian. Rule VP-10. */
export const expandClinical = (
  secret: Uint8Array,
  head: PageHead,
  codes: number,
): Promise<Uint8Array> => secretStream(secret, labels.pageClinical, binderOf(head), 2 * codes);

const mac = (
  secret: Uint8Array,
  label: (typeof labels)['pageSalt' | 'pageJointPart'],
  ...parts: readonly Uint8Array[]
): Uint8Array => hmacSha256(secret, labelHead(label), ...parts);

/** The salt of a kept share: 256 bits that one server and the device know. */
export const saltOf = (secret: Uint8Array, head: PageHead): Uint8Array =>
  mac(secret, labels.pageSalt, binderOf(head));

/**
 * What one server's share gives to the joint randomness. Servers 1 and 2: of the secret that their share follows from.
 * Server 3: of its secret and the measurement as its body has it; the proofs depend on this. Rule VP-11.
 */
export const jointPartOf = (
  server: ServerNumber,
  secret: Uint8Array,
  head: PageHead,
  measurement: Uint8Array = new Uint8Array(0),
): Uint8Array =>
  mac(secret, labels.pageJointPart, Uint8Array.of(server), binderOf(head), measurement);

/** r and tau of each proof. */
export function expandJointRand(
  arithmetic: PageArithmetic,
  parts: OfThree<Uint8Array>,
  head: PageHead,
): Promise<Uint8Array> {
  const secret = labelledHash(labels.pageJointSeed, concatBytes(...parts));
  return expand(arithmetic, { secret, label: labels.pageJointRand, head }, jointRandLength);
}

/**
 * rho and z of each proof, from the key that the three servers share and devices do not know. A z that would open an
 * input, or divide by zero, is passed over for the next element. Rule VP-13.
 */
export async function expandQueryRand(
  arithmetic: PageArithmetic,
  verifyKey: Uint8Array,
  head: PageHead,
): Promise<Uint8Array> {
  for (let spare = 0; ; spare += 4) {
    const from = { secret: verifyKey, label: labels.pageQuery, head };
    const drawn = await expand(arithmetic, from, queryRandLength + spare);
    const chosen = chooseQueryRand(arithmetic, drawn);
    if (chosen !== undefined) return chosen;
  }
}

/** By proof the next element as rho and the next that is no root of unity as z; undefined: too few. */
export function chooseQueryRand(
  arithmetic: PageArithmetic,
  drawn: Uint8Array,
): Uint8Array | undefined {
  const chosen = new Uint8Array(8 * queryRandLength);
  let at = 0;
  for (let i = 0; i < queryRandLength; i++) {
    let element = drawn.subarray(at, at + 8);
    while (i % 2 === 1 && element.length === 8 && arithmetic.isNode(element)) {
      at += 8;
      element = drawn.subarray(at, at + 8);
    }
    if (element.length < 8) return undefined;
    chosen.set(element, 8 * i);
    at += 8;
  }
  return chosen;
}
