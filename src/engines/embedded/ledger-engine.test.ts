import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeGenesis, realChecks } from '../../../test/builders.ts';
import { temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import {
  accepted,
  ana,
  byHospital,
  hospitals,
  refused,
  startMs,
} from '../../../test/ledger-series.ts';
import { labelledHash, sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { decodeCommit } from '../../ledger/chain/commit.ts';
import { decodeHeader } from '../../ledger/chain/header.ts';
import { verifySigned, verifyState } from '../../ledger/chain/light-client.ts';
import { attachClaim, verifyReceipt } from '../../ledger/chain/receipt.ts';
import { encodeGenesis, parseGenesis } from '../../ledger/genesis.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf, idBytes } from '../../primitives/ids.ts';
import { describeEngine, type EngineUnderTest } from '../engine.contract.ts';
import { openLedgerApplication } from '../ledger-application/open.ts';
import { engineGenesis, openEmbeddedEngine, validatorKeyOf } from './open.ts';
import { verifyLedger } from './verify.ts';

// The contract and the receipts again with the ledger's own rules and real signatures.
async function openLedger(directory: string) {
  const validator = { publicKey: validatorKeyOf(directory).publicKey, power: 1 };
  const template = parseGenesis(await makeGenesis(hospitals, startMs));
  const genesis = encodeGenesis({ ...template, validators: [validator] });
  const openApplication = (folder = directory) =>
    openLedgerApplication({ path: join(folder, 'state.db'), genesis, verify: realChecks });
  const engine = await openEmbeddedEngine({
    directory,
    genesis: engineGenesis(genesis),
    openApplication: () => openApplication(),
    verifyVote,
    timing: { windowMs: 2, idleWindowMs: 0, proofDelayMs: 0 },
  });
  return { engine, openApplication };
}

async function open(directory: string): Promise<EngineUnderTest> {
  const { engine } = await openLedger(directory);
  return {
    engine,
    trustRoot: await engine.trustRoot(),
    verifyVote,
    accepted: (n) => accepted[n] ?? assert.fail(),
    refused: (n) => refused[n] ?? assert.fail(),
    malformed: utf8('not a transaction'),
    row: { table: 'accounts', key: idBytes(ana.account) },
    async reopen() {
      await engine.close();
      return open(directory);
    },
    async dispose() {
      await engine.close();
      rmSync(directory, { recursive: true });
    },
  };
}

describeEngine('the embedded engine with the ledger', () => open(temporaryLedger()));

test('rows are proven present and absent against a signed header, and the whole ledger verifies', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const { engine, openApplication } = await openLedger(directory);
  const { txId } = await engine.submit(accepted[0] ?? assert.fail());
  const { height } = await engine.waitCommit(txId, 10_000);
  await engine.receipt(txId, 10_000);
  const shown = await engine.signedHeader(height + 1);
  const header = decodeHeader(shown.header);
  const commit = decodeCommit(shown.commit);
  await verifySigned({ header, commit, validators: shown.validators }, engine.chainId, verifyVote);
  for (const account of [ana.account, accountIdOf(sha256(utf8('nobody')))]) {
    const row = { table: 'accounts', id: idBytes(account) };
    const answer = await engine.query(row.table, row.id, { prove: true });
    assert.equal(answer.value !== undefined, account === ana.account);
    assert.equal(verifyState(header, row, answer).asOfHeight, height);
    const lie = { ...answer, value: answer.value === undefined ? utf8('x') : undefined };
    assert.throws(
      () => verifyState(header, row, lie),
      (e) => isCoded(e, 'PROOF_INVALID'),
    );
  }
  const trustRoot = await engine.trustRoot();
  await engine.close();
  const verdict = await verifyLedger({ directory, openApplication, verifyVote, trustRoot });
  assert.equal(verdict.ok, true);
});

test('a receipt of an access log opens to the look it stands for, and to no other', async (t) => {
  const directory = temporaryLedger();
  t.after(() => rmSync(directory, { recursive: true }));
  const { engine } = await openLedger(directory);
  t.after(() => engine.close());
  const salt = sha256(utf8('salt'));
  const signedRequest = utf8('what was asked');
  const entryHash = labelledHash(labels.readEntry, salt, signedRequest);
  const consent = consentIdOf(sha256(utf8('consent')).subarray(0, 16));
  const tx = await byHospital(0, [{ kind: 'AccessLog', entries: [{ consent, entryHash }] }]);
  const { code, txId } = await engine.submit(tx);
  assert.equal(code, 0);
  const receipt = await engine.receipt(txId, 10_000);
  const trustRoot = await engine.trustRoot();
  const claim = { kind: 'entry', act: 0, entry: 0, salt, signedRequest } as const;
  const verdict = await verifyReceipt(attachClaim(receipt, claim), trustRoot, verifyVote);
  assert.equal(verdict.vouchedBy, 'operator');
  assert.equal(verdict.claim?.kind, 'entry');
  for (const wrong of [
    { ...claim, signedRequest: utf8('something else') },
    { ...claim, entry: 1 },
    { ...claim, act: 1 },
  ]) {
    await assert.rejects(
      verifyReceipt(attachClaim(receipt, wrong), trustRoot, verifyVote),
      (e) => isCoded(e, 'RECEIPT_INVALID') && e.details.reason === 'claim',
    );
  }
});
