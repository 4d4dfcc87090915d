import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statBatches } from '../../ledger/tables/stat-batches.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import { DataServer } from '../../node/data-server.ts';
import type { LedgerRows } from '../../node/data-server-base.ts';
import { sealed } from '../tampering/tampered-stores.ts';

const minuteMs = 60_000;

test('a server whose gateway shows it a ledger of before is not tampered with; what the ledger lacks ten minutes later is', async (t) => {
  const { three } = await sealed(t);
  const { base } = three.server(0);
  // As after a restart beside a gateway that joins anew.
  const before: LedgerRows = {
    chainId: base.ledger.chainId,
    receipt: (bytes) => base.ledger.receipt(bytes),
    async row<Row>(table: { readonly name: string }, id: string): Promise<Row | undefined> {
      if (table.name === statBatches.name) return undefined;
      const row = await base.ledger.row(table as never, id);
      return (table.name === statTrios.name ? { ...(row as object), newestBatch: 0 } : row) as
        | Row
        | undefined;
    },
  };
  let nowMs = 1_000;
  const scrubClock = { nowMs: () => nowMs, spentMs: () => 0 };
  const server = new DataServer({ ...base, ledger: before, scrubClock });
  assert.deepEqual((await server.tampering.fullScrub('read')).bad, []);
  assert.deepEqual(server.tampering.quarantines(), []);
  nowMs += 10 * minuteMs;
  const { bad } = await server.tampering.fullScrub('read');
  assert.deepEqual(
    bad.map(({ table, bound }) => [table, bound]),
    [['batches', 'ledger root']],
  );
  // One that the ledger has is held to it from the first moment on.
  const other: LedgerRows = {
    ...before,
    async row<Row>(table: { readonly name: string }, id: string): Promise<Row | undefined> {
      const row = await base.ledger.row(table as never, id);
      if (table.name !== statBatches.name || row === undefined) return row as Row | undefined;
      return { ...(row as object), root: new Uint8Array(32) } as Row;
    },
  };
  const anew = new DataServer({ ...base, ledger: other, scrubClock });
  assert.equal((await anew.tampering.scrub.round(64)).bad.length, 1);
});
