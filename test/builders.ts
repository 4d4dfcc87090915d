import { pointFromScalarSeed, proofOfPoint, verifyPointProof } from '../src/crypto/group.ts';
import { sha256 } from '../src/crypto/hash.ts';
import { labels } from '../src/crypto/labels.ts';
import {
  type SigningKey,
  signingKeyFromSeed,
  signLabelled,
  verifyLabelled,
} from '../src/crypto/signature.ts';
import type { SignatureChecks } from '../src/engines/ledger-application/verify-tx.ts';
import { encodeTx, encodeTxBody } from '../src/ledger/codec.ts';
import { defaultGenesis, encodeGenesis } from '../src/ledger/genesis.ts';
import type { Identity } from '../src/ledger/identity.ts';
import {
  accountIdOfKey,
  identitySignedBytes,
  pointProofContext,
  type rotation,
} from '../src/ledger/identity.ts';
import { suite } from '../src/ledger/object-types.ts';
import type { Act } from '../src/ledger/protocol.ts';
import { organisationRights } from '../src/ledger/rights.ts';
import type { Role } from '../src/ledger/roles.ts';
import type { TxBody } from '../src/ledger/tx.ts';
import { utf8 } from '../src/primitives/bytes.ts';
import type { AccountId } from '../src/primitives/ids.ts';

/** Valid things with real keys, made from names: a test breaks one of them in one place. */
export const chainId = 'salus-test-1';

export const realChecks: SignatureChecks = {
  signature: ({ publicKey, label, bytes, signature }) =>
    verifyLabelled(publicKey, label, bytes, signature),
  pointProof: ({ point, context, proof }) => verifyPointProof(point, context, proof),
};

export interface Person {
  readonly account: AccountId;
  readonly key: SigningKey;
  readonly identity: Identity;
}

/** `organisation` undefined: an organisation, which names itself. */
export async function makePerson(
  name: string,
  role: Role | typeof rotation,
  organisation?: AccountId,
  recovery: Uint8Array = new Uint8Array(32),
): Promise<Person> {
  const key = await signingKeyFromSeed(sha256(utf8(`${name} sign`)));
  const account = accountIdOfKey(suite, key.publicKey);
  const seed = new Uint8Array([
    ...sha256(utf8(`${name} point`)),
    ...sha256(utf8(`${name} point, second half`)),
  ]);
  const unsigned = {
    suite,
    signKey: key.publicKey,
    kemKey: new Uint8Array(1216).fill(1),
    point: await pointFromScalarSeed(seed),
    recovery,
    pointProof: await proofOfPoint(seed, pointProofContext(suite, key.publicKey)),
  };
  const bytes = identitySignedBytes(unsigned, chainId, organisation ?? account, role);
  const signature = await signLabelled(key, labels.identitySign, bytes);
  return { account, key, identity: { ...unsigned, signature } };
}

export async function makeGenesis(organisations: readonly Person[], timeMs: number) {
  return encodeGenesis(
    defaultGenesis({
      chainId,
      timeMs,
      organisations: organisations.map(({ identity }, i) => ({
        identity,
        name: `hospital ${i}`,
        url: `https://hospital-${i}.example`,
        rights: organisationRights,
      })),
      validators: [{ publicKey: sha256(utf8('validator')), power: 1 }],
    }),
  );
}

export function makeBody(
  sender: AccountId,
  nonce: number,
  validUntilMs: number,
  acts: readonly Act[],
): TxBody {
  return { suite, chainId, log: 'user', sender, nonce, validUntilMs, acts };
}

/** The transaction as it travels, signed by each key. */
export async function signTx(body: TxBody, ...keys: readonly SigningKey[]): Promise<Uint8Array> {
  const bytes = encodeTxBody(body);
  const signatures = await Promise.all(
    keys.map(async (key) => ({
      publicKey: key.publicKey,
      signature: await signLabelled(key, labels.txSign, bytes),
    })),
  );
  return encodeTx({ body, signatures });
}
