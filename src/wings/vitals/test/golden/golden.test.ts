import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ModelLedger } from '../../../../../test/model/model-ledger.ts';
import { accountOf, enrolAct, identityOf } from '../../../../../test/world.ts';
import { refusalOf } from '../../../../ledger/refusals.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { vitalsTest } from '../index.ts';
import { enrolled, founders } from '../settings/study.ts';
import { StudyChain } from './golden-chain.ts';

/** The ledger once more, slow, with those who are enrolled before a chain begins. */
function modelOf({ world, logs }: StudyChain): ModelLedger {
  const takes = (log: string) => logs.find(({ name }) => name === log)?.acts ?? [];
  const rights = new Map<string, readonly string[]>(
    founders.organisations.map(([name, rights]) => [accountOf(name), rights]),
  );
  const model = new ModelLedger(
    { rights, chainId: 'salus-test-1', logs: { user: takes('user'), doc: takes('doc') } },
    founders.organisations.map(([name]) => [accountOf(name), identityOf(name), name] as const),
  );
  const nonces = new Map<string, number>();
  for (const [at, [from, name, role]] of enrolled.entries()) {
    const nonce = (nonces.get(from) ?? 0) + 1;
    nonces.set(from, nonce);
    const timeMs = world.genesis.timeMs + (at + 1) * 1_000;
    const sent = { from, acts: [enrolAct(name, role)], nonce, validUntilMs: timeMs + 1 };
    const run = model.run(
      { tx: world.tx(sent), isSigned: true, identityHolds: true },
      at + 1,
      timeMs,
    );
    assert.equal(run.code, 'accepted');
  }
  return model;
}

/** Plays a chain in the ledger and, where one is asked for, in the model; answers with every code and app hash. */
function play(chain: StudyChain, blocks: number, model?: ModelLedger) {
  const { world } = chain;
  const appHashes: string[] = [];
  const codes = new Map<string, number>();
  for (let at = 0; at < blocks; at++) {
    const block = chain.next();
    const expected: string[] = [];
    const tops = new Map<string, number>();
    const txs = block.txs.map(({ from, key, log, holds, act }) => {
      const top = tops.get(from) ?? world.view.get(accounts, accountOf(from))?.window.top ?? 0;
      tops.set(from, top + 1);
      const sent = { from, acts: [act], keys: [key], log, nonce: top + 1 };
      const validUntilMs = block.timeMs + 60_000;
      const verified = world.verified({ ...sent, validUntilMs, identityHolds: holds });
      if (model !== undefined && 'tx' in verified) {
        const { tx } = verified;
        const incoming = { tx, isSigned: true, identityHolds: holds };
        expected.push(model.run(incoming, world.height + 1, block.timeMs).code);
      }
      return verified;
    });
    const { results, appHash } = world.execute(txs, block.timeMs);
    const said = results.map(({ code }) =>
      code === 0 ? 'accepted' : String(refusalOf(code)?.code),
    );
    for (const code of said) codes.set(code, (codes.get(code) ?? 0) + 1);
    if (model !== undefined) {
      assert.deepEqual(said, expected, `block ${world.height}`);
      vitalsTest.assertSame?.(model.state.ofWings, world.view);
    }
    appHashes.push(bytesToHex(appHash));
  }
  if (model !== undefined) assertAsMany(chain, model);
  return { appHashes, codes };
}

/** No row of the wing but those of the model. */
function assertAsMany({ world }: StudyChain, { state }: ModelLedger): void {
  for (const table of vitalsTest.tables) {
    const head = Buffer.from(`${table}/`).toString('hex');
    const rows = [...world.store.rows.keys()].filter((key) => key.startsWith(head));
    const own = [...state.ofWings.keys()].filter((key) => key.startsWith(`${table}/`));
    assert.equal(rows.length, own.length, table);
  }
}

interface Golden {
  readonly seed: number;
  readonly blocks: number;
  readonly digest: string;
  readonly last: string;
}
const kept = (name: string): Golden =>
  JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as Golden;
const digestOf = (appHashes: readonly string[]): string =>
  createHash('sha256')
    .update(Buffer.from(appHashes.join(''), 'hex'))
    .digest('hex');

test('the golden chain of studies gives the app hashes that are kept: a changed one is a changed rule or encoding', () => {
  const golden = kept('golden.json');
  const { appHashes, codes } = play(new StudyChain(golden.seed), golden.blocks);
  const { seed, blocks } = golden;
  assert.deepEqual({ seed, blocks, digest: digestOf(appHashes), last: appHashes.at(-1) }, golden);
  const expected =
    'accepted SENDER_WRONG LOG_WRONG DATASET_TAKEN DATASET_TERMS SERVER_UNKNOWN DOMAIN_OVERLAP DATASET_UNKNOWN PERMIT_TAKEN PERMIT_TERMS PERMIT_UNKNOWN PERMIT_EXPIRED RESEARCHER_UNKNOWN PURPOSE_NOT_ALLOWED APPROVAL_OWN APPROVAL_TAKEN APPROVAL_MISSING TRIO_UNKNOWN BATCH_TIMES BATCH_NUMBER BATCH_SIGNERS SIGNATURE_WRONG BATCH_UNKNOWN QUERY_TAKEN QUERY_UNKNOWN BUDGET_SPENT SEAL_TAKEN';
  const missing = expected.split(' ').filter((code) => !codes.has(code));
  assert.deepEqual(missing, []);
});

test('the golden chain in which permits are taken back gives the app hashes that are kept, and is the same in the model', () => {
  const golden = kept('golden-withdrawals.json');
  const chain = new StudyChain(golden.seed, 'withdrawals');
  const { appHashes, codes } = play(chain, golden.blocks, modelOf(chain));
  assert.ok((codes.get('PERMIT_WITHDRAWN') ?? 0) > 30, String(codes.get('PERMIT_WITHDRAWN')));
  const { seed, blocks } = golden;
  assert.deepEqual({ seed, blocks, digest: digestOf(appHashes), last: appHashes.at(-1) }, golden);
});

test('the golden chain in which data servers are tampered with gives the app hashes that are kept, and is the same in the model', () => {
  const golden = kept('golden-incidents.json');
  const chain = new StudyChain(golden.seed, 'incidents');
  const { appHashes, codes } = play(chain, golden.blocks, modelOf(chain));
  const expected =
    'INCIDENT_TAKEN INCIDENT_UNKNOWN INCIDENT_OLD QUARANTINE_TAKEN QUARANTINE_UNKNOWN ROOT_DIFFERS SERVER_UNKNOWN';
  assert.deepEqual(
    expected.split(' ').filter((code) => !codes.has(code)),
    [],
  );
  const { seed, blocks } = golden;
  assert.deepEqual({ seed, blocks, digest: digestOf(appHashes), last: appHashes.at(-1) }, golden);
});

for (const seed of process.env.SLOW === '1'
  ? Array.from({ length: 200 }, (_, at) => at + 1)
  : [1, 2, 3]) {
  test(`hospitals that ask all the time are the same in the ledger and in its model (seed ${seed})`, () => {
    const chain = new StudyChain(seed);
    play(chain, 150, modelOf(chain));
  });
  test(`permits that are taken back are the same in the ledger and in its model (seed ${seed})`, () => {
    const chain = new StudyChain(seed, 'withdrawals');
    play(chain, 150, modelOf(chain));
  });
  test(`data servers that are tampered with are the same in the ledger and in its model (seed ${seed})`, () => {
    const chain = new StudyChain(seed, 'incidents');
    play(chain, 150, modelOf(chain));
  });
}
