import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import type { StoredBlock } from '../../src/engines/blocks/stored-block.ts';
import { openLedgerApplication } from '../../src/engines/ledger-application/open.ts';
import { encodeCommit } from '../../src/ledger/chain/commit.ts';
import { encodeHeader, headerHashBytes } from '../../src/ledger/chain/header.ts';
import { encodeTx } from '../../src/ledger/codec.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import { bytesToHex, utf8 } from '../../src/primitives/bytes.ts';
import { encodeCbor } from '../../src/primitives/cbor.ts';
import { idBytes } from '../../src/primitives/ids.ts';
import { makeBody, makeGenesis, realChecks } from '../builders.ts';
import { Random } from '../crash/random.ts';
import { accepted, ana, hospitals, refused, startMs } from '../ledger-series.ts';
import { headerOf, headersChain, type Signer, signedHeader } from '../signed-headers.ts';
import { accountOf, bytesOf, consentOf, keySetAct } from '../world.ts';
import { type Finding, type Ledger, ledgerOf } from './checks/blocks.ts';
import { lightClient } from './checks/light-client.ts';
import { referenceModel } from './checks/model.ts';
import { agreement, exactlyOnce, realTimeOrder } from './checks/order.ts';
import { doubleSigning, progress } from './checks/progress.ts';
import { accessLog, epochs } from './checks/rules.ts';
import type { Observation, Operation } from './history.ts';
import type { DoubleSigned, Played } from './play.ts';

/** Each check on a history in which all is well, and on the same one broken in one place. */
const patient = accountOf('ana');
const hour = 3_600_000;

function block(
  height: number,
  txs: readonly Uint8Array[],
  of: Partial<StoredBlock> = {},
): StoredBlock {
  const header = headerOf(height, []);
  const hash = headerHashBytes(header);
  const commit = { height, round: 0, blockId: { hash, parts: { total: 1, hash } }, signatures: [] };
  return {
    ...{ height, timeMs: startMs + height, txs, appHash: bytesOf(`state ${height}`) },
    results: txs.map(() => ({ code: 0, data: encodeCbor([new Uint8Array(0)]) })),
    header: encodeHeader(header),
    commit: encodeCommit(commit),
    ...of,
  };
}

let numbers = 0;
function tx(...acts: readonly Act[]): Uint8Array {
  const signatures = [{ publicKey: bytesOf('key'), signature: new Uint8Array(64) }];
  return encodeTx({ body: makeBody(patient, ++numbers, startMs + hour, acts), signatures });
}

const some = [0, 1, 2].map((n) => utf8(`transaction ${n}`));
const idOf = (bytes: Uint8Array | undefined) => bytesToHex(sha256(bytes ?? new Uint8Array(0)));
const ids = some.map(idOf);
const three = ledgerOf([block(1, some.slice(0, 2)), block(2, some.slice(2))]);

function operation(at: number, of: Partial<Operation> = {}): Operation {
  const height = at === 2 ? 2 : 1;
  const times = { invokedMs: 10 * at, endedMs: 10 * at + 5 };
  const told = { outcome: 'ok', txId: ids[at] ?? '', height } as const;
  return { of: ids[at] ?? '', hospital: 'north', ...times, ...told, ...of };
}

const all = [operation(0), operation(1), operation(2)];
const broken = ({ ok, violations }: Finding): boolean => !ok && violations.length === 1;

test('exactly once: what was confirmed stands once, where it was said, and what was refused nowhere', () => {
  const judged = (operations: Operation[], ledger: Ledger = three) =>
    exactlyOnce({ operations }, ledger);
  assert.ok(judged(all).ok);
  assert.ok(broken(judged([...all, operation(3, { of: idOf(utf8('lost')) })])));
  assert.ok(broken(judged([operation(0, { height: 2 }), operation(1), operation(2)])));
  assert.ok(broken(judged(all, ledgerOf([...three.blocks, block(3, some.slice(0, 1))]))));
  const again = (code: number) => ({ results: [{ code, data: encodeCbor([0]) }] });
  const brought = block(3, some.slice(0, 1), again(9));
  assert.ok(judged(all, ledgerOf([...three.blocks, brought])).ok);
  const refusal = { outcome: 'fail', code: 'NONCE_USED' } as const;
  assert.ok(broken(judged([operation(0), operation(1), operation(2, refusal)])));
  // Nobody was told at first: it may have been done then.
  assert.ok(
    judged([...all.slice(0, 2), operation(2, { outcome: 'info' }), operation(2, refusal)]).ok,
  );
  const isRefused = block(2, some.slice(2), { results: [{ code: 9, data: encodeCbor([0]) }] });
  assert.ok(
    judged(
      [operation(0), operation(1), operation(2, refusal)],
      ledgerOf([block(1, some.slice(0, 2)), isRefused]),
    ).ok,
  );
  assert.ok(broken(judged(all, ledgerOf([block(1, some.slice(0, 2)), isRefused]))));
});

test('agreement: the same blocks, results and states everywhere', () => {
  const judged = (...blocks: readonly StoredBlock[]) =>
    agreement(
      [
        { name: 'north', ledger: three },
        { name: 'valley', ledger: ledgerOf(blocks) },
      ],
      three,
    );
  const [first = block(1, []), second = block(2, [])] = three.blocks;
  assert.ok(judged(first, second).ok);
  assert.ok(broken(judged(first)));
  assert.ok(broken(judged(first, { ...second, appHash: bytesOf('another') })));
  assert.ok(broken(judged(first, { ...second, results: [{ code: 9, data: encodeCbor([0]) }] })));
  const header = encodeHeader(headerOf(2, [], { appHash: bytesOf('another') }));
  assert.ok(broken(judged(first, { ...second, header })));
});

test('real-time order: what was confirmed before something was sent stands before it', () => {
  assert.ok(realTimeOrder({ operations: all }, three).ok);
  const late = operation(0, { invokedMs: 16, endedMs: 20 });
  assert.ok(broken(realTimeOrder({ operations: [late, operation(1), operation(2)] }, three)));
  // At the same time as the other they stand in either order.
  const together = operation(0, { invokedMs: 14, endedMs: 20 });
  assert.ok(realTimeOrder({ operations: [together, operation(1), operation(2)] }, three).ok);
});

test('epochs: they rise, and nothing is anchored under one that does not run', () => {
  const anchor = (epoch: number): Act => ({
    ...{ kind: 'DataAnchor', consent: '', epoch, root: bytesOf(`root ${epoch}`), count: 1 },
  });
  const judged = (...acts: readonly Act[]) =>
    epochs(ledgerOf(acts.map((act, at) => block(at + 1, [tx(act)]))));
  assert.ok(judged(keySetAct(0), anchor(1), keySetAct(1), anchor(2)).ok);
  assert.ok(broken(judged(keySetAct(0), anchor(1), keySetAct(1), anchor(1))));
  assert.ok(broken(judged(keySetAct(0), keySetAct(0))));
  assert.ok(broken(judged(keySetAct(0), keySetAct(1, [startMs + hour]), anchor(2))));
});

test('access log: a look is live between the grant and its end', () => {
  const consent = consentOf('grant');
  const grant: Act = {
    ...{ kind: 'ConsentGrant', consent, bodyHash: bytesOf('body'), notBeforeMs: 0 },
    ...{ notAfterMs: startMs + 10, writeKey: new Uint8Array(0) },
  };
  const revoke: Act = { kind: 'ConsentRevoke', consent };
  const look: Act = { kind: 'AccessLog', entries: [{ consent, entryHash: bytesOf('look') }] };
  const bit = (live: number) => [{ code: 0, data: encodeCbor([Uint8Array.of(live)]) }];
  const judged = (acts: readonly Act[], live: number, timeMs = startMs + 5) =>
    accessLog(
      ledgerOf([
        ...acts.map((act, at) => block(at + 1, [tx(act)])),
        block(acts.length + 1, [tx(look)], { timeMs, results: bit(live) }),
      ]),
    );
  assert.ok(judged([grant], 1).ok);
  assert.ok(judged([grant, revoke], 0).ok);
  assert.ok(broken(judged([grant, revoke], 1)));
  assert.ok(broken(judged([grant], 1, startMs + 10)));
  assert.ok(broken(judged([], 1)));
});

test('reference model: codes, answers and rows are those of the slow ledger', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-faults-'));
  const genesis = await makeGenesis(hospitals, startMs);
  const application = await openLedgerApplication({
    ...{ path: join(folder, 'state.db'), genesis, verify: realChecks },
  });
  try {
    const forged = Uint8Array.from(accepted[3] ?? assert.fail());
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const lists = [accepted.slice(0, 3), [...refused.slice(0, 1), forged]];
    const blocks: StoredBlock[] = [];
    for (const [at, txs] of lists.entries()) {
      const made = block(at + 1, txs);
      const { results, appHash } = await application.finalizeBlock(made);
      application.commit();
      blocks.push({ ...made, results, appHash });
    }
    const row = application.query('accounts', idBytes(ana.account), false).value;
    const told: Observation = {
      ...{ hospital: 'north', table: 'accounts', key: ana.account, height: 2 },
      value: textOfBytes(row ?? assert.fail()),
    };
    const judged = (of: readonly StoredBlock[], ...observations: Observation[]) =>
      referenceModel(parseGenesis(genesis), ledgerOf(of), { observations });
    const well = judged(blocks, told);
    assert.deepEqual(well.violations, []);
    assert.deepEqual([well.compared, well.observed], [5, 1]);
    assert.ok(broken(judged(blocks, { ...told, value: null })));
    const [first = assert.fail(), second = assert.fail()] = blocks;
    const other = second.results.map(() => ({ code: 0, data: encodeCbor([new Uint8Array(0)]) }));
    assert.ok(broken(judged([first, { ...second, results: other }])));
  } finally {
    application.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Real Ed25519 keys: the order of the set is not looked at here. */
function signerOf(name: string): Signer {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    bytesOf(name),
  ]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const x = key.export({ format: 'jwk' }).x ?? '';
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'));
  return { publicKey, power: 10, sign: (bytes) => new Uint8Array(sign(null, bytes, key)) };
}

test('light client: all headers are taken, and a hospital that shows another one is found', async () => {
  const set = ['north', 'valley', 'coast', 'harbour'].map(signerOf);
  const headers = Array.from({ length: 12 }, (_, at) => headerOf(at + 1, set));
  const signed = await Promise.all(headers.map((it) => signedHeader(it, set)));
  const judged = (shown: typeof signed) =>
    lightClient([{ name: 'north', signed: shown }], new Random(1));
  const well = await judged(signed);
  assert.deepEqual([well.ok, well.violations], [true, []]);
  assert.ok(Number(well.refused) > 0);
  assert.equal(headers[0]?.chainId, headersChain);
  const few = await signedHeader(headerOf(6, set), set, 2);
  assert.ok(broken(await judged(signed.map((it, at) => (at === 5 ? few : it)))));
});

const played: Played = {
  ...{ atMs: 0, fault: 'isolated', on: ['north'], what: '', heights: [1, 2] },
  ...{ progressMs: 100, rejoinMs: 200, isTooMuch: false, forbidden: 0 },
  ...{ failed: undefined },
};

test('progress: after each fault, and none without two thirds', () => {
  assert.ok(progress([played], true).ok);
  assert.ok(broken(progress([{ ...played, progressMs: undefined }], true)));
  assert.ok(broken(progress([{ ...played, rejoinMs: undefined }], true)));
  assert.ok(broken(progress([{ ...played, forbidden: 2 }], true)));
  assert.ok(broken(progress([{ ...played, failed: 'why' }], true)));
  assert.ok(broken(progress([played], false)));
  assert.ok(!progress([], true).ok);
});

test('double signing: evidence comes, and the set is another one two heights later', () => {
  const set = ['north', 'valley', 'coast', 'harbour'].map(signerOf);
  const chain = (from: number) =>
    ledgerOf(
      [1, 2, 3, 4, 5, 6].map((height) => {
        const of = height >= from ? set.slice(1) : set;
        return block(height, [], { header: encodeHeader(headerOf(height, of)) });
      }),
    );
  const signed: DoubleSigned = {
    ...{ of: 'north', address: '', evidenceAt: 3, before: 4, after: 3, isIn: false, progressMs: 9 },
    cases: [{ removed: true }],
  };
  const judged = (of: Partial<DoubleSigned>, from = 5) =>
    doubleSigning([{ ...signed, ...of }], chain(from));
  assert.ok(judged({}).ok);
  assert.ok(broken(judged({}, 6)));
  assert.ok(broken(judged({}, 4)));
  assert.ok(broken(judged({ evidenceAt: undefined })));
  assert.ok(broken(judged({ after: 4, isIn: true })));
  assert.ok(broken(judged({ cases: [] })));
  assert.ok(broken(judged({ progressMs: undefined })));
  assert.ok(!doubleSigning([], chain(5)).ok);
  // With three it is needed, and stays.
  const stays = { before: 3, after: 3, isIn: true, cases: [{ removed: false }] };
  assert.ok(judged(stays, 9).ok);
  assert.ok(broken(judged({ ...stays, after: 2, isIn: false }, 9)));
  assert.ok(broken(judged({ ...stays, cases: [{ removed: true }] }, 9)));
});
