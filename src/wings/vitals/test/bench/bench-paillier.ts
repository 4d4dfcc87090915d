import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateRandomKeys, PublicKey as PeerKey, PrivateKey } from 'paillier-bigint';
import { median, type Report } from '../../../../../bench/figures.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { addCiphertexts } from '../../crypto/paillier/ciphertext.ts';
import { openDecryption } from '../../crypto/paillier/decryption.ts';
import { openEncryption } from '../../crypto/paillier/encryption.ts';
import { inverse } from '../../crypto/paillier/integers.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { generateKey } from '../../crypto/paillier/keys.ts';
import type { ModularArithmetic } from '../../crypto/paillier/modular-arithmetic.ts';
import { plainArithmetic } from '../../crypto/paillier/plain-arithmetic.ts';
import { opensslArithmetic } from '../../server/openssl-arithmetic.ts';

/** Of processor time, all threads: what other processes take is not ours to count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const usualRounds = 7;

type Work = () => unknown;

interface Times {
  readonly times: number;
  readonly peerTimes: number;
  readonly rounds?: number;
}

/** Both by turns, so that a slow minute slows both. */
async function byTurns(
  own: Work,
  peer: Work,
  { times, peerTimes, rounds = usualRounds }: Times,
): Promise<{ readonly value: number; readonly peerValue: number }> {
  const [values, peerValues]: [number[], number[]] = [[], []];
  const measure = async (work: Work, count: number): Promise<number> => {
    const started = cpuMs();
    for (let i = 0; i < count; i++) await work();
    return (cpuMs() - started) / count;
  };
  for (let round = 0; round <= rounds; round++) {
    const [value, peerValue] = [await measure(own, times), await measure(peer, peerTimes)];
    // The first round warms up.
    if (round === 0) continue;
    values.push(value);
    peerValues.push(peerValue);
  }
  return { value: median(values), peerValue: median(peerValues) };
}

interface Told {
  readonly figure: string;
  readonly value: number;
  readonly peer: string;
  readonly peerValue: number;
  readonly rounds?: number;
  /** How many times faster than the peer it should be; none: told, no goal. */
  readonly least?: number;
}

function tell(report: Report, { least, rounds = usualRounds, ...it }: Told): void {
  const ratio = it.peerValue / it.value;
  report({
    ...{ ...it, bench: 'paillier', unit: 'ms', ratio, n: 3072, rounds },
    goal: least === undefined ? 'told, no goal' : `>= ${least} times faster`,
    ok: least === undefined || ratio >= least,
  });
}

/**
 * Keys of 3072 bits against npm's paillier-bigint, and against native GMP where its header and a C compiler are: in
 * milliseconds of one core.
 */
export async function benchPaillier(report: Report): Promise<void> {
  const kernel = await modularArithmetic();
  const random = randomBytes;
  const openssl = opensslArithmetic(kernel);
  const secretKey = generateKey({ arithmetic: kernel, random });
  const { p, q, publicKey: key } = secretKey;
  const peerKey = new PeerKey(key.modulus, key.modulus + 1n);
  const lambda = (p - 1n) * (q - 1n);
  const peerSecret = new PrivateKey(lambda, inverse(lambda, key.modulus) ?? 0n, peerKey, p, q);
  const message = 2n ** 3000n + 5n;
  const encrypting = (arithmetic: ModularArithmetic): Work => {
    const encryption = openEncryption(key, { arithmetic, random });
    return () => encryption.encrypt(message);
  };
  const ciphertext = openEncryption(key, { arithmetic: kernel, random }).encrypt(message);
  const decrypting = (arithmetic: ModularArithmetic): Work => {
    const decryption = openDecryption(secretKey, { arithmetic, random });
    return () => decryption.decrypt(ciphertext);
  };
  const peerEncrypts: Work = () => peerKey.encrypt(message);
  const peerDecrypts: Work = () => peerSecret.decrypt(ciphertext.value);
  const own = new Map<string, number>();
  const against = async (
    figure: string,
    [work, peerWork]: readonly [Work, Work],
    at: Times & { readonly least?: number },
  ): Promise<void> => {
    const { value, peerValue } = await byTurns(work, peerWork, at);
    own.set(figure, value);
    const { least, rounds = usualRounds } = at;
    tell(report, {
      ...{ figure, value, peer: 'paillier-bigint', peerValue, rounds },
      ...(least === undefined ? {} : { least }),
    });
  };
  const few = { times: 10, peerTimes: 2 };
  await against('encrypt', [encrypting(kernel), peerEncrypts], { ...few, times: 30, least: 20 });
  await against('encrypt-plain', [encrypting(plainArithmetic), peerEncrypts], few);
  await against('decrypt', [decrypting(openssl), peerDecrypts], { ...few, least: 10 });
  await against('decrypt-kernel', [decrypting(kernel), peerDecrypts], few);
  await against('decrypt-plain', [decrypting(plainArithmetic), peerDecrypts], few);
  await against(
    'add',
    [
      () => addCiphertexts(key, [ciphertext, ciphertext]),
      () => peerKey.addition(ciphertext.value, ciphertext.value),
    ],
    { times: 2000, peerTimes: 2000 },
  );
  const encryption = openEncryption(key, { arithmetic: kernel, random });
  const factor = 2n ** 63n - 25n;
  await against(
    'multiply-by-63-bits',
    [
      () => encryption.multiply(ciphertext, factor),
      () => peerKey.multiply(ciphertext.value, factor),
    ],
    { times: 30, peerTimes: 20 },
  );
  await against(
    'keygen',
    [() => generateKey({ arithmetic: kernel, random }), () => generateRandomKeys(3072)],
    // Their search is luck: one key of the peer's takes a third or twice what another takes.
    { times: 4, peerTimes: 4, rounds: 5, least: 4 },
  );
  const native = nativeFigures();
  if (typeof native === 'string') {
    process.stderr.write(`paillier: not measured against native GMP: ${native}\n`);
    return;
  }
  for (const figure of ['encrypt', 'decrypt', 'decrypt-kernel', 'add', 'keygen']) {
    const peerValue = native[figure.replace('-kernel', '')];
    const value = own.get(figure);
    if (peerValue === undefined || value === undefined) continue;
    tell(report, { figure: `${figure}-vs-gmp`, value, peer: 'native GMP', peerValue });
  }
}

/** Milliseconds by operation; a sentence: why there are none. */
function nativeFigures(): Readonly<Record<string, number>> | string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-gmp-'));
  const source = fileURLToPath(new URL('paillier-gmp.c', import.meta.url));
  const program = join(folder, 'paillier-gmp');
  try {
    execFileSync('cc', ['-O2', '-o', program, source, '-lgmp'], { stdio: 'pipe' });
    return JSON.parse(execFileSync(program, { encoding: 'utf8' }));
  } catch {
    return 'no C compiler (cc), or no gmp.h (on Debian: apt-get install libgmp-dev)';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
