import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Response } from 'cosmjs-types/tendermint/abci/types';
import { verifyVote } from '../../../src/crypto/signature.ts';
import type { Answer } from '../../../src/engines/cometbft/abci/server.ts';
import type { CometEngine } from '../../../src/engines/cometbft/comet-engine.ts';
import { findCometBft } from '../../../src/engines/cometbft/node.ts';
import { verifyConsortiumLedger } from '../../../src/engines/cometbft/verify-ledger.ts';
import { openLedgerApplication } from '../../../src/engines/ledger-application/open.ts';
import { verifyReceipt } from '../../../src/ledger/chain/receipt.ts';
import { parseGenesis } from '../../../src/ledger/genesis.ts';
import { refusalOf } from '../../../src/ledger/refusals.ts';
import { makeGenesis, realChecks } from '../../builders.ts';
import { accepted, hospitals, startMs } from '../../ledger-series.ts';
import { makeNetwork } from './network.ts';

const program = findCometBft([process.env.SALUS_SERVICE ?? '']);
const patienceMs = 30_000;

/** Proposes what was in blocks before once more. */
function repeating(honest: Answer): Answer {
  const seen = new Map<string, Uint8Array>();
  return async (request) => {
    const response = await honest(request);
    for (const tx of request.finalizeBlock?.txs ?? []) seen.set(tx.join(), tx);
    const { prepareProposal } = response;
    if (prepareProposal === undefined) return response;
    const txs = [...seen.values(), ...prepareProposal.txs];
    return Response.fromPartial({ prepareProposal: { txs } });
  };
}

test('what a liar brings again is refused, and stands where it stood first: receipts and verification hold', {
  timeout: 120_000,
}, async () => {
  const template = parseGenesis(await makeGenesis(hospitals, startMs));
  const { members, remove } = await makeNetwork(template, { count: 1, program });
  const [member] = members;
  assert.ok(member !== undefined);
  member.around = repeating;
  try {
    await member.startNode();
    let engine: CometEngine = await member.startEngine();
    const trustRoot = await engine.trustRoot();
    const send = async (tx: Uint8Array | undefined) => {
      const { txId } = await engine.submit(tx ?? assert.fail());
      return engine.waitCommit(txId, patienceMs);
    };
    const first = await send(accepted[0]);
    const second = await send(accepted[1]);
    const { txs, results } = await engine.block(second.height);
    assert.equal(txs.length, 2);
    assert.equal(refusalOf(results[0]?.code ?? 0)?.code, 'NONCE_USED');
    const holds = async () => {
      assert.deepEqual(await engine.waitCommit(first.txId, patienceMs), first);
      const receipt = await engine.receipt(first.txId, patienceMs);
      const { height } = await verifyReceipt(receipt, trustRoot, verifyVote);
      assert.equal(height, first.height);
    };
    await holds();
    // From the file, and from the blocks that are read again at the start.
    await member.stop();
    await member.startNode();
    engine = await member.startEngine();
    await holds();
    await member.stop();
    const verified = await verifyConsortiumLedger({
      directory: member.folder,
      openApplication: (folder) =>
        openLedgerApplication({
          ...{ path: join(folder, 'state.db'), genesis: member.genesisBytes, verify: realChecks },
        }),
      verifyVote,
      trustRoot,
    });
    assert.ok(verified.ok, JSON.stringify(verified));
  } finally {
    await remove();
  }
});
