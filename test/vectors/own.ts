import { openUnderKey, sealUnderKey } from '../../src/crypto/aead.ts';
import { openChunked, sealChunkedWithSalt } from '../../src/crypto/chunked.ts';
import { pointFromScalarSeed, proofOfPoint, verifyPointProof } from '../../src/crypto/group.ts';
import { hkdfSha256, sha256 } from '../../src/crypto/hash.ts';
import { hpkeOpen, hpkeSealWithSecret, hpkeSharedSecret } from '../../src/crypto/hpke.ts';
import { type KemName, x25519KeyFromSecret, xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { keyFromPassphrase } from '../../src/crypto/passphrase.ts';
import { signingKeyFromSeed, verifySignature } from '../../src/crypto/signature.ts';
import { bytesToHex, concatBytes, utf8 } from '../../src/primitives/bytes.ts';
import { formats } from './formats/index.ts';
import type { Format } from './formats/write.ts';
import { hex, isHex, type Outcome, readJson, Tally, unlessRefused } from './tally.ts';

/** Our own known answers, `own/*.json` as generate.ts wrote them, taken apart by lower functions where there are any. */
type Check<Case> = (test: Case, check: (what: string, passed: boolean) => void) => Promise<void>;

function suite<Case>(run: Check<Case>, file: string): (path: string) => Promise<Outcome> {
  return async (path) => {
    const tally = new Tally(file);
    for (const [index, test] of readJson<{ cases: readonly Case[] }>(path).cases.entries()) {
      await run(test, (what, passed) => tally.check(`${index} ${what}`, passed));
    }
    return tally.outcome();
  };
}

const flipped = (bytes: Uint8Array): Uint8Array => {
  const changed = bytes.slice();
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  return changed;
};

interface Derivation {
  readonly label: string;
  readonly secret: string;
  readonly context: string;
  readonly key32: string;
  readonly key64: string;
  readonly hash: string;
}

const derivation: Check<Derivation> = async (test, check) => {
  const info = concatBytes(utf8(`${test.label}\0`), hex(test.context));
  const secret = hex(test.secret);
  check('key', isHex(hkdfSha256(secret, info, 32), test.key32));
  check('wide key', isHex(hkdfSha256(secret, info, 64), test.key64));
  check('hash', isHex(sha256(info), test.hash));
};

interface Signature {
  readonly seed: string;
  readonly publicKey: string;
  readonly label: string;
  readonly bytes: string;
  readonly signature: string;
}

const signature: Check<Signature> = async (test, check) => {
  const key = await signingKeyFromSeed(hex(test.seed));
  const message = concatBytes(utf8(`${test.label}\0`), sha256(hex(test.bytes)));
  const signed = hex(test.signature);
  check('public key', isHex(key.publicKey, test.publicKey));
  check('signing', isHex(await key.sign(message), test.signature));
  check('verifying', await verifySignature(key.publicKey, message, signed));
  check('changed', !(await verifySignature(key.publicKey, message, flipped(signed))));
};

interface Chunked {
  readonly key: string;
  readonly salt: string;
  readonly context: string;
  readonly length: number;
  readonly head: string;
  readonly sealedSha256: string;
}

const chunked: Check<Chunked> = async (test, check) => {
  const [key, context] = [hex(test.key), hex(test.context)];
  const plaintext = Uint8Array.from({ length: test.length }, (_, i) => (5 + i) % 251);
  const sealed = await sealChunkedWithSalt(key, context, plaintext, hex(test.salt));
  check('head', isHex(sealed.subarray(0, 56), test.head));
  check('sealed', isHex(sha256(sealed), test.sealedSha256));
  const opened = await openChunked(key, context, sealed);
  check('opened', isHex(sha256(opened), bytesToHex(sha256(plaintext))));
  const broken = await unlessRefused('CANNOT_OPEN', () =>
    openChunked(key, context, flipped(sealed)),
  );
  check('changed', broken === undefined);
};

interface Wrap {
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly sealed: string;
}

const wrap: Check<Wrap> = async (test, check) => {
  const [key, aad, sealed] = [hex(test.key), hex(test.aad), hex(test.sealed)];
  const again = await sealUnderKey(key, aad, hex(test.plaintext), hex(test.nonce));
  check('sealed', isHex(again, test.sealed));
  check('opened', isHex(await openUnderKey(key, aad, sealed), test.plaintext));
  const broken = await unlessRefused('CANNOT_OPEN', () => openUnderKey(key, aad, flipped(sealed)));
  check('changed', broken === undefined);
};

interface Hpke {
  readonly kem: KemName;
  readonly secret: string;
  readonly publicKeySha256: string;
  readonly ephemeralSeed: string;
  readonly info: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly enc: string;
  readonly sharedSecret: string;
  readonly ciphertext: string;
}

const hpke: Check<Hpke> = async (test, check) => {
  const secret = hex(test.secret);
  const key = await (test.kem === 'xwing' ? xwingKeyFromSeed(secret) : x25519KeyFromSecret(secret));
  const [info, aad, enc] = [hex(test.info), hex(test.aad), hex(test.enc)];
  const sealed = await hpkeSealWithSecret({
    kem: test.kem,
    publicKey: key.publicKey,
    info,
    aad,
    plaintext: hex(test.plaintext),
    ephemeralSeed: hex(test.ephemeralSeed),
  });
  check('public key', isHex(sha256(key.publicKey), test.publicKeySha256));
  check('enc', isHex(sealed.enc, test.enc));
  check('ciphertext', isHex(sealed.ciphertext, test.ciphertext));
  check('shared secret', isHex(await hpkeSharedSecret(key, enc), test.sharedSecret));
  const ciphertext = hex(test.ciphertext);
  check('opened', isHex(await hpkeOpen(key, { enc, info, aad, ciphertext }), test.plaintext));
  const broken = await unlessRefused('CANNOT_OPEN', () =>
    hpkeOpen(key, { enc: flipped(enc), info, aad, ciphertext }),
  );
  check('changed', broken === undefined);
};

interface Point {
  readonly seed: string;
  readonly context: string;
  readonly point: string;
  readonly proof: string;
}

const point: Check<Point> = async (test, check) => {
  const [seed, context] = [hex(test.seed), hex(test.context)];
  check('point', isHex(await pointFromScalarSeed(seed), test.point));
  check('proof', isHex(await proofOfPoint(seed, context), test.proof));
  check('verifying', await verifyPointProof(hex(test.point), context, hex(test.proof)));
  const changed = await verifyPointProof(hex(test.point), context, flipped(hex(test.proof)));
  check('changed', !changed);
};

interface Passphrase {
  readonly passphrase: string;
  readonly memoryKiB: number;
  readonly passes: number;
  readonly salt: string;
  readonly key: string;
}

const passphrase: Check<Passphrase> = async (test, check) => {
  const { memoryKiB, passes } = test;
  const key = await keyFromPassphrase(test.passphrase, { memoryKiB, passes, salt: hex(test.salt) });
  check('key', isHex(key, test.key));
};

/** Whole formats have no lower functions: made once more, they must come out as they lie here. */
function madeAgain(name: string, format: Format): (path: string) => Promise<Outcome> {
  return async (path) => {
    const tally = new Tally(`own/${name}.json`);
    const written = readJson<{ cases: readonly object[] }>(path).cases;
    const made = await format.cases();
    tally.check('count', made.length === written.length);
    for (const [index, test] of made.entries()) {
      tally.check(index, JSON.stringify(test) === JSON.stringify(written[index]));
    }
    return tally.outcome();
  };
}

type Suites = Readonly<Record<string, (path: string) => Promise<Outcome>>>;

const byPart: Suites = {
  'own/derivations.json': suite(derivation, 'own/derivations.json'),
  'own/signatures.json': suite(signature, 'own/signatures.json'),
  'own/chunked.json': suite(chunked, 'own/chunked.json'),
  'own/wrap.json': suite(wrap, 'own/wrap.json'),
  'own/hpke.json': suite(hpke, 'own/hpke.json'),
  'own/points.json': suite(point, 'own/points.json'),
  'own/passphrases.json': suite(passphrase, 'own/passphrases.json'),
};

export async function ownVectors(): Promise<Suites> {
  const whole = Object.entries(await formats()).map(([name, format]) => {
    return [`own/${name}.json`, madeAgain(name, format)] as const;
  });
  return { ...byPart, ...Object.fromEntries(whole) };
}
