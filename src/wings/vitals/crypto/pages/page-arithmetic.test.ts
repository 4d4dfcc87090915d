import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { builtFile, type KernelName, kernelFile, kernels } from '../../test/build-kernel.ts';
import { bytesToElements, elementsToBytes, field64 } from '../field.ts';
import { plainArithmetic } from './page-arithmetic-plain.ts';
import { openKernel } from './page-arithmetic-wasm.ts';
import { pageCircuit } from './page-circuit.ts';
import {
  jointRandLength,
  measurementLength,
  pageProofs,
  queryRandLength,
  shareLength,
  usedLength,
  usedRuns,
} from './page-layout.ts';

const kernel = await openKernel();

/** `count` elements, the same every time: no clock, no generator. */
function drawn(count: number, seed: number): Uint8Array {
  const words: Uint8Array[] = [];
  for (let i = 0; i < Math.ceil(count / 4) + 1; i++) words.push(sha256(u32be(seed), u32be(i)));
  const elements = plainArithmetic.sample(concatBytes(...words), count);
  assert.ok(elements);
  return elements;
}

for (const name of Object.keys(kernels) as KernelName[]) {
  test(`the kernel that ships is the one of its source: ${name}`, async () => {
    assert.equal(readFileSync(builtFile(name), 'utf8'), await kernelFile(name));
  });
}

test('the kernel and the plain arithmetic give the same bytes', () => {
  const share = drawn(shareLength, 1);
  const jointRand = drawn(jointRandLength, 2);
  const queryRand = drawn(queryRandLength, 3);
  assert.deepEqual(
    kernel.subtract(share, drawn(shareLength, 4), drawn(shareLength, 5)),
    plainArithmetic.subtract(share, drawn(shareLength, 4), drawn(shareLength, 5)),
  );
  assert.deepEqual(kernel.truncate(share), plainArithmetic.truncate(share));
  for (const size of [
    { n: 1, k: 1 },
    { n: 17, k: 2 },
    { n: 64, k: 5 },
  ]) {
    const cleared = plainArithmetic.clearUnused(share, size);
    assert.deepEqual(kernel.clearUnused(share, size), cleared);
    for (const it of [kernel, plainArithmetic]) {
      assert.deepEqual(it.keep(share, size), plainArithmetic.truncate(cleared));
      assert.equal(it.keep(share.subarray(0, 8 * (measurementLength - 1)), size), undefined);
    }
    for (const isFirst of [true, false]) {
      const at = { ...size, jointRand, queryRand, isFirst };
      assert.deepEqual(kernel.query(cleared, at), plainArithmetic.query(cleared, at));
    }
  }
  assert.deepEqual(kernel.prove(share, jointRand), plainArithmetic.prove(share, jointRand));
});

test('words at the edges of the field come out alike', () => {
  const { p } = field64;
  const edges = [
    0n,
    1n,
    2n,
    15n,
    16n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 63n,
    p - 2n ** 32n,
    p - 2n,
    p - 1n,
  ];
  const mixed = Array.from(
    { length: shareLength },
    (_, i) => edges[(i * 7 + (i >> 4)) % edges.length] ?? 0n,
  );
  const share = elementsToBytes(field64, mixed);
  const jointRand = elementsToBytes(field64, [
    p - 1n,
    p - 2n,
    2n ** 32n,
    1n,
    2n ** 63n,
    p - 2n ** 32n,
  ]);
  const queryRand = elementsToBytes(field64, [
    p - 1n,
    3n,
    1n,
    p - 3n,
    2n ** 32n - 1n,
    2n ** 32n + 5n,
  ]);
  const at = { n: 64, k: 5, jointRand, queryRand, isFirst: true };
  assert.deepEqual(kernel.query(share, at), plainArithmetic.query(share, at));
  assert.deepEqual(kernel.truncate(share), plainArithmetic.truncate(share));
  assert.deepEqual(kernel.prove(share, jointRand), plainArithmetic.prove(share, jointRand));
});

test('wires at the edges of the field are judged alike: accepted as the gadgets have them, refused with one off', () => {
  const { p } = field64;
  const edges = [0n, 1n, 14n, 15n, 16n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, p - 15n, p - 1n];
  const joint = [p - 1n, p - 2n, 2n ** 32n, 1n, 2n ** 63n, p - 2n ** 32n];
  const { gadgets } = pageCircuit({ n: 64, k: 5 });
  const sum = Array.from({ length: pageProofs }, (_, j) => {
    const wires = gadgets.map(({ arity }, g) =>
      Array.from({ length: arity }, (_wire, i) => edges[(i * 7 + g + j) % edges.length] ?? 0n),
    );
    const claims = gadgets.map((it, g) => it.evaluate(wires[g] ?? [], joint.slice(2 * j)));
    return [0n, ...wires.flatMap((wire, g) => [...wire, claims[g] ?? 0n])];
  }).flat();
  const jointRand = elementsToBytes(field64, joint);
  const mask = drawn(sum.length, 11);
  const rest = (of: readonly bigint[]): Uint8Array =>
    plainArithmetic.subtract(elementsToBytes(field64, of), mask, mask);
  for (const it of [kernel, plainArithmetic]) {
    assert.equal(it.decide([mask, rest(sum), mask], jointRand), true);
    for (const at of [0, 1, 138, 139, 189, 190, 191, sum.length - 1]) {
      const off = sum.map((x, i) => (i === at ? (x + 1n) % p : x));
      // Some digits become others: then the gadget is zero still.
      const isStill = plainArithmetic.decide([mask, rest(off), mask], jointRand);
      assert.equal(it.decide([mask, rest(off), mask], jointRand), isStill, `element ${at}`);
    }
    const odd = mask.slice();
    odd.fill(255, odd.length - 8);
    assert.equal(it.decide([mask, rest(sum), odd], jointRand), false);
  }
});

test('a word that is no element is passed over in a stream and found in a vector', () => {
  const words = [5n, field64.p, 7n, 2n ** 64n - 1n, field64.p - 1n];
  const bytes = concatBytes(...words.map((word) => littleEndian(word)));
  const expected = elementsToBytes(field64, [5n, 7n, field64.p - 1n]);
  for (const it of [kernel, plainArithmetic]) {
    assert.deepEqual(it.sample(bytes, 3), expected);
    assert.equal(it.sample(bytes, 4), undefined);
    assert.equal(it.isCanonical(bytes), false);
    assert.equal(it.isCanonical(expected), true);
    assert.equal(it.isCanonical(expected.subarray(1)), false);
  }
});

const littleEndian = (word: bigint): Uint8Array =>
  Uint8Array.from({ length: 8 }, (_, i) => Number((word >> BigInt(8 * i)) & 0xffn));

// Pitfall 16: WebAssembly gives i64 signed, and a view of grown memory is empty.
test('a kernel that has worked on other pages gives the same bytes as a fresh one', async () => {
  const share = drawn(shareLength, 6);
  const before = kernel.truncate(share);
  kernel.prove(drawn(shareLength, 7), drawn(jointRandLength, 8));
  assert.deepEqual(kernel.truncate(share), before);
  assert.deepEqual((await openKernel()).truncate(share), before);
  assert.ok(
    bytesToElements(field64, before)?.some((x) => x >= 2n ** 63n),
    'no element with the highest bit',
  );
});

// Pitfall 18: state belongs to the instance.
test('two kernels side by side do not share memory', async () => {
  const [a, b] = [await openKernel(), await openKernel()];
  const [one, two] = [drawn(shareLength, 9), drawn(shareLength, 10)];
  const [expectOne, expectTwo] = [plainArithmetic.truncate(one), plainArithmetic.truncate(two)];
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(a.truncate(one), expectOne);
    assert.deepEqual(b.truncate(two), expectTwo);
  }
});

test('as many elements are used as a body carries', () => {
  for (let n = 1; n <= 64; n++) {
    for (let k = 1; k <= 5; k++) {
      const used = usedRuns({ n, k }).reduce((sum, { length }) => sum + length, 0);
      assert.equal(used, usedLength({ n, k }));
    }
  }
});
