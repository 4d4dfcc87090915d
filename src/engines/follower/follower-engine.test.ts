import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CounterApplication } from '../../../test/fakes/counter-application.ts';
import { counterLedger, temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { EmbeddedEngine } from '../embedded/embedded-engine.ts';
import { openEmbeddedEngine } from '../embedded/open.ts';
import { describeEngine, type EngineUnderTest } from '../engine.contract.ts';
import type { FollowedEvidence } from './followed-chain.ts';
import { type FollowerOptions, openFollowerEngine } from './open.ts';
import type { LedgerSource } from './source.ts';

/** The operator's engine as its server shows it. */
const sourceOf = (engine: EmbeddedEngine): LedgerSource => ({
  newest: () => engine.signedHeader(engine.status().height),
  signedHeader: (height) => engine.signedHeader(height),
  block: (height) => engine.block(height),
  submit: (tx) => engine.submit(tx),
});

function follow(
  directory: string,
  operator: EmbeddedEngine,
  options: Partial<FollowerOptions> = {},
) {
  return operator.trustRoot().then((trustRoot) =>
    openFollowerEngine({
      ...{ directory, trustRoot, verifyVote, source: sourceOf(operator), askEveryMs: 5 },
      genesis: { ...counterGenesis, validators: operator.store.identity()?.validators ?? [] },
      openApplication: () => new CounterApplication(join(directory, 'state.db')),
      ...options,
    }),
  );
}
const counterGenesis = {
  chainId: 'test-1',
  genesisHash: new Uint8Array(32).fill(1),
  timeMs: 1_700_000_000_000,
};

async function open(
  operator: EmbeddedEngine,
  folders: { readonly own: string; readonly theirs: string },
): Promise<EngineUnderTest> {
  const engine = await follow(folders.own, operator);
  return {
    engine,
    trustRoot: await operator.trustRoot(),
    verifyVote,
    accepted: (n) => utf8(`add a 1 ${n}`),
    refused: (n) => utf8(`add a 0 ${n}`),
    malformed: utf8('take a 1'),
    row: { table: 'counters', key: utf8('a') },
    async reopen() {
      await engine.close();
      return open(operator, folders);
    },
    async dispose() {
      await engine.close();
      await operator.close();
      for (const folder of Object.values(folders)) rmSync(folder, { recursive: true });
    },
  };
}

// Every part of the contract holds for a follower: what it hands on to the operator comes back to it as a block.
describeEngine('a follower of the embedded engine', async () => {
  const folders = { own: temporaryLedger(), theirs: temporaryLedger() };
  return open(await openEmbeddedEngine(counterLedger(folders.theirs)), folders);
});

interface Pair {
  readonly operator: EmbeddedEngine;
  readonly own: string;
  readonly theirs: string;
}

/** An operator with two blocks that count, and a folder for who follows it. */
async function pair(t: { after(run: () => void): void }): Promise<Pair> {
  const [own, theirs] = [temporaryLedger(), temporaryLedger()];
  const operator = await openEmbeddedEngine(counterLedger(theirs));
  t.after(async () => {
    await operator.close();
    for (const folder of [own, theirs]) rmSync(folder, { recursive: true });
  });
  for (const n of [1, 2]) await add(operator, n);
  return { operator, own, theirs };
}

async function add(operator: EmbeddedEngine, n: number): Promise<number> {
  const { txId } = await operator.submit(utf8(`add a ${n}`));
  const { height } = await operator.waitCommit(txId, 10_000);
  await operator.receipt(txId, 10_000);
  return height;
}

test('each header is told once, in order, after its block is on disk', async (t) => {
  const { operator, own } = await pair(t);
  const told: number[] = [];
  const onHeader = ({ height }: { readonly height: number }) => void told.push(height);
  const engine = await follow(own, operator, { onHeader });
  await engine.close();
  // As after a crash: the last one was not told.
  const last = told.pop();
  const again = await follow(own, operator, { onHeader, untoldFrom: last ?? assert.fail() });
  await add(operator, 3);
  while (again.status().height < operator.status().height) await pauseOf(again);
  await again.close();
  assert.deepEqual(
    told,
    told.map((_, at) => at + 1),
  );
  assert.equal(told.length, operator.status().height);
});

const pauseOf = (engine: Awaited<ReturnType<typeof follow>>) =>
  engine
    .subscribe(engine.status().height + 1, AbortSignal.timeout(5_000))
    [Symbol.asyncIterator]()
    .next();

test('an operator who cannot be asked leaves the state readable, and is asked again', async (t) => {
  const { operator, own } = await pair(t);
  let isDown = false;
  const asked = <T>(ask: () => Promise<T>): Promise<T> =>
    isDown ? Promise.reject(new CodedError('GATEWAY_UNREACHABLE')) : ask();
  const plain = sourceOf(operator);
  const source: LedgerSource = {
    newest: () => asked(() => plain.newest()),
    signedHeader: (height) => asked(() => plain.signedHeader(height)),
    block: (height) => asked(() => plain.block(height)),
    submit: (tx) => asked(() => plain.submit(tx)),
  };
  const engine = await follow(own, operator, { source });
  t.after(() => engine.close());
  isDown = true;
  const { value } = await engine.query('counters', utf8('a'), { prove: false });
  assert.ok(value !== undefined);
  await assert.rejects(engine.submit(utf8('add a 9')), (e) => isCoded(e, 'GATEWAY_UNREACHABLE'));
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(engine.status().stalledMs > 0);
  isDown = false;
  const { txId } = await engine.submit(utf8('add a 9'));
  assert.equal((await engine.waitCommit(txId, 10_000)).result.code, 0);
});

const lies: readonly {
  readonly what: string;
  readonly code: string;
  readonly lie: (honest: LedgerSource) => LedgerSource;
}[] = [
  {
    what: 'a block that is not the one that was signed',
    code: 'LEDGER_CORRUPT',
    lie: (honest) => ({ ...honest, block: async () => ({ txs: [utf8('add a 7')], results: [] }) }),
  },
  {
    what: 'another result than its own execution gave',
    code: 'LEDGER_CORRUPT',
    lie: (honest) => ({
      ...honest,
      block: async (height) => {
        const { txs, results } = await honest.block(height);
        return { txs, results: results.map((it) => ({ ...it, code: it.code + 1 })) };
      },
    }),
  },
  {
    what: 'a header of another height',
    code: 'GATEWAY_LIED',
    lie: (honest) => ({ ...honest, signedHeader: () => honest.signedHeader(2) }),
  },
];
for (const { what, code, lie } of lies) {
  test(`${what} is not taken in`, async (t) => {
    const { operator, own } = await pair(t);
    const source = lie(sourceOf(operator));
    await assert.rejects(follow(own, operator, { source }), (e) => isCoded(e) && e.code === code);
  });
}

test('another history under the same key ends it, with both headers and the first height', async (t) => {
  const { operator, own, theirs } = await pair(t);
  const engine = await follow(own, operator);
  const { height } = engine.status();
  await engine.close();
  // The operator writes another history with its own key.
  const forged = temporaryLedger();
  t.after(() => rmSync(forged, { recursive: true }));
  const { cpSync } = await import('node:fs');
  cpSync(join(theirs, 'validator.key'), join(forged, 'validator.key'));
  const liar = await openEmbeddedEngine(counterLedger(forged));
  t.after(() => liar.close());
  for (const n of [5, 6, 7]) await add(liar, n);
  assert.ok(liar.status().height > height);
  const seen: FollowedEvidence[] = [];
  const refused = follow(own, operator, {
    source: sourceOf(liar),
    onFault: (_, evidence) => void seen.push(evidence),
  });
  await assert.rejects(refused, (error) => {
    assert.ok(isCoded(error, 'LEDGER_FORKED'));
    assert.deepEqual([error.details.height, error.details.firstHeight], [height, 1]);
    return true;
  });
  const [evidence] = seen;
  assert.equal(evidence?.known?.height, height);
  assert.deepEqual(
    evidence?.shown.map((it) => it.height),
    [height + 1, height],
  );
});

test('while it runs a rewritten history stops what is current, and what was verified stays readable', async (t) => {
  const { operator, own } = await pair(t);
  let shown = sourceOf(operator);
  const source: LedgerSource = {
    newest: () => shown.newest(),
    signedHeader: (height) => shown.signedHeader(height),
    block: (height) => shown.block(height),
    submit: (tx) => shown.submit(tx),
  };
  const faults: unknown[] = [];
  const engine = await follow(own, operator, {
    source,
    onFault: (error) => void faults.push(error),
  });
  t.after(() => engine.close());
  const { height } = engine.status();
  // As after the restoring of an old backup.
  shown = { ...shown, newest: () => operator.signedHeader(1) };
  while (faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const current = engine.query('counters', utf8('a'), { prove: false });
  await assert.rejects(current, (e) => isCoded(e, 'GATEWAY_LIED'));
  await assert.rejects(engine.submit(utf8('add a 9')), (e) => isCoded(e, 'GATEWAY_LIED'));
  assert.equal((await engine.signedHeader(height)).height, height);
});
