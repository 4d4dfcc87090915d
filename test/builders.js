import { pointFromScalarSeed, proofOfPoint, verifyPointProof } from '../src/crypto/group.js';
import { sha256 } from '../src/crypto/hash.js';
import { labels } from '../src/crypto/labels.js';
import { signingKeyFromSeed, signLabelled, verifyLabelled } from '../src/crypto/signature.js';
import { encodeTx, encodeTxBody } from '../src/ledger/codec.js';
import { defaultGenesis, encodeGenesis } from '../src/ledger/genesis.js';
import { accountIdOfKey, identitySignedBytes, pointProofContext } from '../src/ledger/identity.js';
import { suite } from '../src/ledger/object-types.js';
import { organisationRights } from '../src/ledger/rights.js';
import { utf8 } from '../src/primitives/bytes.js';
/** Valid things with real keys, made from names: a test breaks one of them in one place. */
export const chainId = 'salus-test-1';
export const realChecks = {
  signature: ({ publicKey, label, bytes, signature }) =>
    verifyLabelled(publicKey, label, bytes, signature),
  pointProof: ({ point, context, proof }) => verifyPointProof(point, context, proof),
};
/** `organisation` undefined: an organisation, which names itself. */
export async function makePerson(name, role, organisation, recovery = new Uint8Array(32)) {
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
export async function makeGenesis(organisations, timeMs) {
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
export function makeBody(sender, nonce, validUntilMs, acts) {
  return { suite, chainId, log: 'user', sender, nonce, validUntilMs, acts };
}
/** The transaction as it travels, signed by each key. */
export async function signTx(body, ...keys) {
  const bytes = encodeTxBody(body);
  const signatures = await Promise.all(
    keys.map(async (key) => ({
      publicKey: key.publicKey,
      signature: await signLabelled(key, labels.txSign, bytes),
    })),
  );
  return encodeTx({ body, signatures });
}
