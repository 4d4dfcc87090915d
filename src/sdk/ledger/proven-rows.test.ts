import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeGenesis, realChecks } from '../../../test/builders.ts';
import { accepted, hospitals, startMs } from '../../../test/ledger-series.ts';
import { headerOf } from '../../../test/signed-headers.ts';
import { textOfBytes } from '../../api/message-parts.ts';
import { sha256 } from '../../crypto/hash.ts';
import { openLedgerApplication } from '../../engines/ledger-application/open.ts';
import { decodeTx } from '../../ledger/codec.ts';
import { anchorRowId } from '../../ledger/tables/anchors.ts';
import { batches } from '../../ledger/tables/batches.ts';
import { hexToBytes, utf8 } from '../../primitives/bytes.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { ProvenRows } from './proven-rows.ts';

/** A row that the second block made, as a hospital proves it after the first block and after the second. */
const folder = mkdtempSync(join(tmpdir(), 'salus-rows-'));
const genesis = await makeGenesis(hospitals, startMs);
const application = await openLedgerApplication({
  ...{ path: join(folder, 'state.db'), genesis, verify: realChecks },
});
after(() => {
  application.close();
  rmSync(folder, { recursive: true, force: true });
});
const made = accepted[1] ?? assert.fail();
const { sender, acts } = decodeTx(made).body;
const [act] = acts;
const id = anchorRowId(sender, act?.kind === 'BatchAnchor' ? act.root : assert.fail());
const appHashes = [application.info().appHash];
const answers: object[] = [];
for (const [at, txs] of [accepted.slice(0, 1), [made]].entries()) {
  const block = { height: at + 1, timeMs: startMs + at + 1, txs };
  appHashes.push((await application.finalizeBlock(block)).appHash);
  application.commit();
  const { height, value, proof } = application.query(
    'batches',
    hexToBytes(id) ?? assert.fail(),
    true,
  );
  const told = value === undefined ? null : textOfBytes(value);
  answers.push({ height, value: told, proof: textOfBytes(proof ?? assert.fail()) });
}
const [before, since] = answers;

function rowsOf(...told: readonly (object | undefined)[]) {
  let asked = 0;
  const fetch = async () => Response.json(told[Math.min(asked++, told.length - 1)]);
  const plain = new GatewayClient(new Http('http://shown', { fetch, retryDelaysMs: [] }));
  const header = async (height: number) =>
    headerOf(height, [], {
      appHash: appHashes[height - 1] ?? assert.fail(),
      dataHash: sha256(utf8('transactions')),
    });
  const tip = { height: 1 } as ProvenRowsTip;
  const rows = new ProvenRows({ plain, signedIn: undefined }, { tip, header }, Date.now);
  return { rows, asked: () => asked };
}
type ProvenRowsTip = ConstructorParameters<typeof ProvenRows>[1]['tip'];

test('a row that another hospital showed is waited for until one’s own has its block', async () => {
  const { rows, asked } = rowsOf(before, since);
  assert.equal((await rows.row(batches, id, { since: 2 }))?.height, 2);
  assert.equal(asked(), 2);
});

test('a hospital that stays behind is no liar: COMMIT_TIMEOUT', async () => {
  const { rows } = rowsOf(before);
  await assert.rejects(rows.row(batches, id, { since: 2 }), { code: 'COMMIT_TIMEOUT' });
});

test('what is not there after the block that was shown, or was not asked for since one, is not there', async () => {
  assert.equal(await rowsOf(before).rows.row(batches, id, { since: 1 }), undefined);
  assert.equal(await rowsOf(before).rows.row(batches, id), undefined);
});
