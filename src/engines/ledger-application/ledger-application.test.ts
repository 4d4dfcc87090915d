import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  chainId,
  makeBody,
  makeGenesis,
  makePerson,
  realChecks,
  signTx,
} from '../../../test/builders.ts';
import { consentOf, day, keySetAct, t0 } from '../../../test/world.ts';
import { sha256 } from '../../crypto/hash.ts';
import { txIdOfBytes } from '../../ledger/codec.ts';
import { isConsistent, isIncluded, leafHash } from '../../ledger/merkle.ts';
import type { Act } from '../../ledger/protocol.ts';
import { type RefusalCode, refusalNumber } from '../../ledger/refusals.ts';
import { verifyStateAnswer } from '../../ledger/state-proof.ts';
import { decodeRow } from '../../ledger/table.ts';
import { accounts } from '../../ledger/tables/accounts.ts';
import { isCoded } from '../../primitives/errors.ts';
import { idBytes } from '../../primitives/ids.ts';
import { type LedgerApplication, openLedgerApplication } from './open.ts';
import type { SignatureChecks } from './verify-tx.ts';

const hospital = await makePerson('hospital', 'organisation');
const ana = await makePerson('ana', 'patient', hospital.account);
const genesis = await makeGenesis([hospital], t0);
const folder = mkdtempSync(join(tmpdir(), 'salus-ledger-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const freshPath = () => join(folder, `state-${files++}.db`);
const open = (path = freshPath(), verify: SignatureChecks = realChecks) =>
  openLedgerApplication({ path, genesis, verify });

const enrolAna: Act = {
  kind: 'Enrol',
  identity: ana.identity,
  role: 'patient',
  credentialHash: new Uint8Array(32),
};
const grant: Act = {
  kind: 'ConsentGrant',
  consent: consentOf('one'),
  bodyHash: sha256(),
  notBeforeMs: t0,
  notAfterMs: t0 + day,
  writeKey: new Uint8Array(0),
};
const byHospital = (nonce: number, ...acts: readonly Act[]) =>
  signTx(makeBody(hospital.account, nonce, t0 + day, acts), hospital.key);
const byAna = (nonce: number, ...acts: readonly Act[]) =>
  signTx(makeBody(ana.account, nonce, t0 + day, acts), ana.key);

async function runBlock(app: LedgerApplication, txs: readonly Uint8Array[]) {
  const height = app.info().height + 1;
  const output = await app.finalizeBlock({ height, timeMs: t0 + height * 1_000, txs });
  app.commit();
  return output;
}

const number = (code: RefusalCode) => refusalNumber(code);

test('a state is answered with a proof that leads to the app hash, of presence and of absence', async () => {
  const app = await open();
  await runBlock(app, [await byHospital(1, enrolAna)]);
  await runBlock(app, [await byAna(1, grant, keySetAct(0))]);
  const { appHash, height } = app.info();
  assert.equal(height, 2);
  for (const [table, id, isThere] of [
    ['accounts', idBytes(ana.account), true],
    ['consents', idBytes(consentOf('one')), true],
    ['consents', idBytes(consentOf('two')), false],
    ['no-such-table', idBytes(ana.account), false],
  ] as const) {
    const { value, proof } = app.query(table, id, true);
    assert.equal(value !== undefined, isThere);
    assert.ok(proof);
    verifyStateAnswer(appHash, { table, id }, value, proof);
    const lie = value === undefined ? sha256() : undefined;
    assert.throws(
      () => verifyStateAnswer(appHash, { table, id }, lie, proof),
      (error) => isCoded(error, 'PROOF_INVALID'),
    );
  }
  const row = app.query('accounts', idBytes(ana.account), false);
  assert.equal(row.proof, undefined);
  assert.equal(decodeRow(accounts, row.value ?? sha256()).role, 'patient');
  app.close();
});

test('an empty block leaves the app hash as it was', async () => {
  const app = await open();
  const before = app.info().appHash;
  const { appHash } = await runBlock(app, []);
  assert.deepEqual(appHash, before);
  await runBlock(app, [await byHospital(1, enrolAna)]);
  const changed = app.info().appHash;
  assert.notDeepEqual(changed, before);
  await runBlock(app, []);
  assert.deepEqual(app.info(), { height: 3, appHash: changed });
  app.close();
});

test('a finalized block that is not committed leaves no trace, and may be finalized again', async () => {
  const path = freshPath();
  const app = await open(path);
  const tx = await byHospital(1, enrolAna);
  const block = { height: 1, timeMs: t0 + 1_000, txs: [tx] };
  const before = app.info();
  const first = await app.finalizeBlock(block);
  assert.deepEqual(app.info(), before);
  assert.equal(app.query('accounts', idBytes(ana.account), false).value, undefined);
  const again = await app.finalizeBlock(block);
  assert.deepEqual(again, first);
  app.close();

  const reopened = await open(path);
  assert.deepEqual(reopened.info(), before);
  const redone = await reopened.finalizeBlock(block);
  assert.deepEqual(redone, first);
  reopened.commit();
  assert.deepEqual(reopened.info(), { height: 1, appHash: first.appHash });
  reopened.close();
});

test('a redo with another block starts from the committed state', async () => {
  const app = await open();
  await app.finalizeBlock({ height: 1, timeMs: t0 + 1_000, txs: [await byHospital(1, enrolAna)] });
  const empty = await app.finalizeBlock({ height: 1, timeMs: t0 + 1_000, txs: [] });
  app.commit();
  assert.deepEqual(app.info(), { height: 1, appHash: empty.appHash });
  const { results } = await runBlock(app, [await byHospital(1, enrolAna)]);
  assert.equal(results[0]?.code, 0);
  app.close();
});

test('a replay of the same blocks gives the same results and app hash at every height', async () => {
  const blocks = [
    [await byHospital(1, enrolAna), Uint8Array.of(1, 2, 3)],
    [],
    [await byAna(1, grant, keySetAct(0)), await byAna(1, grant), await byHospital(2, enrolAna)],
  ];
  const run = async () => {
    const app = await open();
    const outputs = [];
    for (const txs of blocks) outputs.push(await runBlock(app, txs));
    app.close();
    return outputs;
  };
  const once = await run();
  assert.deepEqual(await run(), once);
  assert.deepEqual(
    once.map(({ results }) => results.map(({ code }) => code)),
    [[0, number('TX_UNDECODABLE')], [], [0, number('NONCE_USED'), number('ACCOUNT_EXISTS')]],
  );
});

for (const stateLayer of [1, 7, 40, 10_000]) {
  test(`a state that a crash left behind goes on to the same hashes, ${stateLayer} changes a layer`, async () => {
    const trusting: SignatureChecks = { signature: async () => true, pointProof: () => true };
    const openAt = (path: string) =>
      openLedgerApplication({ path, genesis, verify: trusting, gathered: { stateLayer } });
    const path = freshPath();
    const app = await openAt(path);
    const blocks = [[await byHospital(1, enrolAna)]];
    for (let n = 1; n <= 12; n++) {
      const consents = [2 * n, 2 * n + 1].map((i) => ({ ...grant, consent: consentOf(`c${i}`) }));
      blocks.push(n % 5 === 0 ? [] : [await byAna(n, ...consents), await byAna(n, grant)]);
    }
    const hashes = [app.info().appHash];
    const crashes = [];
    for (const txs of blocks) {
      hashes.push((await runBlock(app, txs)).appHash);
      const crash = freshPath();
      for (const end of ['', '-wal']) {
        if (existsSync(path + end)) cpSync(path + end, crash + end);
      }
      crashes.push(crash);
    }
    const committed = app.query('consents', idBytes(consentOf('c4')), true);
    app.close();

    const lags = [];
    for (const [index, crash] of crashes.entries()) {
      const after = await openAt(crash);
      const { height, appHash } = after.info();
      lags.push(index + 1 - height);
      assert.deepEqual(appHash, hashes[height]);
      for (const txs of blocks.slice(height)) {
        const output = await runBlock(after, txs);
        assert.deepEqual(output.appHash, hashes[after.info().height]);
      }
      assert.deepEqual(after.query('consents', idBytes(consentOf('c4')), true), committed);
      after.close();
    }
    assert.ok(lags.every((lag) => lag >= 0));
    if (stateLayer > 1) assert.ok(lags.some((lag) => lag > 0));

    const closed = await openAt(path);
    assert.deepEqual(closed.info(), { height: blocks.length, appHash: hashes.at(-1) });
    closed.close();
  });
}

test('blocks must follow one another, and only a finalized one is committed', async () => {
  const app = await open();
  assert.throws(() => app.commit());
  await runBlock(app, []);
  await assert.rejects(app.finalizeBlock({ height: 3, timeMs: t0, txs: [] }));
  await assert.rejects(app.finalizeBlock({ height: 1, timeMs: t0, txs: [] }));
  app.close();
});

test('a file of another genesis is not opened', async () => {
  const path = freshPath();
  (await open(path)).close();
  const other = await makeGenesis([hospital], t0 + 1);
  await assert.rejects(
    openLedgerApplication({ path, genesis: other, verify: realChecks }),
    (error) => isCoded(error, 'HOME_INVALID'),
  );
});

test('a genesis whose organisations did not sign it is not opened', async () => {
  const forged = await makePerson('hospital', 'organisation', ana.account);
  await assert.rejects(
    openLedgerApplication({
      path: freshPath(),
      genesis: await makeGenesis([forged], t0),
      verify: realChecks,
    }),
    (error) => isCoded(error, 'IDENTITY_WRONG'),
  );
});

test('CheckTx refuses what no block would take, before and after looking at signatures', async () => {
  const app = await open();
  await runBlock(app, [await byHospital(1, enrolAna)]);
  const signed = await byAna(1, grant);
  const broken = signed.slice();
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  const stranger = await makePerson('bob', 'patient', hospital.account);
  const misenrolled = await makePerson('carl', 'clinician', hospital.account);
  const wrongRole = { ...enrolAna, identity: misenrolled.identity };
  for (const [name, tx, nowMs, expected] of [
    ['garbage', Uint8Array.of(0xff), t0, number('TX_UNDECODABLE')],
    ['too large', new Uint8Array(65_537), t0, number('TX_TOO_LARGE')],
    ['expired', signed, t0 + day + 1, number('EXPIRED')],
    ['valid too long', signed, t0 - 1, number('TOO_FAR')],
    [
      'a stranger',
      await signTx(makeBody(stranger.account, 1, t0 + day, [grant]), stranger.key),
      t0,
      number('SENDER_UNKNOWN'),
    ],
    [
      "somebody else's key",
      await signTx(makeBody(ana.account, 1, t0 + day, [grant]), stranger.key),
      t0,
      number('KEY_NOT_CURRENT'),
    ],
    ['a used nonce', await byHospital(1, enrolAna), t0, number('NONCE_USED')],
    ['a broken signature', broken, t0, number('SIGNATURE_WRONG')],
    ['an identity of another role', await byHospital(2, wrongRole), t0, number('IDENTITY_WRONG')],
    ['a good one', signed, t0, 0],
    ['the same again', signed, t0, 0],
    ['another of the same number', await byAna(1, keySetAct(0)), t0, number('NONCE_USED')],
    [
      'for another chain',
      await signTx({ ...makeBody(ana.account, 2, t0 + day, [grant]), chainId: 'x' }, ana.key),
      t0,
      number('CHAIN_WRONG'),
    ],
  ] as const) {
    assert.equal(await app.checkTx(tx, nowMs), expected, name);
  }
  assert.equal(chainId, 'salus-test-1');
  app.close();
});

test('CheckTx looks at no signature of an act that its sender may not send', async () => {
  let asked = 0;
  const signature: SignatureChecks['signature'] = (required) => {
    asked += 1;
    return realChecks.signature(required);
  };
  const app = await open(freshPath(), { ...realChecks, signature });
  await runBlock(app, [await byHospital(1, enrolAna)]);
  asked = 0;
  const approval = { organisation: hospital.account, signKey: hospital.key.publicKey };
  const approvals = Array.from({ length: 450 }, () => ({
    ...approval,
    signature: new Uint8Array(64),
  }));
  const profile: Act = {
    ...{ kind: 'LogProfile', profile: 'user', acts: [1, 2, 3, 11], version: 1, fromHeight: 9 },
    approvals,
  };
  assert.equal(await app.checkTx(await byAna(1, profile), t0), number('ROLE_WRONG'));
  assert.equal(await app.checkTx(await byAna(1, enrolAna), t0), number('ROLE_WRONG'));
  assert.equal(asked, 0);
  assert.equal(await app.checkTx(await byHospital(2, profile), t0), number('SIGNATURE_WRONG'));
  app.close();
});

test('a sender has 200 transactions in flight at most, and room again once they are committed', async () => {
  const trusting: SignatureChecks = { signature: async () => true, pointProof: () => true };
  const app = await open(freshPath(), trusting);
  const txs = [];
  for (let nonce = 1; nonce <= 201; nonce++) {
    txs.push(await byHospital(nonce, { kind: 'RevokeKey', account: ana.account }));
  }
  const codes = [];
  for (const tx of txs) codes.push(await app.checkTx(tx, t0));
  assert.deepEqual(codes, [...new Array<number>(200).fill(0), number('SENDER_BUSY')]);
  await runBlock(app, txs.slice(0, 1));
  assert.equal(await app.checkTx(txs[200] ?? sha256(), t0), 0);
  app.close();
});

test('what no block could be made of makes room for others, also under the same number', async () => {
  const trusting: SignatureChecks = { signature: async () => true, pointProof: () => true };
  const app = await open(freshPath(), trusting);
  const first = await byHospital(1, { kind: 'RevokeKey', account: ana.account });
  const second = await byHospital(1, enrolAna);
  assert.equal(await app.checkTx(first, t0), 0);
  assert.equal(await app.checkTx(second, t0), number('NONCE_USED'));
  app.dropTxs?.([first]);
  assert.equal(await app.checkTx(second, t0), 0);
  app.close();
});

test('what CheckTx verified is not verified again in its block', async () => {
  let checks = 0;
  const counting: SignatureChecks = {
    ...realChecks,
    signature: (required) => {
      checks++;
      return realChecks.signature(required);
    },
  };
  const app = await open(freshPath(), counting);
  const tx = await byHospital(1, enrolAna);
  checks = 0;
  assert.equal(await app.checkTx(tx, t0), 0);
  assert.equal(checks, 2);
  const { results } = await runBlock(app, [tx]);
  assert.equal(results[0]?.code, 0);
  assert.equal(checks, 2);
  app.close();
});

test('a wrongly signed transaction in a block is refused and changes nothing', async () => {
  const app = await open();
  const before = app.info().appHash;
  const tx = await byHospital(1, enrolAna);
  tx[tx.length - 1] = (tx.at(-1) ?? 0) ^ 1;
  const { results, appHash } = await runBlock(app, [tx]);
  assert.equal(results[0]?.code, number('SIGNATURE_WRONG'));
  assert.deepEqual(appHash, before);
  app.close();
});

test('accepted transactions are proven to be in their log, refused ones are not in it', async () => {
  const app = await open();
  const enrol = await byHospital(1, enrolAna);
  const refused = await byHospital(2, enrolAna);
  const granted = await byAna(1, grant);
  await runBlock(app, [enrol, refused]);
  const earlier = app.logHead('user');
  await runBlock(app, [granted]);
  const head = app.logHead('user');
  assert.deepEqual([earlier.size, head.size, app.logHead('doc').size], [1, 2, 0]);
  const leaf = leafHash(idBytes(txIdOfBytes(granted)));
  assert.ok(isIncluded(leaf, 1, 2, app.logInclusion('user', 1, 2), head.root));
  assert.ok(isConsistent(earlier, head, app.logConsistency('user', 1, 2)));
  assert.throws(
    () => app.logInclusion('user', 2, 3),
    (error) => isCoded(error, 'HEIGHT_UNKNOWN'),
  );
  app.close();
});
