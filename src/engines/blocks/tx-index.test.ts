import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../crypto/hash.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { TxIndex, txIndexSchema } from './tx-index.ts';

const layerSize = 5;
const idsOf = (height: number, count: number) =>
  Array.from({ length: count }, (_, index) => sha256(utf8(`${height}/${index}`)));

const isRefused = (height: number) => (index: number) => (height + index) % 3 === 0;

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('block'), txs: fc.nat(6) }) },
  // The disk is full: the transaction that should have stored the block is rolled back.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refused'), txs: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash'), txs: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close'), txs: fc.constant(0) }) },
);

test('every transaction is found where it stands, whatever was on disk when the process ended', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const database = new DatabaseSync(':memory:');
      database.exec(txIndexSchema);
      const blocks: Uint8Array[][] = [];
      const open = () => {
        const index = new TxIndex(database, layerSize);
        for (let height = index.indexedHeight + 1; height <= blocks.length; height++) {
          index.committed(height, blocks[height - 1] ?? [], isRefused(height));
        }
        return index;
      };
      let index = open();
      for (const { do: what, txs } of steps) {
        if (what === 'close') {
          index.writeAll();
          assert.equal(index.indexedHeight, blocks.length);
        }
        if (what === 'close' || what === 'crash') {
          index = open();
          continue;
        }
        database.exec('BEGIN');
        index.write(txs);
        if (what === 'refused') {
          database.exec('ROLLBACK');
          continue;
        }
        database.exec('COMMIT');
        // What is refused was in blocks before, as a proposer that lies brings it, or came for the first time.
        const old = blocks.flat();
        const height = blocks.length + 1;
        const ids = idsOf(height, txs).map((id, at) =>
          isRefused(height)(at) ? (old[(7 * height + at) % (2 * old.length)] ?? id) : id,
        );
        blocks.push(ids);
        index.committed(height, ids, isRefused(height));
      }
      for (const [at, ids] of blocks.entries()) {
        for (const [place, id] of ids.entries()) {
          const { height, index: found } = index.find(id) ?? {};
          const first = blocks.findIndex((it) => it.includes(id));
          const isFirst = first === at && ids.indexOf(id) === place;
          const stands = isFirst ? [at + 1, place] : [first + 1, blocks[first]?.indexOf(id)];
          assert.deepEqual([height, found], stands);
        }
      }
      assert.equal(index.count(), new Set(blocks.flat()).size);
      assert.equal(index.find(sha256(utf8('never sent'))), undefined);
      database.close();
    }),
    { numRuns: 300 },
  );
});

test('in memory there are never more than a few layers', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(txIndexSchema);
  const index = new TxIndex(database, layerSize);
  for (let height = 1; height <= 500; height++) {
    index.write(3);
    index.committed(height, idsOf(height, 3), () => false);
    const written = Number(database.prepare('SELECT count(*) AS n FROM txs').get()?.n);
    assert.ok(3 * height - written <= 3 * layerSize, `${written} of ${3 * height}`);
  }
  database.close();
});
