import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesToElements,
  elementsToBytes,
  field64,
  modulo,
  rootsOfUnity,
} from '../../crypto/field.ts';
import { joinClinical } from '../../crypto/pages/clinical-lane.ts';
import { plainArithmetic } from '../../crypto/pages/page-arithmetic-plain.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import {
  chooseQueryRand,
  expandClinical,
  expandShare,
  expandWires,
} from '../../crypto/pages/page-expansion.ts';
import { keepShare, keptHash } from '../../crypto/pages/page-keep.ts';
import {
  digits,
  measurementLength,
  polynomialNodes,
  ranged,
  shareLength,
} from '../../crypto/pages/page-layout.ts';
import { openBody } from '../../crypto/pages/page-open.ts';
import {
  encodeMeasurement,
  type SharedPage,
  shareMeasurement,
  sharePage,
} from '../../crypto/pages/page-share.ts';
import { panels } from '../../crypto/panels.ts';
import { drawn, randomnessOf, valuesOf, verify } from '../settings/pages.ts';

const kernel = await openKernel();
const page = drawn('page').subarray(0, 16);

const honest = (n: number, panel = 1): Promise<SharedPage> =>
  sharePage(kernel, page, valuesOf(panel, n, n), randomnessOf(n));

/** What a device shares that changes its measurement after encoding and proves what it then has. */
function dishonest(change: (m: bigint[]) => void, n = 64): Promise<SharedPage> {
  const values = valuesOf(1, n, 7);
  const measurement = [...(bytesToElements(field64, encodeMeasurement(values)) ?? [])];
  change(measurement);
  const { nonce, secrets } = randomnessOf(7);
  const head = { page, nonce, n, panel: 1, edges: 1 };
  return shareMeasurement(kernel, head, {
    measurement: elementsToBytes(
      field64,
      measurement.map((it) => modulo(field64, it)),
    ),
    ...{ clinical: values.clinical, secrets },
  });
}
const at = (m: readonly bigint[], i: number): bigint => m[i] ?? 0n;
const verdictOf = async (shared: SharedPage) => (await verify(kernel, shared)).verdict;

test('an honest page of every length is accepted, and each server finds the hash of its share', async () => {
  for (let n = 1; n <= 64; n++) {
    const shared = await honest(n);
    const { verdict, opened } = await verify(kernel, shared);
    assert.equal(verdict, 'accepted', `n = ${n}`);
    for (const server of [1, 2, 3] as const) {
      const [share, hash] = [opened[server - 1], shared.hashes[server - 1]];
      assert.ok(share && hash);
      keepShare(kernel, { server, head: shared.head, opened: share, hash });
    }
  }
});

for (const { number, name, vitals } of panels) {
  test(`what three servers keep of a page of ${name} adds up to what was measured`, async () => {
    const values = valuesOf(number, 23);
    const shared = await sharePage(kernel, page, values, randomnessOf(number));
    const { verdict, opened } = await verify(kernel, shared);
    assert.equal(verdict, 'accepted');
    const kept = opened.map((it, i) => {
      const server = [1, 2, 3][i] as 1 | 2 | 3;
      const hash = shared.hashes[i] ?? new Uint8Array(0);
      return keepShare(kernel, { server, head: shared.head, opened: it, hash });
    });
    const sum = (part: 'roll' | 'histogram') =>
      bytesToElements(field64, kernel.sum(kept.map((it) => it[part])))?.map(Number) ?? [];
    const k = vitals.length;
    const codes = (v: number) => [...values.statistics].filter((_, i) => v < k && i % k === v);
    const expected: number[] = [];
    for (let v = 0; v < 5; v++) expected.push(codes(v).reduce((a, b) => a + b, 0));
    for (let u = 0; u < 5; u++) {
      for (let v = u; v < 5; v++) {
        const other = codes(v);
        expected.push(codes(u).reduce((a, b, row) => a + b * (other[row] ?? 0), 0));
      }
    }
    assert.deepEqual(sum('roll'), expected);
    const counters = [...values.counters, ...new Array<number>(160 - 32 * k).fill(0)];
    assert.deepEqual(sum('histogram'), counters);
    assert.deepEqual(joinClinical(kept.map(({ clinical }) => clinical)), values.clinical);
  });
}

for (const [what, change] of [
  ['a digit of 16', (m) => (m[5] = 16n)],
  ['a digit of -1', (m) => (m[5] = -1n)],
  ['a huge digit', (m) => (m[2] = 123_456_789_012n)],
  ['the highest digit of the last row', (m) => (m[digits - 1] = 16n)],
  ['a product off by one', (m) => (m[ranged + 3] = at(m, ranged + 3) + 1n)],
  ['a product too small by one', (m) => (m[ranged + 14] = at(m, ranged + 14) - 1n)],
  ['a counter off by one', (m) => (m[digits] = (at(m, digits) + 1n) % 16n)],
  [
    'a counter of the last vital sign off by one',
    (m) => (m[ranged - 2] = (at(m, ranged - 2) + 1n) % 16n),
  ],
  [
    'a negative counter that another makes up for',
    (m) => {
      m[digits + 2] = at(m, digits + 2) + at(m, digits) + 1n;
      m[digits] = -1n;
    },
  ],
  [
    'a huge code whose products are right',
    (m) => {
      const [q, x] = [at(m, 0) + 16n * at(m, 1), 1n << 40n];
      m[0] = x - 16n * at(m, 1);
      const row = Array.from({ length: 5 }, (_, v) => at(m, 2 * v) + 16n * at(m, 2 * v + 1));
      m[ranged] = at(m, ranged) + x * x - q * q;
      for (let v = 1; v < 5; v++) m[ranged + v] = at(m, ranged + v) + (x - q) * (row[v] ?? 0n);
    },
  ],
] as readonly (readonly [string, (m: bigint[]) => void])[]) {
  test(`${what}: the proof is rejected`, async () => {
    assert.equal(await verdictOf(await dishonest(change)), 'PROOF_REJECTED');
  });
}

test('nothing changed: the same way of sharing is accepted', async () => {
  assert.equal(await verdictOf(await dishonest(() => {})), 'accepted');
});

// Pitfall 8.
test('a value in a row that the page does not have is refused, with products and total made to fit', async () => {
  const hidden = await dishonest((m) => {
    m[400] = 5n;
    m[ranged] = at(m, ranged) + 25n;
  }, 17);
  assert.equal(await verdictOf(hidden), 'PROOF_REJECTED');
});

test('what a page does not have is zero at every server before it is used', async () => {
  const shared = await honest(17, 2);
  const { opened } = await verify(kernel, shared);
  for (const { share } of opened) {
    const m = bytesToElements(field64, share)?.slice(0, measurementLength) ?? [];
    for (let row = 0; row < 64; row++) {
      for (let v = 0; v < 5; v++) {
        const unused = row >= 17 || v >= 2;
        if (unused) assert.deepEqual(m.slice(10 * row + 2 * v, 10 * row + 2 * v + 2), [0n, 0n]);
      }
    }
    assert.ok(m.slice(digits + 128, ranged).every((it) => it === 0n));
    assert.ok(m.slice(ranged + 2, ranged + 5).every((it) => it === 0n));
    assert.ok(m.slice(ranged + 6).every((it) => it === 0n));
  }
});

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const changed = bytes.slice();
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

for (const server of [0, 1, 2] as const) {
  test(`one bit of the secret of server ${server + 1} flipped: the shares are not the device's`, async () => {
    const shared = await honest(64);
    for (const bit of [0, 100, 255]) {
      const bodies = shared.bodies.map((body, i) =>
        i === server ? { ...body, secret: flip(body.secret, bit) } : body,
      );
      const changed = { ...shared, bodies: bodies as unknown as SharedPage['bodies'] };
      assert.equal(await verdictOf(changed), 'JOINT_RAND_MISMATCH');
    }
  });
}

const withThird = (shared: SharedPage, change: Partial<SharedPage['bodies'][2]>): SharedPage => {
  const [first, second, third] = shared.bodies;
  return { ...shared, bodies: [first, second, { ...third, ...change }] };
};

test('one bit of the explicit share flipped: of the measurement or of the proofs, it is found', async () => {
  const shared = await honest(64);
  const { elements } = shared.bodies[2];
  for (const [bit, verdict] of [
    [0, 'JOINT_RAND_MISMATCH'],
    [8 * 8 * measurementLength - 64, 'JOINT_RAND_MISMATCH'],
    [8 * 8 * measurementLength, 'PROOF_REJECTED'],
    [8 * elements.length - 64, 'PROOF_REJECTED'],
  ] as const) {
    assert.equal(await verdictOf(withThird(shared, { elements: flip(elements, bit) })), verdict);
  }
});

test('one bit of a clinical code flipped: the hash of the kept share differs', async () => {
  const shared = await honest(64);
  const clinical = flip(shared.bodies[2].clinical, 1234);
  const changed = withThird(shared, { clinical });
  const { verdict, opened } = await verify(kernel, changed);
  assert.equal(verdict, 'accepted');
  const of = { server: 3, head: shared.head, opened: opened[2], hash: shared.hashes[2] } as const;
  assert.throws(() => keepShare(kernel, of), { code: 'SHARE_HASH_MISMATCH' });
});

for (const [what, change] of [
  ['another nonce', { nonce: drawn('other').subarray(0, 16) }],
  ['another page id, the proof replayed', { page: drawn('other').subarray(0, 16) }],
] as const) {
  test(`${what}: the shares are not the device's`, async () => {
    const shared = await honest(64);
    const changed = { ...shared, head: { ...shared.head, ...change } };
    assert.equal(await verdictOf(changed), 'JOINT_RAND_MISMATCH');
  });
}

test('a page of one panel shown as one of another of the same width: the shares are not the device’s', async () => {
  const shared = await honest(9, 2);
  const changed = { ...shared, head: { ...shared.head, panel: 4 } };
  assert.equal(await verdictOf(changed), 'JOINT_RAND_MISMATCH');
});

test('another number of rows is a body of another length', async () => {
  const shared = await honest(64);
  const changed = { ...shared, head: { ...shared.head, n: 63 } };
  await assert.rejects(verify(kernel, changed), { code: 'BODY_LENGTH' });
});

test('another number of rows with a body cut to it: the shares are not the device\u2019s', async () => {
  const shared = await honest(64);
  const { elements, clinical } = shared.bodies[2];
  const cut = withThird(shared, {
    elements: new Uint8Array([...elements.subarray(0, 80 * 63), ...elements.subarray(80 * 64)]),
    clinical: clinical.subarray(10),
  });
  assert.equal(await verdictOf({ ...cut, head: { ...shared.head, n: 63 } }), 'JOINT_RAND_MISMATCH');
});

test('shares of servers 1 and 2 swapped: they are not the device\u2019s', async () => {
  const shared = await honest(64);
  const [first, second, third] = shared.bodies;
  assert.equal(
    await verdictOf({ ...shared, bodies: [second, first, third] }),
    'JOINT_RAND_MISMATCH',
  );
});

test('a body for another server, of another length, or with a word that is no element is refused', async () => {
  const shared = await honest(64);
  const [first, , third] = shared.bodies;
  const open = (server: 1 | 2 | 3, body: typeof first) =>
    openBody(kernel, { server, head: shared.head, body });
  await assert.rejects(open(3, first), { code: 'BODY_LENGTH' });
  await assert.rejects(open(1, third), { code: 'BODY_LENGTH' });
  await assert.rejects(open(2, { secret: new Uint8Array(31) }), { code: 'BODY_LENGTH' });
  for (const part of ['elements', 'clinical'] as const) {
    const longer = { ...third, [part]: new Uint8Array(third[part].length + 8) };
    await assert.rejects(open(3, longer), { code: 'BODY_LENGTH' });
  }
  const elements = third.elements.slice().fill(255, 800, 808);
  await assert.rejects(open(3, { ...third, elements } as typeof third), {
    code: 'ELEMENT_NOT_CANONICAL',
  });
});

test('a verifier share with a word that is no element, or of another length, accepts nothing', async () => {
  const { said } = await verify(kernel, await honest(3));
  const rand = new Uint8Array(48);
  const [one] = said;
  for (const it of [kernel, plainArithmetic]) {
    assert.equal(it.decide([one.verifier.slice().fill(255, 8, 16)], rand), false);
    assert.equal(it.decide([one.verifier.subarray(8)], rand), false);
  }
});

test('both arithmetics share to the same bytes and judge alike', async () => {
  const values = valuesOf(2, 5);
  const shared = await sharePage(kernel, page, values, randomnessOf(1));
  assert.deepEqual(await sharePage(plainArithmetic, page, values, randomnessOf(1)), shared);
  const [a, b] = [await verify(kernel, shared), await verify(plainArithmetic, shared)];
  assert.deepEqual(a, b);
  assert.equal(b.verdict, 'accepted');
});

// Pitfall 7.
test('a point of query that would open an input is passed over for the next', () => {
  const roots = rootsOfUnity(field64, polynomialNodes);
  const elements = [5n, roots[16] ?? 0n, 1n, 77n, 6n, 78n, 7n, roots[127] ?? 0n, 79n];
  for (const it of [kernel, plainArithmetic]) {
    const chosen = chooseQueryRand(it, elementsToBytes(field64, elements));
    assert.deepEqual(chosen, elementsToBytes(field64, [5n, 77n, 6n, 78n, 7n, 79n]));
    assert.equal(chooseQueryRand(it, elementsToBytes(field64, elements.slice(0, 8))), undefined);
    assert.equal(
      roots.every((root) => it.isNode(elementsToBytes(field64, [root]))),
      true,
    );
  }
});

// Pitfall 7.
test('lanes that are expanded from one secret have nothing in common', async () => {
  const secret = drawn('lanes');
  const head = (await honest(64)).head;
  const lanes = await Promise.all([
    expandShare(kernel, secret, head),
    expandWires(kernel, secret, head),
    expandClinical(secret, head, 320),
    expandShare(kernel, secret, { ...head, page: drawn('other').subarray(0, 16) }),
  ]);
  const blocks = lanes.flatMap((lane) =>
    Array.from({ length: Math.floor(lane.length / 16) }, (_, i) =>
      Buffer.from(lane.subarray(16 * i, 16 * i + 16)).toString('hex'),
    ),
  );
  assert.equal(new Set(blocks).size, blocks.length);
});

// Pitfall 6: fewer than three proofs over this field are below the floor of VDAF, section 9.8.
test('every page carries three proofs, each with randomness of its own', async () => {
  assert.equal(shareLength, measurementLength + 3 * 316);
  const shared = await honest(64);
  const { said } = await verify(kernel, shared);
  const sum = bytesToElements(field64, kernel.sum(said.map(({ verifier }) => verifier))) ?? [];
  for (const wire of [1, 100, 150]) {
    const opened = [0, 1, 2].map((j) => at(sum, 191 * j + wire));
    assert.equal(new Set(opened).size, 3);
  }
  // One that does not hold is enough to refuse.
  for (const j of [0, 1, 2]) {
    const bit = 64 * (measurementLength + 128 * j);
    const changed = withThird(shared, { elements: flip(shared.bodies[2].elements, bit) });
    assert.equal(await verdictOf(changed), 'PROOF_REJECTED');
  }
});

// Pitfall 9: histogram and sums are proven apart, and nothing may say otherwise.
test('counters of other values than the codes are accepted: each bounds its own harm, they do not vouch for each other', async () => {
  const moved = await dishonest((m) => {
    for (let b = 0; b < 64; b++) m[digits + b] = 0n;
    m[digits + 1] = 4n; // all 64 in the first bin
  });
  assert.equal(await verdictOf(moved), 'accepted');
});

// Pitfall 25.
test('two servers that know all but one share cannot test a guess against the third hash', async () => {
  const shared = await honest(1, 5);
  const { opened } = await verify(kernel, shared);
  const third = keepShare(kernel, {
    server: 3,
    head: shared.head,
    opened: opened[2],
    hash: shared.hashes[2],
  });
  // The right guess gives the right kept share; without the salt it still is not the hash.
  for (const salt of [new Uint8Array(0), new Uint8Array(32), opened[0].salt, opened[1].salt]) {
    assert.notDeepEqual(keptHash(3, shared.head, { ...third, salt }), shared.hashes[2]);
  }
  assert.deepEqual(keptHash(3, shared.head, third), shared.hashes[2]);
  assert.equal(third.salt.length, 32);
  const again = await sharePage(kernel, page, valuesOf(5, 1, 1), randomnessOf(99));
  for (const i of [0, 1, 2]) assert.notDeepEqual(again.hashes[i], shared.hashes[i]);
});
