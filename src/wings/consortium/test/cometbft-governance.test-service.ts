import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  chainId,
  makeBody,
  makePerson,
  type Person,
  realChecks,
  signTx,
} from '../../../../test/builders.ts';
import { makeNetwork } from '../../../../test/services/cometbft/network.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { signingKeyFromSeed, verifyVote } from '../../../crypto/signature.ts';
import type { CometEngine } from '../../../engines/cometbft/comet-engine.ts';
import { findCometBft } from '../../../engines/cometbft/node.ts';
import { verifyConsortiumLedger } from '../../../engines/cometbft/verify-ledger.ts';
import { openLedgerApplication } from '../../../engines/ledger-application/open.ts';
import { decodeHeader } from '../../../ledger/chain/header.ts';
import { verifyReceipt } from '../../../ledger/chain/receipt.ts';
import { defaultGenesis } from '../../../ledger/genesis.ts';
import { type Act, foundingLogs } from '../../../ledger/protocol.ts';
import { organisationRights } from '../../../ledger/rights.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { proposalId } from '../ledger/acts/gov-propose.ts';
import type { Change } from '../ledger/changes.ts';

const program = findCometBft([process.env.SALUS_SERVICE ?? '']);
const startMs = Date.now();
const untilMs = startMs + 3_600_000;
const patience = 30_000;
const hospitals = await Promise.all(
  ['anna', 'bern', 'chur', 'davos'].map((name) => makePerson(name, 'organisation')),
);
const nonces = new Map<Person, number>();

async function send(engine: CometEngine, from: Person, act: Act): Promise<Uint8Array> {
  const nonce = (nonces.get(from) ?? 0) + 1;
  nonces.set(from, nonce);
  const tx = await signTx(makeBody(from.account, nonce, untilMs, [act]), from.key);
  const { code, txId } = await engine.submit(tx);
  assert.equal(code, 0);
  const { result } = await engine.waitCommit(txId, patience);
  assert.equal(result.code, 0);
  return engine.receipt(txId, patience);
}

/** Proposed by the first, and with the votes of two more made. */
async function decide(engine: CometEngine, change: Change, number: number): Promise<Uint8Array> {
  const [first, second, third] = hospitals;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await send(engine, first, { kind: 'GovPropose', number, change });
  const proposal = proposalId({ number, change }, { chainId, sender: first.account });
  await send(engine, second, { kind: 'GovVote', proposal, yes: true });
  return send(engine, third, { kind: 'GovVote', proposal, yes: true });
}

async function validatorsAt(engine: CometEngine, height: number): Promise<readonly string[]> {
  const { validators } = await engine.signedHeader(height);
  return validators.map(({ publicKey }) => bytesToHex(publicKey)).sort();
}

test('members vote a validator out and in; receipts, light clients and verification follow', {
  timeout: 180_000,
}, async () => {
  const organisations = hospitals.map(({ identity }, i) => ({
    ...{ identity, name: `hospital ${i}`, url: `https://hospital-${i}.example/h${i}` },
    rights: organisationRights,
  }));
  const spare = await signingKeyFromSeed(sha256(utf8('replaced by the network')));
  const validators = [{ publicKey: spare.publicKey, power: 10 }];
  const chosen = { chainId, timeMs: startMs, organisations, validators };
  const template = defaultGenesis(chosen, foundingLogs);
  const { members, remove } = await makeNetwork(template, { count: 4, program });
  try {
    await Promise.all(members.map((it) => it.startNode()));
    const [first, , , last] = members;
    assert.ok(first !== undefined && last !== undefined);
    const engine = await first.startEngine();
    const trustRoot = await engine.trustRoot();
    const [own, davos] = [last.validatorKey, hospitals[3]];
    assert.ok(davos !== undefined);
    const early = await decide(engine, { kind: 'validator-out', publicKey: own }, 1);
    const { height } = await verifyReceipt(early, trustRoot, verifyVote);
    // In force two heights later: heartbeats come too seldom to wait for.
    for (const number of [7, 8]) {
      const change: Change = {
        kind: 'validator-in',
        organisation: davos.account,
        publicKey: spare.publicKey,
      };
      await send(engine, hospitals[0] ?? assert.fail(), { kind: 'GovPropose', number, change });
    }
    assert.equal((await validatorsAt(engine, height + 1)).length, 4);
    const three = await validatorsAt(engine, height + 2);
    assert.equal(three.length, 3);
    assert.ok(!three.includes(bytesToHex(own)));
    // Three of three go on without the fourth.
    await last.stop();
    const back: Change = { kind: 'validator-in', organisation: davos.account, publicKey: own };
    const receipt = await decide(engine, back, 2);
    const verdict = await verifyReceipt(receipt, trustRoot, verifyVote);
    assert.equal(verdict.vouchedBy, '3 of 3 validators');
    await last.startNode();
    const other = await last.startEngine();
    let again = receipt;
    for (const number of [9, 10, 11]) {
      const profile: Change = { kind: 'validator-out', publicKey: own };
      again = await send(engine, hospitals[1] ?? assert.fail(), {
        kind: 'GovPropose',
        number,
        change: profile,
      });
    }
    const later = await verifyReceipt(again, trustRoot, verifyVote);
    assert.equal(later.validatorsTotal, 4);
    assert.deepEqual(await validatorsAt(engine, verdict.height + 2), await validatorsAt(engine, 1));
    const tip = Math.min(engine.status().height, other.status().height);
    for (let at = 1; at <= tip; at++) {
      const [mine, theirs] = [await engine.signedHeader(at), await other.signedHeader(at)];
      assert.deepEqual(decodeHeader(mine.header), decodeHeader(theirs.header));
    }
    await first.stop();
    const verified = await verifyConsortiumLedger({
      directory: first.folder,
      openApplication: (folder) =>
        openLedgerApplication({
          ...{ path: join(folder, 'state.db'), genesis: first.genesisBytes, verify: realChecks },
        }),
      verifyVote,
      trustRoot,
    });
    assert.ok(verified.ok, JSON.stringify(verified));
    for (const member of members) assert.deepEqual(member.troubles, []);
  } finally {
    await remove();
  }
});
