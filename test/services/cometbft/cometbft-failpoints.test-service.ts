import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { CometEngine } from '../../../src/engines/cometbft/comet-engine.ts';
import { findCometBft, rpcUrlOf } from '../../../src/engines/cometbft/node.ts';
import { CometRpc } from '../../../src/engines/cometbft/rpc/rpc.ts';
import { decodeHeader, headerHashBytes } from '../../../src/ledger/chain/header.ts';
import { parseGenesis } from '../../../src/ledger/genesis.ts';
import { bytesToHex } from '../../../src/primitives/bytes.ts';
import { makeGenesis } from '../../builders.ts';
import { accepted, hospitals, startMs } from '../../ledger-series.ts';
import { type Member, makeNetwork } from './network.ts';

const program = findCometBft([process.env.SALUS_SERVICE ?? '']);
/** CometBFT ends itself at the n-th passage of ten marked places; one block passes each of them once. */
const passages = 40;
const patienceMs = 30_000;
const hasEnded = ({ troubles }: Member) => troubles.some((it) => String(it).includes('ended'));

/** Runs the node until it ends itself at this passage, with something to order all the time. */
async function runInto(member: Member, passage: number, next: () => Uint8Array): Promise<void> {
  process.env.FAIL_TEST_INDEX = String(passage);
  try {
    // It may come to its end before it answers for the first time.
    await member.startNode().catch(() => undefined);
    const rpc = new CometRpc(rpcUrlOf(member.home));
    const deadline = performance.now() + patienceMs;
    while (!hasEnded(member)) {
      assert.ok(performance.now() < deadline, `the node did not come to passage ${passage}`);
      const tx = Buffer.from(next()).toString('base64');
      await rpc.ask('broadcast_tx_sync', { tx }).catch(() => undefined);
      for (let time = 0; time < 20 && !hasEnded(member); time++) await wait(25);
    }
  } finally {
    delete process.env.FAIL_TEST_INDEX;
    await member.stop();
    member.troubles.length = 0;
  }
}

/** A block's hash, and the state before it, which it names. */
async function blockAt(engine: CometEngine, height: number): Promise<readonly [string, string]> {
  const header = decodeHeader((await engine.signedHeader(height)).header);
  return [bytesToHex(headerHashBytes(header)), bytesToHex(header.appHash)];
}

test('a node that ends at any of its own fail points goes on with the same blocks and state', {
  timeout: 600_000,
}, async () => {
  const template = parseGenesis(await makeGenesis(hospitals, startMs));
  const { members, remove } = await makeNetwork(template, { count: 1, program });
  const [member] = members;
  assert.ok(member !== undefined);
  let sent = 0;
  const next = () => accepted[sent++] ?? assert.fail('more transactions than there are');
  const blocks: (readonly [string, string])[] = [];
  let state: { readonly after: number; readonly appHash: string } | undefined;
  try {
    for (let passage = 0; passage < passages; passage++) {
      await runInto(member, passage, next);
      await member.startNode();
      const engine: CometEngine = await member.startEngine();
      const { txId, code } = await engine.submit(next());
      assert.equal(code, 0);
      const { height, result } = await engine.waitCommit(txId, patienceMs);
      assert.equal(result.code, 0);
      for (const [at, before] of blocks.entries()) {
        assert.deepEqual(await blockAt(engine, at + 1), before, `block ${at + 1}, ${passage}`);
      }
      for (let at = blocks.length + 1; at <= height; at++) blocks.push(await blockAt(engine, at));
      // What was the state before the end is what the next block was made on.
      if (state !== undefined) assert.equal(blocks[state.after]?.[1], state.appHash);
      const { height: last, appHash } = engine.status();
      state = { after: last, appHash: bytesToHex(appHash) };
      await member.stop();
      assert.deepEqual(member.troubles, []);
    }
    assert.ok(blocks.length > passages);
  } finally {
    await remove();
  }
});
