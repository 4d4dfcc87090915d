import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { sha256 } from '../crypto/hash.ts';
import { appHashOf } from '../ledger/app-hash.ts';
import { resultLeaf, txLeaf } from '../ledger/chain/block-leaves.ts';
import { commitHash, decodeCommit } from '../ledger/chain/commit.ts';
import { decodeHeader, headerHashBytes } from '../ledger/chain/header.ts';
import { type VerifyVote, verifySigned } from '../ledger/chain/light-client.ts';
import { verifyReceipt } from '../ledger/chain/receipt.ts';
import type { TrustRoot } from '../ledger/chain/trust-root.ts';
import { merkleTree } from '../ledger/merkle.ts';
import { bytesToHex, equalBytes } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import { txIdOf } from '../primitives/ids.ts';
import type { CommittedBlock, LedgerEngine } from './engine.ts';

/** An engine with an application behind it, and transactions that this application understands. */
export interface EngineUnderTest {
  readonly engine: LedgerEngine;
  readonly trustRoot: TrustRoot;
  readonly verifyVote: VerifyVote;
  /** The n-th of endlessly many different transactions that are accepted in this order. */
  accepted(n: number): Uint8Array;
  /** The n-th of endlessly many that CheckTx lets in and the rules refuse. */
  refused(n: number): Uint8Array;
  /** Of several validators each node keeps the votes that it had: others than those that the next header counts. */
  readonly hasVotesOfItsOwn?: boolean;
  /** One that CheckTx refuses. */
  readonly malformed: Uint8Array;
  /** A row that every accepted transaction changes. */
  readonly row: { readonly table: string; readonly key: Uint8Array };
  /** Stops the engine in an orderly way and opens it again on what is on disk. */
  reopen(): Promise<EngineUnderTest>;
  /** Closes whatever is still open and removes what is on disk. */
  dispose(): Promise<void>;
}

const patience = 20_000;

/** Compared as text: a platform may hand out its own subclass of Uint8Array. */
const same = (a: Uint8Array, b: Uint8Array) => assert.equal(bytesToHex(a), bytesToHex(b));

/** What every engine must do, whichever orders the blocks. A new engine starts here. */
export function describeEngine(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(name, () => {
    let current: EngineUnderTest | undefined;
    const begin = async () => {
      current = await open();
      return current;
    };
    afterEach(async () => {
      await current?.dispose();
      current = undefined;
    });

    test('a transaction is committed with its result and found again under its id', async () => {
      const { engine, accepted } = await begin();
      const tx = accepted(0);
      const { code, txId } = await engine.submit(tx);
      assert.equal(code, 0);
      assert.equal(txId, txIdOf(sha256(tx)));
      const outcome = await engine.waitCommit(txId, patience);
      assert.equal(outcome.result.code, 0);
      const block = await engine.block(outcome.height);
      assert.equal(outcome.txId, txIdOf(sha256(block.txs[outcome.index] ?? assert.fail())));
      assert.deepEqual(block.results[outcome.index], outcome.result);
      assert.equal(block.timeMs, outcome.timeMs);
      assert.deepEqual(await engine.waitCommit(txId, patience), outcome);
    });

    test('what CheckTx refuses is not committed', async () => {
      const { engine, malformed, accepted } = await begin();
      const { code, txId } = await engine.submit(malformed);
      assert.notEqual(code, 0);
      await assert.rejects(engine.waitCommit(txId, patience), (e) => isCoded(e, 'TX_UNKNOWN'));
      await commit(engine, accepted(0));
      for await (const block of blocks(engine)) {
        assert.ok(!block.txs.some((tx) => equalBytes(tx, malformed)));
      }
    });

    test('a refusal by the rules is committed as a result and changes no state', async () => {
      const { engine, accepted, refused, row } = await begin();
      await commit(engine, accepted(0));
      const before = await engine.query(row.table, row.key, { prove: false });
      const outcome = await commit(engine, refused(0));
      assert.notEqual(outcome.result.code, 0);
      const after = await engine.query(row.table, row.key, { prove: false });
      assert.deepEqual(after.value, before.value);
      assert.ok(after.height > before.height);
    });

    test('the same bytes handed in again are answered with their first outcome', async () => {
      const { engine, accepted } = await begin();
      const tx = accepted(0);
      const [first, twin] = await Promise.all([engine.submit(tx), engine.submit(tx)]);
      assert.deepEqual(twin, first);
      const outcome = await engine.waitCommit(first.txId, patience);
      assert.deepEqual(await engine.submit(tx), first);
      assert.deepEqual(await engine.waitCommit(first.txId, patience), outcome);
      let found = 0;
      for await (const block of blocks(engine)) {
        found += block.txs.filter((each) => equalBytes(each, tx)).length;
      }
      assert.equal(found, 1);
    });

    test('many transactions at once are all committed, each once', async () => {
      const { engine, accepted } = await begin();
      const submitted = Array.from({ length: 300 }, (_, n) => engine.submit(accepted(n)));
      const outcomes = await Promise.all(
        submitted.map(async (one) => engine.waitCommit((await one).txId, patience)),
      );
      const places = outcomes.map(({ height, index }) => `${height}/${index}`);
      assert.equal(new Set(places).size, submitted.length);
      for (const { txId, height, index, result } of outcomes) {
        assert.equal(result.code, 0);
        const tx = (await engine.block(height)).txs[index];
        assert.ok(tx !== undefined && txIdOf(sha256(tx)) === txId);
      }
    });

    test('transactions are ordered as CheckTx let them in', async () => {
      const { engine, accepted } = await begin();
      const outcomes: ReturnType<typeof engine.waitCommit>[] = [];
      for (let n = 0; n < 30; n++) {
        const { txId } = await engine.submit(accepted(n));
        outcomes.push(engine.waitCommit(txId, patience));
      }
      const places = (await Promise.all(outcomes)).map((o) => o.height * 100_000 + o.index);
      assert.deepEqual(
        places,
        [...places].sort((x, y) => x - y),
      );
    });

    test('headers form a chain that their validators signed', async () => {
      const { engine, accepted, refused, verifyVote, hasVotesOfItsOwn } = await begin();
      for (const n of [0, 1, 2]) await commit(engine, n === 1 ? refused(n) : accepted(n));
      let previous: Awaited<ReturnType<typeof signed>> | undefined;
      for (let height = 1; height <= engine.status().height; height++) {
        const now = await signed(engine, height);
        await verifySigned(now, engine.chainId, verifyVote);
        const { header } = now;
        const block = await engine.block(height);
        same(header.dataHash, merkleTree(block.txs.map((tx) => txLeaf(sha256(tx)))).root);
        if (previous !== undefined) {
          same(header.lastBlockId.hash, headerHashBytes(previous.header));
          if (hasVotesOfItsOwn !== true) {
            same(header.lastCommitHash, commitHash(previous.commit));
          }
          const last = await engine.block(height - 1);
          same(header.lastResultsHash, merkleTree(last.results.map(resultLeaf)).root);
          assert.ok(block.timeMs > last.timeMs);
        }
        previous = now;
      }
    });

    test('receipts of accepted and of refused transactions verify against the trust root', async () => {
      const { engine, accepted, refused, trustRoot, verifyVote } = await begin();
      for (const tx of [accepted(0), refused(0)]) {
        const outcome = await commit(engine, tx);
        const receipt = await engine.receipt(outcome.txId, patience);
        const verdict = await verifyReceipt(receipt, trustRoot, verifyVote);
        assert.equal(verdict.txId, outcome.txId);
        assert.equal(verdict.height, outcome.height);
        assert.equal(verdict.timeMs, outcome.timeMs);
        assert.equal(verdict.code, outcome.result.code);
        same(verdict.tx, tx);
      }
      const unknown = txIdOf(sha256(accepted(1)));
      await assert.rejects(engine.receipt(unknown, patience), (e) => isCoded(e, 'TX_UNKNOWN'));
    });

    test('a new app hash is signed in the next header, and an empty block leaves it alone', async () => {
      const { engine, accepted } = await begin();
      const before = (await signed(engine, 1)).header.appHash;
      const { txId, height } = await commit(engine, accepted(0));
      await engine.receipt(txId, patience);
      same((await signed(engine, height)).header.appHash, before);
      const after = (await signed(engine, height + 1)).header.appHash;
      assert.ok(!equalBytes(after, before));
      assert.deepEqual((await engine.block(height + 1)).txs, []);
      same(engine.status().appHash, after);
    });

    test('a query shows the last committed state, with a proof when asked', async () => {
      const { engine, accepted, row } = await begin();
      const { height } = await commit(engine, accepted(0));
      const plain = await engine.query(row.table, row.key, { prove: false });
      assert.ok(plain.value !== undefined && plain.height >= height);
      assert.equal(plain.proof, undefined);
      const proven = await engine.query(row.table, row.key, { prove: true });
      assert.deepEqual(proven.value, plain.value);
      assert.ok(proven.proof !== undefined);
    });

    test('the heads of the logs and the root of the state lead to the newest app hash', async () => {
      const { engine, accepted } = await begin();
      for (const n of [0, 1]) {
        const { height } = await commit(engine, accepted(n));
        const heads = await engine.heads();
        assert.ok(heads.height >= height);
        same(appHashOf(heads.stateRoot, heads.logs), engine.status().appHash);
      }
    });

    test('that a log only grew is not shown for a size that it never had', async () => {
      const { engine } = await begin();
      const { size } = (await engine.heads()).logs.user;
      for (const [from, to] of [
        [0, 1],
        [2, 1],
        [1, size + 1],
      ] as const) {
        const shown = engine.logConsistency('user', from, to);
        await assert.rejects(shown, (e) => isCoded(e, 'HEIGHT_UNKNOWN'));
      }
    });

    test('a subscription replays what was and goes on with what comes, without gap or repeat', async () => {
      const { engine, accepted } = await begin();
      await commit(engine, accepted(0));
      const { height } = await commit(engine, accepted(1));
      const stop = new AbortController();
      const heights: number[] = [];
      const seen = (async () => {
        for await (const block of engine.subscribe(1, stop.signal)) {
          heights.push(block.height);
          if (block.height === height) await commit(engine, accepted(2));
          if (block.height > height && block.txs.length > 0) stop.abort();
        }
      })();
      await seen;
      assert.deepEqual(
        heights,
        heights.map((_, i) => i + 1),
      );
      assert.ok(heights.length > height);
    });

    test('closed and opened again, nothing is lost and the chain goes on', async () => {
      const before = await begin();
      const first = await commit(before.engine, before.accepted(0));
      const receipt = await before.engine.receipt(first.txId, patience);
      const value = await before.engine.query(before.row.table, before.row.key, { prove: false });
      current = await before.reopen();
      const { engine, accepted, row, trustRoot, verifyVote } = current;
      assert.deepEqual(await engine.waitCommit(first.txId, patience), first);
      assert.deepEqual(await engine.receipt(first.txId, patience), receipt);
      assert.deepEqual(
        (await engine.query(row.table, row.key, { prove: false })).value,
        value.value,
      );
      assert.deepEqual(await engine.submit(accepted(0)), { code: 0, txId: first.txId });
      const second = await commit(engine, accepted(1));
      assert.ok(second.height > first.height);
      await verifyReceipt(await engine.receipt(second.txId, patience), trustRoot, verifyVote);
    });

    test('what is not there is refused by its code', async () => {
      const { engine } = await begin();
      const unknown = txIdOf(new Uint8Array(32));
      await assert.rejects(engine.waitCommit(unknown, 1), (e) => isCoded(e, 'TX_UNKNOWN'));
      await assert.rejects(engine.block(1_000_000), (e) => isCoded(e, 'HEIGHT_UNKNOWN'));
      await assert.rejects(engine.block(0), (e) => isCoded(e, 'HEIGHT_UNKNOWN'));
      await assert.rejects(engine.signedHeader(1_000_000), (e) => isCoded(e, 'HEIGHT_UNKNOWN'));
    });
  });
}

async function commit(engine: LedgerEngine, tx: Uint8Array) {
  const { code, txId } = await engine.submit(tx);
  assert.equal(code, 0);
  return engine.waitCommit(txId, patience);
}

async function signed(engine: LedgerEngine, height: number) {
  const { header, commit: votes, validators } = await engine.signedHeader(height);
  return { header: decodeHeader(header), commit: decodeCommit(votes), validators };
}

async function* blocks(engine: LedgerEngine): AsyncIterable<CommittedBlock> {
  for (let height = 1; height <= engine.status().height; height++) yield engine.block(height);
}
