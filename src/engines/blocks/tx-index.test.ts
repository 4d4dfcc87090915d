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
          index.committed(height, blocks[height - 1] ?? []);
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
        const ids = idsOf(blocks.length + 1, txs);
        blocks.push(ids);
        index.committed(blocks.length, ids);
      }
      for (const [at, ids] of blocks.entries()) {
        for (const [place, id] of ids.entries()) {
          const { height, index: found } = index.find(id) ?? {};
          assert.deepEqual([height, found], [at + 1, place]);
        }
      }
      assert.equal(index.count(), blocks.flat().length);
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
    index.committed(height, idsOf(height, 3));
    const written = Number(database.prepare('SELECT count(*) AS n FROM txs').get()?.n);
    assert.ok(3 * height - written <= 3 * layerSize, `${written} of ${3 * height}`);
  }
  database.close();
});
