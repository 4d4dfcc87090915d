import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { BlockStore } from '../../src/engines/blocks/block-store.ts';
import type { EmbeddedEngine } from '../../src/engines/embedded/embedded-engine.ts';
import { makeBlock, type Tip } from '../../src/engines/embedded/make-block.ts';
import { openEmbeddedEngine, validatorKeyOf } from '../../src/engines/embedded/open.ts';
import { readBlock, tipAfter } from '../../src/engines/embedded/read-block.ts';
import { verifyLedger } from '../../src/engines/embedded/verify.ts';
import { decodeHeader, headerHash } from '../../src/ledger/chain/header.ts';
import { verifyReceipt } from '../../src/ledger/chain/receipt.ts';
import type { TrustRoot } from '../../src/ledger/chain/trust-root.ts';
import { utf8 } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { idBytes, type TxId } from '../../src/primitives/ids.ts';
import { GatewayClient } from '../../src/sdk/client/gateway-client.ts';
import { Http } from '../../src/sdk/client/http.ts';
import { VerifiedHeaders, type VerifiedTip } from '../../src/sdk/ledger/verified-headers.ts';
import { CounterApplication } from '../fakes/counter-application.ts';
import { counterLedger, temporaryLedger } from '../fakes/counter-ledger.ts';
import { verifyVote } from '../fakes/verify-vote.ts';
import { caught } from './middle.ts';

/**
 * The operator of the ledger is the attacker: he has the validator's key, so he can sign any block and as many
 * histories as he likes. He cannot sign for anybody else.
 *
 * Claim: who has seen one history (a wallet's tip, a trust root, a receipt) refuses another: LEDGER_FORKED names the
 * height and both header hashes; who executes the blocks finds a block whose results are not what its transactions
 * give. Two people who never compare can be shown two histories: SECURITY.md says so.
 */
const folders: string[] = [];
const engines: EmbeddedEngine[] = [];
let trustRoot: TrustRoot;
/** The same operator, the same first blocks, and then two stories. */
let told: EmbeddedEngine;
let other: EmbeddedEngine;
let shared: number;
let receiptOfOther: Uint8Array;

const folder = (): string => {
  const made = temporaryLedger();
  folders.push(made);
  return made;
};

async function open(directory: string): Promise<EmbeddedEngine> {
  const engine = await openEmbeddedEngine(counterLedger(directory));
  engines.push(engine);
  return engine;
}

/** Waits for the proof block too, so that heights are the same in every run. */
async function add(engine: EmbeddedEngine, order: string): Promise<TxId> {
  const { txId } = await engine.submit(utf8(order));
  await engine.receipt(txId, 10_000);
  return txId;
}

before(async () => {
  const [first, second] = [folder(), folder()];
  const begun = await open(first);
  trustRoot = await begun.trustRoot();
  await add(begun, 'add a 1');
  await add(begun, 'add a 2');
  shared = begun.status().height;
  await begun.close();
  cpSync(first, second, { recursive: true });
  told = await open(first);
  other = await open(second);
  await add(told, 'add b 1');
  const lied = await add(other, 'add c 1');
  for (const n of [2, 3, 4, 5]) await add(other, `add c ${n}`);
  receiptOfOther = await other.receipt(lied, 10_000);
});
after(async () => {
  for (const engine of engines) await engine.close();
  for (const it of folders) rmSync(it, { recursive: true });
});

/** A gateway that shows, for each height, the header of the history that `choose` says. */
function shows(choose: (height: number) => EmbeddedEngine): GatewayClient {
  const answer = async (url: string): Promise<Response> => {
    const asked = new URL(url).pathname.split('/').at(-1);
    const newest = choose(Number.POSITIVE_INFINITY);
    const height = asked === 'latest' ? newest.status().height : Number(asked);
    const { header, commit, validators } = await choose(height).signedHeader(height);
    return Response.json({
      height,
      header: textOfBytes(header),
      commit: textOfBytes(commit),
      validators: validators.map((it) => ({
        publicKey: textOfBytes(it.publicKey),
        power: it.power,
      })),
    });
  };
  return new GatewayClient(new Http('http://operator.test', { fetch: answer }));
}

async function hashAt(engine: EmbeddedEngine, height: number): Promise<string> {
  return headerHash(decodeHeader((await engine.signedHeader(height)).header));
}

async function tipOf(engine: EmbeddedEngine): Promise<VerifiedTip> {
  const view = new VerifiedHeaders(
    shows(() => engine),
    trustRoot,
  );
  return view.latest();
}

test('both histories are sound in themselves: nothing but comparing tells them apart', async () => {
  for (const engine of [told, other]) {
    assert.ok((await tipOf(engine)).height > shared);
    const verdict = await verifyReceipt(receiptOfOther, trustRoot, verifyVote, () => []);
    assert.equal(verdict.vouchedBy, 'operator', 'a receipt says that only the operator vouches');
  }
  assert.notEqual(await hashAt(told, shared + 1), await hashAt(other, shared + 1));
});

test('a ledger that forks under a client is caught: LEDGER_FORKED names the first height and both headers', async () => {
  let shown = told;
  const view = new VerifiedHeaders(
    shows(() => shown),
    trustRoot,
  );
  for (let height = 2; height <= told.status().height; height++) await view.header(height);
  shown = other;
  const fresh = new VerifiedHeaders(
    shows(() => shown),
    trustRoot,
    view.tip,
  );
  const forked = await caught(fresh.latest(), 'LEDGER_FORKED');
  assert.equal(forked.details.height, told.status().height, 'what the wallet kept');
  // The view that saw every header says where the histories part.
  const first = await view.firstFork(forked);
  const height = shared + 1;
  const [known, lied] = [await hashAt(told, height), await hashAt(other, height)];
  assert.deepEqual(first.details, { height, known, shown: lied });
});

test('a longer history does not win over the one that the wallet has seen: LEDGER_FORKED', async () => {
  const seen = await tipOf(told);
  assert.ok(other.status().height > seen.height);
  const view = new VerifiedHeaders(
    shows(() => other),
    trustRoot,
    seen,
  );
  await caught(view.latest(), 'LEDGER_FORKED');
  assert.equal(view.tip.height, seen.height, 'and moves nothing');
});

test('a shorter history is older news: GATEWAY_LIED', async () => {
  const view = new VerifiedHeaders(
    shows(() => told),
    trustRoot,
    await tipOf(other),
  );
  await caught(view.latest(), 'GATEWAY_LIED');
});

test('the end of one history on the beginning of another is caught by walking: LEDGER_FORKED where they meet', async () => {
  const seen = await tipOf(told);
  const mixed = shows((height) => (height <= seen.height ? told : other));
  const view = new VerifiedHeaders(mixed, trustRoot, seen);
  const { height } = await view.latest();
  const error = await caught(view.requireLinked(seen.height, height), 'LEDGER_FORKED');
  assert.equal(error.details.height, seen.height);
});

test('one honest history is linked from the trust root to its end', async () => {
  const view = new VerifiedHeaders(
    shows(() => told),
    trustRoot,
  );
  const { height } = await view.latest();
  await view.requireLinked(trustRoot.height, height);
});

test('a receipt of another history is caught by who has seen this one: LEDGER_FORKED', async () => {
  const view = new VerifiedHeaders(
    shows(() => told),
    trustRoot,
  );
  for (let height = 2; height <= told.status().height; height++) await view.header(height);
  const verdict = await verifyReceipt(receiptOfOther, trustRoot, verifyVote, () => []);
  assert.throws(
    () => view.meet(verdict.height, idBytes(verdict.headerHash)),
    (error) => isCoded(error, 'LEDGER_FORKED') && error.details.height === verdict.height,
  );
});

test('a ledger that was written anew from the first block is caught by the trust root: LEDGER_FORKED', async () => {
  const anew = folder();
  const [first] = folders;
  assert.ok(first);
  cpSync(join(first, 'validator.key'), join(anew, 'validator.key'));
  const engine = await open(anew);
  await add(engine, 'add d 1');
  const view = new VerifiedHeaders(
    shows(() => engine),
    trustRoot,
  );
  const error = await caught(view.latest(), 'LEDGER_FORKED');
  assert.equal(error.details.height, trustRoot.height);
});

test('headers of another operator’s ledger are refused: HEADER_INVALID', async () => {
  const stranger = await open(folder());
  const view = new VerifiedHeaders(
    shows(() => stranger),
    trustRoot,
  );
  await caught(view.latest(), 'HEADER_INVALID');
});

/** Appends a block of the operator's own making, properly chained and signed. */
async function poisoned(change: {
  readonly txs: readonly Uint8Array[];
  readonly results: readonly { readonly code: number; readonly data: Uint8Array }[];
}): Promise<{ readonly directory: string; readonly height: number }> {
  const directory = folder();
  const begun = await openEmbeddedEngine(counterLedger(directory));
  await add(begun, 'add a 1');
  await begun.close();
  const signer = validatorKeyOf(directory);
  const store = new BlockStore(join(directory, 'blocks.db'));
  const identity = store.identity();
  assert.ok(identity);
  const append = (tip: Tip, block: Parameters<typeof makeBlock>[2]) => {
    const { stored } = makeBlock(identity, tip, block, signer);
    store.append(stored, block.txIds, () => {});
    return tipAfter(readBlock(stored));
  };
  const height = store.lastHeight();
  const last = store.block(height);
  assert.ok(last);
  const { timeMs, appHash } = last;
  const txIds = change.txs.map((tx) => sha256(tx));
  append(tipAfter(readBlock(last)), { timeMs: timeMs + 1, txIds, appHash, ...change });
  store.close();
  return { directory, height: height + 1 };
}

for (const [name, change, what] of [
  [
    'says that a refused transaction was accepted',
    { txs: [utf8('add a 0')], results: [{ code: 0, data: utf8('1') }] },
    'result',
  ],
  [
    'takes in what no rule would let in',
    { txs: [utf8('steal everything')], results: [{ code: 0, data: utf8('1') }] },
    'result',
  ],
  [
    'leaves the state as it was after an accepted transaction',
    { txs: [utf8('add a 3')], results: [{ code: 0, data: utf8('4') }] },
    'state',
  ],
] as const) {
  test(`a poisoned block that ${name} is found by executing it, and not built upon: ${what}`, async () => {
    const { directory, height } = await poisoned(change);
    const verdict = await verifyLedger({
      directory,
      verifyVote,
      openApplication: (temporary) => new CounterApplication(join(temporary, 'state.db')),
    });
    assert.deepEqual(verdict, { ok: false, height, what });
    const error = await caught(openEmbeddedEngine(counterLedger(directory)), 'LEDGER_CORRUPT');
    assert.equal(error.details.height, height);
  });
}
