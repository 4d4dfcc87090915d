import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../crypto/hash.ts';
import { bytesToHex, equalBytes, utf8 } from '../primitives/bytes.ts';
import { type StateProof, verifyStateProof } from './state-proof.ts';
import { proveKey, type TreeChange, treeChange, treeRoot, updateTree } from './state-tree.ts';
import { emptyHash, TreePage } from './tree-page.ts';

type Leaf = { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array };

/** The tree as the protocol defines it, from scratch. */
function naiveRoot(leaves: readonly Leaf[], depth = 0): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return new Uint8Array(32);
  if (leaves.length === 1) return sha256(Uint8Array.of(0), first.keyHash, first.valueHash);
  const bit = (leaf: Leaf) => ((leaf.keyHash[depth >> 3] ?? 0) >> (7 - (depth % 8))) & 1;
  const left = naiveRoot(
    leaves.filter((leaf) => bit(leaf) === 0),
    depth + 1,
  );
  const right = naiveRoot(
    leaves.filter((leaf) => bit(leaf) === 1),
    depth + 1,
  );
  return sha256(Uint8Array.of(1), left, right);
}

/** Pages kept as bytes, as a disk would. */
class Pages {
  readonly rows = new Map<string, Uint8Array>();
  readonly read = (path: string): TreePage | undefined => {
    const bytes = this.rows.get(path);
    return bytes === undefined ? undefined : TreePage.decode(bytes);
  };
  update(changes: readonly TreeChange[]): Uint8Array {
    const { root, pages } = updateTree(this.read, changes);
    for (const [path, page] of pages) {
      if (page === undefined) this.rows.delete(path);
      else this.rows.set(path, page.encode());
    }
    assert.deepEqual(treeRoot(this.read), root);
    return root;
  }
}

const keyOf = (name: number) => utf8(`key ${name}`);
const contentOf = (value: number) => utf8(`value ${value}`);

/** Blocks of puts and deletions over few keys, so that they meet. */
const histories = fc.array(
  fc.uniqueArray(fc.record({ key: fc.nat(60), value: fc.option(fc.nat(5)) }), {
    selector: ({ key }) => key,
    maxLength: 25,
  }),
  { maxLength: 12 },
);

test('the root equals the one worked out from scratch, after any puts and deletions', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const pages = new Pages();
      const model = new Map<number, number>();
      for (const block of history) {
        const root = pages.update(
          block.map(({ key, value }) =>
            treeChange(keyOf(key), value === null ? undefined : contentOf(value)),
          ),
        );
        for (const { key, value } of block) {
          if (value === null) model.delete(key);
          else model.set(key, value);
        }
        const leaves = [...model].map(([key, value]) => ({
          keyHash: sha256(keyOf(key)),
          valueHash: sha256(contentOf(value)),
        }));
        assert.deepEqual(root, naiveRoot(leaves));
      }
      // A tree that lost everything keeps no page but the root's.
      pages.update([...model.keys()].map((key) => treeChange(keyOf(key), undefined)));
      assert.deepEqual(treeRoot(pages.read), emptyHash);
      assert.ok(pages.rows.size <= 1);
    }),
    { numRuns: 150 },
  );
});

test('neither the order of keys nor their division into blocks changes the root', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(5_000), { minLength: 1, maxLength: 80 }),
      fc.nat(79),
      (keys, cut) => {
        const change = (key: number) => treeChange(keyOf(key), contentOf(key));
        const at = cut % keys.length;
        const once = new Pages().update(keys.map(change));
        const twice = new Pages();
        twice.update(keys.slice(at).reverse().map(change));
        assert.deepEqual(twice.update(keys.slice(0, at).map(change)), once);
      },
    ),
    { numRuns: 60 },
  );
});

test('keys that share many bits stand as deep as they must, and move up when one goes', () => {
  const at = (...head: number[]): Leaf => {
    const keyHash = new Uint8Array(32);
    keyHash.set(head);
    return { keyHash, valueHash: sha256(utf8(head.join())) };
  };
  const last = at(0xff, 0xff);
  last.keyHash.fill(0xff);
  const nearly = last.keyHash.slice();
  nearly[31] = 0xfe;
  const leaves = [
    at(0),
    at(0, 0, 1),
    at(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    last,
    { keyHash: nearly, valueHash: sha256() },
  ];
  const pages = new Pages();
  assert.deepEqual(pages.update(leaves), naiveRoot(leaves));
  assert.ok(pages.rows.size > 70);
  while (leaves.length > 0) {
    const gone = leaves.pop();
    assert.ok(gone);
    assert.deepEqual(pages.update([{ ...gone, valueHash: undefined }]), naiveRoot(leaves));
  }
  assert.equal(pages.rows.size, 1);
});

test('every key has a proof of its value, every other key a proof of its absence, and no other claim holds', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300), { maxLength: 40 }), (keys) => {
      const pages = new Pages();
      const root = pages.update(keys.map((key) => treeChange(keyOf(key), contentOf(key))));
      for (const key of [...keys, 1_000, 1_001, 1_002]) {
        const value = keys.includes(key) ? contentOf(key) : undefined;
        const proof = proveKey(pages.read, keyOf(key));
        assert.ok(verifyStateProof(root, keyOf(key), value, proof));
        const lie = value === undefined ? contentOf(key) : undefined;
        assert.ok(!verifyStateProof(root, keyOf(key), lie, proof));
        assert.ok(!verifyStateProof(root, keyOf(key), contentOf(-1), proof));
      }
    }),
    { numRuns: 60 },
  );
});

test('a forged proof of absence is refused, whatever is put in the place of the key', () => {
  const pages = new Pages();
  const keys = Array.from({ length: 50 }, (_, key) => key);
  const root = pages.update(keys.map((key) => treeChange(keyOf(key), contentOf(key))));
  const target = keyOf(7);
  const honest = proveKey(pages.read, target);
  const others = keys.map((key) => ({
    keyHash: sha256(keyOf(key)),
    valueHash: sha256(contentOf(key)),
  }));
  const forged: StateProof[] = [];
  for (const neighbour of [undefined, ...others]) {
    for (let cut = 0; cut <= honest.siblings.length; cut++) {
      forged.push({ siblings: honest.siblings.slice(0, cut), neighbour });
    }
  }
  for (const key of keys) {
    const { siblings } = proveKey(pages.read, keyOf(key));
    for (const neighbour of [undefined, ...others]) forged.push({ siblings, neighbour });
  }
  assert.ok(forged.every((proof) => !verifyStateProof(root, target, undefined, proof)));
  assert.ok(
    !verifyStateProof(root, target, undefined, { ...honest, siblings: new Array(300).fill(root) }),
  );
});

test('a proof with any bit changed does not hold', () => {
  const pages = new Pages();
  const root = pages.update(
    Array.from({ length: 30 }, (_, key) => treeChange(keyOf(key), contentOf(key))),
  );
  const { siblings } = proveKey(pages.read, keyOf(3));
  siblings.forEach((sibling, at) => {
    const changed = sibling.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    const proof = { siblings: siblings.with(at, changed), neighbour: undefined };
    assert.ok(!verifyStateProof(root, keyOf(3), contentOf(3), proof));
  });
  assert.ok(siblings.length > 3);
});

test('only pages on the way to a change are written', () => {
  const pages = new Pages();
  const many = Array.from({ length: 4_000 }, (_, key) => treeChange(keyOf(key), contentOf(key)));
  pages.update(many);
  const before = new Map(pages.rows);
  const { pages: touched } = updateTree(pages.read, [treeChange(keyOf(5), contentOf(-5))]);
  const path = bytesToHex(sha256(keyOf(5)));
  assert.ok(touched.size <= 7);
  assert.ok([...touched.keys()].every((at) => path.startsWith(at)));
  for (const [at, page] of touched) {
    const old = before.get(at);
    assert.ok(page !== undefined && old !== undefined && !equalBytes(page.encode(), old));
  }
});
