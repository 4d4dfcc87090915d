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
import { emptyRoot } from '../../ledger/chain/commit.ts';
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

const rowsOf = (...told: readonly (object | undefined)[]) => rowsFrom({ told });

function rowsFrom({
  told,
  empty = [],
  isSignedIn = false,
  now = () => 0,
}: {
  readonly told: readonly (object | undefined)[];
  /** Heights of blocks without a transaction. */
  readonly empty?: readonly number[];
  readonly isSignedIn?: boolean;
  readonly now?: () => number;
}) {
  let asked = 0;
  const fetch = async () => Response.json(told[Math.min(asked++, told.length - 1)]);
  const plain = new GatewayClient(new Http('http://shown', { fetch, retryDelaysMs: [] }));
  const session = { token: async () => 'token', drop: () => {} };
  const signedIn = isSignedIn ? plain.as(session) : undefined;
  const header = async (height: number) =>
    headerOf(height, [], {
      appHash: appHashes[height - 1] ?? assert.fail(),
      dataHash: empty.includes(height) ? emptyRoot : sha256(utf8('transactions')),
    });
  const tip = { height: 1 } as ProvenRowsTip;
  const rows = new ProvenRows({ plain, signedIn }, { tip, header }, now);
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

const wanted = [{ table: batches, id }];

test('rows in one call are shown to stand until the block whose header proves them, and longer where that is empty', async () => {
  const told = [{ answers: [since] }];
  const busy = await rowsFrom({ told, isSignedIn: true }).rows.together(wanted);
  assert.deepEqual([busy.get(batches, id)?.height, busy.until], [2, 2]);
  const calm = await rowsFrom({ told, empty: [3], isSignedIn: true }).rows.together(wanted);
  assert.deepEqual([calm.get(batches, id)?.height, calm.until], [2, 3]);
});

test('what an answer had no room for is asked for again, and the oldest says how long all of them stand', async () => {
  const other = anchorRowId(sender, new Uint8Array(32));
  const both = [...wanted, { table: batches, id: other }];
  const { rows, asked } = rowsFrom({
    told: [{ answers: [before] }, { answers: [{ ...since, value: null }] }],
    isSignedIn: true,
  });
  // The second is no proof of that other row.
  await assert.rejects(rows.together(both), { code: 'PROOF_INVALID' });
  assert.equal(asked(), 2);
});

test('a row that was not asked for is no absent one: INTERNAL', async () => {
  const { rows } = rowsFrom({ told: [{ answers: [before] }], isSignedIn: true });
  const seen = await rows.together(wanted);
  assert.equal(seen.get(batches, id), undefined);
  assert.throws(() => seen.get(batches, '00'), { code: 'INTERNAL' });
});

test('rows of a block that is older than ten minutes: LEDGER_OLD', async () => {
  const { rows } = rowsFrom({ told: [{ answers: [since] }], isSignedIn: true, now: Date.now });
  await assert.rejects(rows.together(wanted), { code: 'LEDGER_OLD' });
});

test('more answers than rows: GATEWAY_LIED; without a session: UNAUTHENTICATED', async () => {
  const { rows } = rowsFrom({ told: [{ answers: [before, before] }], isSignedIn: true });
  await assert.rejects(rows.together(wanted), { code: 'GATEWAY_LIED' });
  await assert.rejects(rowsOf(before).rows.together(wanted), { code: 'UNAUTHENTICATED' });
});
