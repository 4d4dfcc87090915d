import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../crypto/hash.ts';
import { utf8 } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import type { LogHead } from './app-hash.ts';
import { appendToLog, emptyLog, logConsistency, logInclusion, logRoot } from './log-tree.ts';
import { isConsistent, isIncluded, leafHash, merkleRoot, merkleTree } from './merkle.ts';

const leafOf = (index: number) => leafHash(utf8(`tx ${index}`));
const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafOf(index));

class Log {
  readonly tiles = new Map<string, Uint8Array>();
  head: LogHead = emptyLog;
  readonly read = (level: number, index: number) => this.tiles.get(`${level}/${index}`);
  append(count: number): LogHead {
    const leaves = Array.from({ length: count }, (_, i) => leafOf(this.head.size + i));
    const { head, tiles } = appendToLog(this.read, this.head, leaves);
    for (const { level, index, hashes } of tiles) this.tiles.set(`${level}/${index}`, hashes);
    this.head = head;
    return head;
  }
}

test('the root equals the one over the whole list, however the leaves arrived', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(70), { maxLength: 12 }), (steps) => {
      const log = new Log();
      for (const step of steps) {
        const { size, root } = log.append(step);
        assert.deepEqual(root, merkleRoot(leavesOf(size)));
      }
    }),
    { numRuns: 60 },
  );
});

test('at any size up to now a leaf is proven by the same path as in the whole list', () => {
  const log = new Log();
  log.append(600);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(599), (size, at) => {
      const index = at % size;
      const path = logInclusion(log.read, index, size);
      assert.deepEqual(path, merkleTree(leavesOf(size)).path(index));
      assert.ok(isIncluded(leafOf(index), index, size, path, logRoot(log.read, size)));
    }),
    { numRuns: 100 },
  );
});

test('between any two sizes the older log is proven a beginning of the newer', () => {
  const log = new Log();
  log.append(300);
  const headAt = (size: number): LogHead => ({ size, root: logRoot(log.read, size) });
  for (let to = 1; to <= 300; to += to < 40 ? 1 : 13) {
    for (let from = 1; from <= to; from++) {
      const proof = logConsistency(log.read, from, to);
      assert.ok(isConsistent(headAt(from), headAt(to), proof), `${from} -> ${to}`);
      const forged = { size: from, root: sha256(utf8('another past')) };
      assert.ok(!isConsistent(forged, headAt(to), proof), `forged ${from} -> ${to}`);
      const future = { size: to, root: sha256(utf8('another future')) };
      assert.ok(!isConsistent(headAt(from), future, proof), `${from} -> forged ${to}`);
      if (proof.length > 0) {
        assert.ok(!isConsistent(headAt(from), headAt(to), proof.slice(1)));
      }
      assert.ok(!isConsistent(headAt(from), headAt(to), [...proof, sha256()]));
    }
  }
});

test('the empty log is a beginning of every log, and no log shrinks', () => {
  const log = new Log();
  const head = log.append(5);
  // Every log grows out of an empty one: such a claim says nothing.
  assert.ok(!isConsistent(emptyLog, head, []));
  assert.ok(isConsistent(head, head, []));
  assert.ok(!isConsistent(head, emptyLog, []));
});

test('a missing tile is a corrupt ledger, not another root', () => {
  const log = new Log();
  log.append(40);
  log.tiles.delete('0/2');
  assert.throws(
    () => logInclusion(log.read, 0, 40),
    (error) => isCoded(error, 'LEDGER_CORRUPT'),
  );
});

test('a block of few transactions touches few tiles', () => {
  const log = new Log();
  log.append(1_000);
  const { tiles } = appendToLog(log.read, log.head, [leafOf(1_000)]);
  assert.ok(tiles.length <= 2);
});
