import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { openChunked, sealChunked } from '../src/crypto/chunked.ts';
import type { Report } from './figures.ts';
import { interleave } from './interleave.ts';

const mib = 1024 * 1024;
const bytes = 16 * mib;

/** Sealing and opening a record of 16 MiB against age-encryption and against bare AES-GCM; 2 GiB streamed. */
export async function benchSeal(report: Report): Promise<void> {
  const rounds = 7;
  const key = new Uint8Array(randomBytes(32));
  const context = new Uint8Array(32);
  const plain = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) plain.set(randomBytes(65_536), at);
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const sealed = await sealChunked(key, context, plain);
  const agePeer = await encrypter.encrypt(plain);
  // As a program that seals many would: fresh memory costs as much as sealing into it.
  const sealedOut = new Uint8Array(sealed.length);
  const openedOut = new Uint8Array(bytes);
  const rate = (micros: number) => bytes / micros;
  const timing = { rounds, msPerRound: 300 };

  const seal = await interleave(
    () => sealChunked(key, context, plain, sealedOut),
    () => encrypter.encrypt(plain),
    timing,
  );
  const open = await interleave(
    () => openChunked(key, context, sealed, openedOut),
    () => decrypter.decrypt(agePeer),
    timing,
  );
  const base = { bench: 'seal', unit: 'MB/s', n: bytes, rounds };
  const age = 'age-encryption';
  report({
    ...base,
    figure: 'seal-16MiB',
    value: rate(seal.a),
    peer: age,
    peerValue: rate(seal.b),
    ratio: seal.ratio,
    goal: '>= 10',
    ok: seal.ratio >= 10,
  });
  report({
    ...base,
    figure: 'open-16MiB',
    value: rate(open.a),
    peer: age,
    peerValue: rate(open.b),
    ratio: open.ratio,
    goal: '>= 7',
    ok: open.ratio >= 7,
  });

  const bareKey = createSecretKey(key);
  const bare = await interleave(
    () => sealChunked(key, context, plain, sealedOut),
    () => bareSeal(bareKey, plain),
    timing,
  );
  const bareBox = bareSeal(bareKey, plain);
  const bareOpen = await interleave(
    () => openChunked(key, context, sealed, openedOut),
    () => {
      const decipher = createDecipheriv('aes-256-gcm', bareKey, nonce);
      decipher.setAuthTag(bareBox.tag);
      for (const part of bareBox.parts) decipher.update(part);
      decipher.final();
    },
    timing,
  );
  const gcm = 'AES-256-GCM in 1 MiB updates, no framing';
  report({
    ...base,
    figure: 'seal-16MiB-to-gcm',
    value: rate(bare.a),
    peer: gcm,
    peerValue: rate(bare.b),
    ratio: bare.ratio,
    goal: 'shown',
    ok: true,
  });
  report({
    ...base,
    figure: 'open-16MiB-to-gcm',
    value: rate(bareOpen.a),
    peer: gcm,
    peerValue: rate(bareOpen.b),
    ratio: bareOpen.ratio,
    goal: 'shown',
    ok: true,
  });

  const streamed = JSON.parse(execFileSync(process.execPath, [streamEntry]).toString()) as Streamed;
  const streamedRate = streamed.bytes / (streamed.seconds * 1e6);
  report({
    ...base,
    figure: 'seal-2GiB-rss',
    value: streamed.mib,
    unit: 'MiB',
    peer: 'a goal, no peer',
    peerValue: 250,
    ratio: 250 / streamed.mib,
    goal: '<= 250 MiB',
    ok: streamed.mib <= 250,
    n: streamed.bytes,
    rounds: 1,
  });
  report({
    ...base,
    figure: 'seal-2GiB-stream',
    value: streamedRate,
    peer: 'seal-16MiB of this run',
    peerValue: rate(seal.a),
    ratio: streamedRate / rate(seal.a),
    goal: 'shown',
    ok: true,
    n: streamed.bytes,
    rounds: 1,
  });
}

const nonce = new Uint8Array(12);

function bareSeal(key: ReturnType<typeof createSecretKey>, plain: Uint8Array) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < plain.length; at += mib)
    parts.push(cipher.update(plain.subarray(at, at + mib)));
  cipher.final();
  return { parts, tag: cipher.getAuthTag() };
}

const streamEntry = fileURLToPath(new URL('seal-stream.ts', import.meta.url));

interface Streamed {
  readonly mib: number;
  readonly bytes: number;
  readonly seconds: number;
}
