import { z } from 'zod';
import { labelledHash } from '../../../crypto/hash.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { accountIdOfKey, type Identity, identity } from '../../../ledger/identity.ts';
import { base64urlToBytes, bytesToBase64url, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../primitives/cbor.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { keyOfAuthority } from '../../../server/member/certificates.ts';
import { memberFields, type NetworkMember } from '../../../server/member/network.ts';
import { consortiumNames } from '../names.ts';

const text = (maxBytes: number) =>
  z
    .string()
    .max(Math.ceil((maxBytes * 4) / 3))
    .regex(/^[\w-]*$/);

/** What the others learn of a member's machine and keys; none of it is secret. */
export const publicMember = z.strictObject({
  ...memberFields,
  /** CBOR of the organisation's identity, signed for this chain. */
  identity: text(2_048),
  /** By the key of that identity, over all the rest: the part comes by hands that may change it. */
  signature: text(64),
});
export type PublicMember = Readonly<z.infer<typeof publicMember>>;
/** A part before its organisation signed it. */
export type UnsignedPart = Omit<PublicMember, 'signature'>;

const bytesIn = (value: string): Uint8Array => base64urlToBytes(value) ?? new Uint8Array(0);
export const identityIn = (own: string): Identity => decodeAs(identity, bytesIn(own), 'identity');

export const organisationOf = (own: string): AccountId => {
  const { suite, signKey } = identityIn(own);
  return accountIdOfKey(suite, signKey);
};

/** Where a machine is, and by which keys it is known, as both messages have it. */
const machine = (it: Omit<NetworkMember, 'organisation'>): readonly Cbor[] => [
  ...[it.chain, it.name, it.title, it.url, it.host],
  ...[it.ports.gateway, it.ports.p2p, it.ports.rpc, it.ports.storage, it.ports.peers],
  ...[it.validator, it.nodeId, it.storageKey, it.authority],
];

const contentOf = (part: UnsignedPart): Uint8Array => encodeCbor([...machine(part), part.identity]);

/** The organisation's word for what is said of its machine. */
export async function signPart(key: SigningKey, part: UnsignedPart): Promise<PublicMember> {
  const { part: label } = consortiumNames.labels;
  const signature = await signLabelled(key, label, contentOf(part));
  return { ...part, signature: bytesToBase64url(signature) };
}

/**
 * That an organisation said all of this: its key signed the part, and it is the one that certifies its machines. So whoever is sure
 * of the identity, by the ledger or a genesis that was compared, is sure of the machine. Throws GENESIS_INVALID.
 */
export async function requireOwnWords(part: PublicMember): Promise<void> {
  const { name, authority } = part;
  const { signKey } = identityOfPart(part);
  const { signature, ...said } = part;
  const { part: label } = consortiumNames.labels;
  if (!(await verifyLabelled(signKey, label, contentOf(said), bytesIn(signature)))) {
    throw new CodedError('GENESIS_INVALID', { name, problem: 'the part is not signed' });
  }
  const certifies = keyOfAuthority(authority);
  if (certifies === undefined || !equalBytes(certifies, signKey)) {
    throw new CodedError('GENESIS_INVALID', { name, problem: 'another authority' });
  }
}

/** A part that its own organisation signed. Throws GENESIS_INVALID. */
export async function parsePart(json: string): Promise<PublicMember> {
  const part = parsedAs(publicMember, json);
  await requireOwnWords(part);
  return part;
}

/** The organisation's keys, as they signed for this ledger. Throws GENESIS_INVALID. */
export function identityOfPart({ identity: own }: Pick<PublicMember, 'identity'>): Identity {
  try {
    return identityIn(own);
  } catch (cause) {
    throw new CodedError('GENESIS_INVALID', {}, cause);
  }
}

/** Throws GENESIS_INVALID. */
export function parsedAs<T>(shape: z.ZodType<T>, json: string): T {
  try {
    return shape.parse(JSON.parse(json));
  } catch (cause) {
    throw new CodedError('GENESIS_INVALID', {}, cause);
  }
}

/** One of these files, for people and programs to hand on. */
export const formatFile = (value: object): Uint8Array =>
  utf8(`${JSON.stringify(value, undefined, 2)}\n`);

export const networkMemberOf = ({
  identity: own,
  signature: _,
  ...member
}: PublicMember): NetworkMember => ({ ...member, organisation: organisationOf(own) });

/**
 * Of all machines of a list, in whatever order: what members compare by another way than the list came, since the ledger does not
 * know machines. By hex digits.
 */
export function machinesHash(members: readonly NetworkMember[]): string {
  const listed = [...members].sort((a, b) => (a.organisation < b.organisation ? -1 : 1));
  const content = listed.map((it) => [it.organisation, ...machine(it)]);
  return Buffer.from(labelledHash(consortiumNames.labels.machines, encodeCbor(content))).toString(
    'hex',
  );
}
