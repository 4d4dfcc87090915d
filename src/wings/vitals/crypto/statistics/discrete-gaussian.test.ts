import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vitalsNames } from '../../names.ts';
import { discreteGaussian, isExp, squareRoot } from './discrete-gaussian.ts';
import { keyedChance } from './noise-stream.ts';

const key = new Uint8Array(32).fill(7);
const chance = (seed: number) => keyedChance(key, vitalsNames.labels.noise, [seed]);

test('the noise of three servers has the variance that is stated, within 1 %', () => {
  const variance = 123_456_789_000n;
  const rounds = process.env.SLOW === '1' ? 200_000 : 50_000;
  // Of keys of their own, so independent: the variance of their sum is the sum of their variances.
  const found = [11, 12, 13].map((server) => {
    const stream = chance(server);
    let [sum, squares] = [0, 0];
    for (let i = 0; i < rounds; i++) {
      const drawn = Number(discreteGaussian(stream, variance));
      sum += drawn;
      squares += drawn * drawn;
    }
    assert.ok(Math.abs(sum / rounds) < 4 * Math.sqrt(Number(variance) / rounds));
    return squares / rounds - (sum / rounds) ** 2;
  });
  const ratio = found.reduce((a, b) => a + b, 0) / (3 * Number(variance));
  assert.ok(Math.abs(ratio - 1) < 0.01, `${ratio}`);
});

test('each whole number comes as often as the distribution says: chi-square', () => {
  const stream = chance(2);
  const variance = 5n;
  const rounds = 40_000;
  const reach = 7;
  const counts = new Map<number, number>();
  for (let i = 0; i < rounds; i++) {
    const drawn = Number(discreteGaussian(stream, variance));
    const cell = Math.max(-reach, Math.min(reach, drawn));
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const weight = (x: number) => Math.exp((-x * x) / (2 * Number(variance)));
  const all = Array.from({ length: 201 }, (_, i) => weight(i - 100)).reduce((a, b) => a + b, 0);
  let chi = 0;
  for (let cell = -reach; cell <= reach; cell++) {
    const isTail = Math.abs(cell) === reach;
    const beyond = Array.from({ length: 93 }, (_, i) => weight(reach + i));
    const share = (isTail ? beyond.reduce((a, b) => a + b, 0) : weight(cell)) / all;
    chi += ((counts.get(cell) ?? 0) - rounds * share) ** 2 / (rounds * share);
  }
  // 14 degrees of freedom: above 36.1 in one of a thousand.
  assert.ok(chi < 36.1, `${chi}`);
});

test('a chance of exp(-x) comes as often', () => {
  const stream = chance(3);
  for (const [numerator, denominator] of [
    [0n, 1n],
    [1n, 3n],
    [1n, 1n],
    [5n, 2n],
  ] as const) {
    const rounds = 20_000;
    let hits = 0;
    for (let i = 0; i < rounds; i++) if (isExp(stream, numerator, denominator)) hits++;
    const p = Math.exp(-Number(numerator) / Number(denominator));
    const error = Math.sqrt((p * (1 - p)) / rounds);
    assert.ok(Math.abs(hits / rounds - p) <= 4.5 * error, `${numerator}/${denominator} ${hits}`);
  }
});

test('the same key and context give the same numbers, another context others', () => {
  const drawn = (seed: number) => {
    const stream = chance(seed);
    return Array.from({ length: 20 }, () => discreteGaussian(stream, 10n ** 12n));
  };
  assert.deepEqual(drawn(4), drawn(4));
  assert.notDeepEqual(drawn(4), drawn(5));
  const other = keyedChance(new Uint8Array(32).fill(8), vitalsNames.labels.noise, [4]);
  assert.notEqual(discreteGaussian(other, 10n ** 12n), drawn(4)[0]);
});

test('a chance below a bound is below it, and each number as likely', () => {
  const stream = chance(6);
  for (const bound of [1n, 2n, 3n, 255n, 256n, 257n, 1n << 70n]) {
    for (let i = 0; i < 50; i++) {
      const value = stream.below(bound);
      assert.ok(value >= 0n && value < bound);
    }
  }
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 10_000; i++) {
    const value = Number(stream.below(5n));
    counts[value] = (counts[value] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(Math.abs(count - 2_000) < 200, counts.join());
});

test('the root of a number is the largest whole one', () => {
  for (const n of [0n, 1n, 2n, 3n, 4n, 15n, 16n, 17n, 10n ** 40n, 10n ** 40n - 1n]) {
    const root = squareRoot(n);
    assert.ok(root * root <= n && (root + 1n) * (root + 1n) > n, String(n));
  }
});
