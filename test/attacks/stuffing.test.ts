import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sha256 } from '../../src/crypto/hash.ts';
import { verifyStateProof } from '../../src/ledger/state-proof.ts';
import { proveKey, treeChange, updateTree } from '../../src/ledger/state-tree.ts';
import { stateKey } from '../../src/ledger/table.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import { consents } from '../../src/ledger/tables/consents.ts';
import type { TreePage } from '../../src/ledger/tree-page.ts';
import { bytesToHex } from '../../src/primitives/bytes.ts';

/**
 * The attacker chooses keys of the state (a patient chooses consent ids, anybody's key makes an account id), so as
 * to make a few places of the tree deep, and with them the proofs and the hashing of others.
 *
 * Claim: a place is the SHA-256 of the key, so each further level costs twice the guesses; what is bought is depth
 * for keys that share the guessed beginning, bounded by 256, and nobody else's proof grows. Nothing needs a rebuild.
 */
const guesses = 2 ** 17;

interface Guessed {
  readonly key: Uint8Array;
  readonly hash: string;
}

/** Consent ids counted up: an attacker's search, the same in every run. */
const guessed: Guessed[] = [];
before(() => {
  const id = Buffer.alloc(16);
  for (let n = 0; n < guesses; n++) {
    id.writeUInt32BE(n);
    const key = stateKey(consents, id);
    guessed.push({ key, hash: bytesToHex(sha256(key)) });
  }
  guessed.sort((a, b) => (a.hash < b.hash ? -1 : 1));
});

function sharedBits(a: string, b: string): number {
  let bits = 0;
  while (bits < 256) {
    const at = bits >> 2;
    const differ = Number.parseInt(a.charAt(at), 16) ^ Number.parseInt(b.charAt(at), 16);
    if (differ !== 0) return bits + Math.clz32(differ) - 28;
    bits += 4;
  }
  return bits;
}

class Tree {
  readonly #pages = new Map<string, TreePage>();
  readonly read = (path: string): TreePage | undefined => this.#pages.get(path);
  root: Uint8Array = new Uint8Array(32);

  /** How many pages were written. */
  put(keys: readonly Uint8Array[]): number {
    const { root, pages } = updateTree(
      this.read,
      keys.map((key) => treeChange(key, key)),
    );
    for (const [path, page] of pages) {
      if (page === undefined) this.#pages.delete(path);
      else this.#pages.set(path, page);
    }
    this.root = root;
    return pages.size;
  }

  depth(key: Uint8Array): number {
    return proveKey(this.read, key).siblings.length;
  }
}

const others = Array.from({ length: 2_000 }, (_, n) =>
  stateKey(accounts, sha256(Buffer.from([n >> 8, n & 255]))),
);

test('the deepest place that 131,072 guesses buy is some 34 levels down: twice the guesses, two levels more', () => {
  const pairs = guessed.slice(1).map((it, i) => {
    const before = guessed[i];
    assert.ok(before);
    return { before, it, bits: sharedBits(before.hash, it.hash) };
  });
  const best = pairs.reduce((a, b) => (b.bits > a.bits ? b : a));
  // Two of n random beginnings share about 2 log2(n) bits.
  assert.ok(best.bits >= 28 && best.bits <= 44, `${best.bits} shared bits`);
  const tree = new Tree();
  tree.put(others);
  const written = tree.put([best.before.key, best.it.key]);
  assert.equal(tree.depth(best.it.key), best.bits + 1);
  assert.ok(written <= 2 + 2 * Math.ceil((best.bits + 1) / 4), `${written} pages`);
  const proof = proveKey(tree.read, best.it.key);
  assert.ok(verifyStateProof(tree.root, best.it.key, best.it.key, proof));
});

test('the proofs of all others are as short as they were', () => {
  const [quiet, stuffed] = [new Tree(), new Tree()];
  quiet.put(others);
  stuffed.put(others);
  // The attacker's best: the 64 keys whose beginnings lie closest together.
  const start = guessed
    .map((it, i) => ({ i, bits: sharedBits(it.hash, guessed[i + 63]?.hash ?? 'f'.repeat(64)) }))
    .slice(0, -63)
    .reduce((a, b) => (b.bits > a.bits ? b : a)).i;
  const cluster = guessed.slice(start, start + 64).map(({ key }) => key);
  stuffed.put(cluster);
  const deeper = others.filter((key) => stuffed.depth(key) > quiet.depth(key));
  assert.ok(deeper.length <= 1, `${deeper.length} of ${others.length} stand deeper`);
  assert.ok(Math.max(...cluster.map((key) => stuffed.depth(key))) < 48);
});

test('aimed at one victim, a guess more than a hundred thousand times moves her a few levels down', () => {
  const [victim] = others;
  assert.ok(victim);
  const hash = bytesToHex(sha256(victim));
  const closest = guessed.reduce((a, b) =>
    sharedBits(b.hash, hash) > sharedBits(a.hash, hash) ? b : a,
  );
  const bits = sharedBits(closest.hash, hash);
  assert.ok(bits >= 12 && bits <= 30, `${bits} shared bits`);
  const tree = new Tree();
  tree.put(others);
  const before = tree.depth(victim);
  tree.put([closest.key]);
  // A level costs her reader 32 bytes and a hash; 2^24 guesses would buy the attacker seven levels more.
  assert.ok(tree.depth(victim) <= Math.max(before, bits + 1));
  assert.ok(verifyStateProof(tree.root, victim, victim, proveKey(tree.read, victim)));
});
