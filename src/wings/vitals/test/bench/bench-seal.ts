import initialize from 'node-seal/throws';
import type { Report } from '../../../../../bench/figures.ts';

/** Of processor time: what other processes take is not SEAL's. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Slots of a ciphertext: readings that are multiplied at once. */
const slots = 8_192;
const vitals = 5;

/**
 * All 20 moments under homomorphic encryption, by Microsoft SEAL in WebAssembly (BFV, 128 bits): one block of 8,192 readings
 * encrypted, squared and multiplied, its slots added up and decrypted, and held against the sums in clear. One holder of the
 * key sees whatever it decrypts, so less is hidden than by three servers. A larger study is as many blocks: extrapolated.
 */
export async function reportSeal(report: Report): Promise<void> {
  const seal = await initialize();
  const parms = new seal.EncryptionParameters(seal.SchemeType.bfv);
  parms.setPolyModulusDegree(slots);
  parms.setCoeffModulus(seal.CoeffModulus.BFVDefault(slots, seal.SecLevelType.tc128));
  parms.setPlainModulus(seal.PlainModulus.Batching(slots, 50));
  const context = new seal.SEALContext(parms, true, seal.SecLevelType.tc128);
  const keys = new seal.KeyGenerator(context);
  const relinearise = keys.createRelinKeys();
  const galois = keys.createGaloisKeys();
  const encoder = new seal.BatchEncoder(context);
  const encryptor = new seal.Encryptor(context, keys.createPublicKey());
  const decryptor = new seal.Decryptor(context, keys.secretKey());
  const evaluator = new seal.Evaluator(context);

  const readings = Array.from({ length: vitals }, (_, v) =>
    BigInt64Array.from({ length: slots }, (_x, at) => BigInt((at * 13 + v * 29) % 256)),
  );
  const encrypted = readings.map((values) => {
    const plain = new seal.Plaintext();
    encoder.encode(values, plain);
    const ciphertext = new seal.Ciphertext();
    encryptor.encrypt(plain, ciphertext);
    return ciphertext;
  });
  const pairs = readings.flatMap((_, a) => readings.slice(a).map((_x, b) => [a, a + b] as const));

  const started = cpuMs();
  const products = pairs.map(([a, b]) => {
    const product = new seal.Ciphertext();
    const [left, right] = [encrypted[a], encrypted[b]];
    if (left === undefined || right === undefined) throw new Error('five vital signs');
    if (a === b) evaluator.square(left, product);
    else evaluator.multiply(left, right, product);
    return product;
  });
  const blockMs = cpuMs() - started;

  const finishing = cpuMs();
  for (const product of products) evaluator.relinearizeInplace(product, relinearise);
  const sums = [...encrypted, ...products].map((sum) => {
    const turned = new seal.Ciphertext();
    for (let by = 1; by < slots / 2; by *= 2) {
      evaluator.rotateRows(sum, by, galois, turned);
      evaluator.addInplace(sum, turned);
    }
    evaluator.rotateColumns(sum, galois, turned);
    evaluator.addInplace(sum, turned);
    const plain = new seal.Plaintext();
    decryptor.decrypt(sum, plain);
    return (encoder.decodeBigInt64(plain) as BigInt64Array)[0];
  });
  const finishMs = cpuMs() - finishing;

  const total = (of: (at: number) => bigint): bigint =>
    readings[0]?.reduce((sum, _, at) => sum + of(at), 0n) ?? 0n;
  const value = (v: number, at: number): bigint => readings[v]?.[at] ?? 0n;
  const expected = [
    ...readings.map((_, v) => total((at) => value(v, at))),
    ...pairs.map(([a, b]) => total((at) => value(a, at) * value(b, at))),
  ];
  if (expected.some((it, place) => it !== sums[place])) throw new Error('SEAL says another sum');

  for (const n of [10_000, 100_000, 1_000_000]) {
    const blocks = Math.ceil(n / slots);
    report({
      ...{
        bench: 'stats',
        figure: `node-seal-${n.toExponential(0).replace('+', '')}`,
        n,
        rounds: 1,
      },
      ...{
        value: blocks * blockMs + finishMs,
        unit: 'ms of processor time, extrapolated from one block',
      },
      ...{ peer: 'one block of 8,192 readings, measured, ms', peerValue: blockMs },
      ...{ ratio: 1, goal: 'shown', ok: true },
    });
  }
}
