import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { turboshake128 } from '@noble/hashes/sha3-addons.js';
import { concatBytes, hexToBytes, u32be } from '../../../../primitives/bytes.ts';
import {
  bytesToElements,
  elementsToBytes,
  type Field,
  field64,
  inverse,
  modulo,
  primeField,
  sampleElements,
} from '../../crypto/field.ts';
import { type Circuit, decide, prove, query } from '../../crypto/pages/flp.ts';

/**
 * The published vectors of Prio3 (draft-irtf-cfrg-vdaf-20) through the proof that pages use. Shared with pages: field,
 * sampling of a stream, prove, query, decide. Of the draft alone, and made here: its three circuits, its stream
 * (TurboSHAKE128) and how it shares.
 */
const folder = new URL('../../../../../test/vectors/published/prio3/', import.meta.url);
const field128 = primeField({
  p: (1n << 66n) * 4611686018427387897n + 1n,
  twos: 66n,
  base: 7n,
  bytes: 16,
});

interface Vector {
  readonly ctx: string;
  readonly shares: number;
  readonly verify_key: string;
  readonly length?: number;
  readonly chunk_length?: number;
  readonly max_measurement?: number;
  readonly operations: readonly { readonly operation: string; readonly success: boolean }[];
  readonly reports: readonly {
    readonly input_shares: readonly string[];
    readonly measurement: number | readonly number[] | null;
    readonly nonce: string;
    readonly public_share: string;
    readonly rand: string;
    readonly out_shares: readonly (string | readonly string[])[];
    readonly verifier_messages: readonly string[];
    readonly verifier_shares: readonly (readonly string[])[];
  }[];
}

const h = (text: string): Uint8Array => hexToBytes(text) ?? assert.fail(text);

/** The draft's ParallelSum of Mul over digits that are zero or one. */
function chunked(field: Field, length: number, chunk: number, sums: boolean) {
  const calls = Math.ceil(length / chunk);
  const circuit: Circuit = {
    field,
    gadgets: [
      {
        ...{ arity: 2 * chunk, degree: 2, calls },
        evaluate: (x) =>
          x.reduce((sum, y, i) => (i % 2 === 0 ? sum + y * (x[i + 1] ?? 0n) : sum), 0n) % field.p,
      },
    ],
    evaluate(m, { jointRand, one }, call) {
      let found = 0n;
      for (let i = 0; i < calls; i++) {
        const inputs: bigint[] = [];
        let weight = jointRand[i] ?? 0n;
        for (let j = 0; j < chunk; j++) {
          const x = m[i * chunk + j] ?? 0n;
          inputs.push(modulo(field, weight * x), modulo(field, x - one));
          weight = modulo(field, weight * (jointRand[i] ?? 0n));
        }
        found += call(0, inputs);
      }
      const total = modulo(field, m.reduce((a, b) => a + b, 0n) - one);
      return sums ? [modulo(field, found), total] : [modulo(field, found)];
    },
  };
  return { circuit, measurementLength: length, jointRandLength: calls, outputs: sums ? 2 : 1 };
}

function bitsOf(value: number, most: number): readonly bigint[] {
  const bits = most.toString(2).length;
  const rest = 2 ** (bits - 1) - 1;
  const low = value <= rest ? value : value - (most - rest);
  return [
    ...Array.from({ length: bits - 1 }, (_, i) => BigInt((low >> i) & 1)),
    value <= rest ? 0n : 1n,
  ];
}

function instance(name: string, vector: Vector) {
  const { length = 0, chunk_length: chunk = 0, max_measurement: most = 0 } = vector;
  const bits = most.toString(2).length;
  if (name.startsWith('Prio3Histogram')) {
    const encode = (value: unknown) => Array.from({ length }, (_, i) => (i === value ? 1n : 0n));
    return { id: 4, encode, ...chunked(field128, length, chunk, true) };
  }
  if (name.startsWith('Prio3SumVec')) {
    const encode = (value: unknown) => (value as number[]).flatMap((it) => bitsOf(it, most));
    return { id: 3, encode, ...chunked(field128, length * bits, chunk, false) };
  }
  const field = field64;
  const circuit: Circuit = {
    field,
    gadgets: [
      { arity: 1, degree: 2, calls: bits, evaluate: ([x = 0n]) => modulo(field, x * x - x) },
    ],
    evaluate: (m, _, call) => m.map((bit) => call(0, [bit])),
  };
  const encode = (value: unknown) => bitsOf(Number(value), most);
  return { id: 2, encode, circuit, measurementLength: bits, jointRandLength: 0, outputs: bits };
}

for (const name of readdirSync(folder)) {
  test(`${name}: shared, asked and judged as published`, () => {
    const vector: Vector = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
    for (const report of vector.reports) run(name, vector, report);
  });
}

function run(name: string, vector: Vector, report: Vector['reports'][number]): void {
  const it = instance(name, vector);
  const { circuit, measurementLength, jointRandLength } = it;
  const { field } = circuit;
  const hasRand = jointRandLength > 0;
  const [nonce, ctx] = [h(report.nonce), h(vector.ctx)];
  const stream = (usage: number, seed: Uint8Array, binder: Uint8Array, bytes: number) => {
    const dst = concatBytes(Uint8Array.of(18, 0), u32be(it.id), Uint8Array.of(0, usage), ctx);
    const head = concatBytes(
      Uint8Array.of(dst.length, 0),
      dst,
      Uint8Array.of(seed.length),
      seed,
      binder,
    );
    return turboshake128(head, { D: 1, dkLen: bytes });
  };
  const elements = (usage: number, seed: Uint8Array, binder: Uint8Array, count: number) =>
    count === 0
      ? []
      : (sampleElements(field, stream(usage, seed, binder, field.bytes * (count + 8)), count) ??
        assert.fail());
  const wires = circuit.gadgets.reduce((sum, { arity }) => sum + arity, 0);
  const [gadget] = circuit.gadgets;
  assert.ok(gadget);
  const proofLength = wires + gadget.degree * (2 ** Math.ceil(Math.log2(1 + gadget.calls)) - 1) + 1;
  const helper = (i: number, seed: Uint8Array) => ({
    measurement: elements(1, seed, Uint8Array.of(i), measurementLength),
    proof: elements(2, seed, Uint8Array.of(1, i), proofLength),
  });
  const partOf = (i: number, blind: Uint8Array, measurement: readonly bigint[]) =>
    stream(7, blind, concatBytes(Uint8Array.of(i), nonce, elementsToBytes(field, measurement)), 32);
  const seedOf = (parts: readonly Uint8Array[]) =>
    stream(6, new Uint8Array(32), concatBytes(...parts), 32);
  const randOf = (seed: Uint8Array) => elements(3, seed, Uint8Array.of(1), jointRandLength);
  const minus = (a: readonly bigint[], b: readonly bigint[]) =>
    a.map((x, i) => modulo(field, x - (b[i] ?? 0n)));

  if (vector.operations.some(({ operation }) => operation === 'shard')) {
    const rand = h(report.rand);
    const seeds = Array.from({ length: rand.length / 32 }, (_, i) =>
      rand.subarray(32 * i, 32 * i + 32),
    );
    const each = hasRand ? 2 : 1;
    const helpers = Array.from({ length: vector.shares - 1 }, (_, i) => ({
      ...{ seed: seeds[each * i] ?? assert.fail(), blind: seeds[each * i + 1] ?? assert.fail() },
    }));
    const [leaderBlind = assert.fail(), last = leaderBlind] = seeds.slice(each * helpers.length);
    const measurement = it.encode(report.measurement);
    const shares = helpers.map(({ seed }, i) => helper(i + 1, seed));
    const own = shares.reduce((rest, share) => minus(rest, share.measurement), measurement);
    const parts = [
      partOf(0, leaderBlind, own),
      ...helpers.map(({ blind }, i) => partOf(i + 1, blind, shares[i]?.measurement ?? [])),
    ];
    const jointRand = hasRand ? randOf(seedOf(parts)) : [];
    const wireSeeds = elements(4, last, Uint8Array.of(1), wires);
    const proof = shares.reduce(
      (rest, share) => minus(rest, share.proof),
      prove(circuit, { measurement, wireSeeds, jointRand }),
    );
    const leader = concatBytes(
      elementsToBytes(field, own),
      elementsToBytes(field, proof),
      hasRand ? leaderBlind : new Uint8Array(0),
    );
    assert.deepEqual(leader, h(report.input_shares[0] ?? ''));
    if (hasRand) assert.deepEqual(concatBytes(...parts), h(report.public_share));
  }

  const published = h(report.public_share);
  const opened = report.input_shares.map((text, i) => {
    const bytes = h(text);
    const blind = hasRand ? bytes.subarray(bytes.length - 32) : new Uint8Array(0);
    const head = bytes.subarray(0, bytes.length - blind.length);
    const whole = i === 0 ? (bytesToElements(field, head) ?? assert.fail()) : [];
    const share =
      i === 0
        ? { measurement: whole.slice(0, measurementLength), proof: whole.slice(measurementLength) }
        : helper(i, head);
    const part = hasRand ? partOf(i, blind, share.measurement) : new Uint8Array(0);
    const parts = Array.from({ length: published.length / 32 }, (_, j) =>
      i === j ? part : published.subarray(32 * j, 32 * j + 32),
    );
    const seed = hasRand ? seedOf(parts) : new Uint8Array(0);
    return { ...share, part, seed, jointRand: hasRand ? randOf(seed) : [] };
  });
  const reducing = it.outputs > 1 ? it.outputs : 0;
  const asked = elements(
    5,
    h(vector.verify_key),
    concatBytes(Uint8Array.of(1), nonce),
    reducing + 1,
  );
  const verifiers = opened.map(({ measurement, proof, jointRand }) =>
    query(circuit, {
      ...{ measurement, proof, jointRand, one: inverse(field, BigInt(vector.shares)) },
      ...{ reduce: reducing > 0 ? asked.slice(0, reducing) : [1n], points: asked.slice(reducing) },
    }),
  );
  for (const [i, expected] of (report.verifier_shares[0] ?? []).entries()) {
    const ours = concatBytes(
      elementsToBytes(field, verifiers[i] ?? []),
      opened[i]?.part ?? new Uint8Array(0),
    );
    assert.deepEqual(ours, h(expected));
  }
  const sum = (verifiers[0] ?? []).map((_, i) =>
    verifiers.reduce((a, v) => modulo(field, a + (v[i] ?? 0n)), 0n),
  );
  const holds = decide(circuit, sum, opened[0]?.jointRand ?? []);
  const message = report.verifier_messages[0];
  const told =
    message !== undefined
      ? h(message)
      : hasRand
        ? seedOf(opened.map(({ part }) => part))
        : new Uint8Array(0);
  const agree = opened.every(({ seed }) => Buffer.from(seed).equals(told));
  assert.equal(
    holds && agree,
    vector.operations.every(({ success }) => success),
  );
}
