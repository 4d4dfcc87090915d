import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  Request,
  Response,
  ResponseProcessProposal_ProposalStatus as Verdict,
} from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { realChecks } from '../../../../test/builders.ts';
import { parseGenesis } from '../../../ledger/genesis.ts';
import { bytesToHex, concatBytes, utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { type LedgerApplication, openLedgerApplication } from '../../ledger-application/open.ts';
import { cometVersion } from '../node.ts';
import { abciApplication } from './application.ts';
import { FrameReader, frameOf } from './frames.ts';
import { AbciServer, type Answer } from './server.ts';

interface Exchange {
  readonly atMs: number;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
}

interface Conversation {
  readonly genesis: Uint8Array;
  readonly exchanges: readonly Exchange[];
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

function recordedIn(name: string): Conversation {
  const file = new URL(`../../../../test/fixtures/abci/${name}.json`, import.meta.url);
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly genesis: string;
    readonly exchanges: readonly {
      readonly atMs: number;
      readonly request: string;
      readonly response: string;
    }[];
  };
  const exchanges = recorded.exchanges.map(({ atMs, request, response }) => ({
    ...{ atMs, request: bytesOf(request), response: bytesOf(response) },
  }));
  return { genesis: bytesOf(recorded.genesis), exchanges };
}

/**
 * What a real CometBFT said to this application: a start, four transactions with their proof blocks, queries, an orderly
 * end, a second start. Recorded by test/services/cometbft/record.ts.
 */
const recordedBy = (version: string): Conversation => recordedIn(`one-validator-${version}`);
const ours = recordedBy(cometVersion);
const { exchanges } = ours;
const kindOf = (request: Uint8Array) =>
  Object.entries(Request.decode(request)).find(([, value]) => value !== undefined)?.[0] ?? '';

interface Running {
  readonly application: LedgerApplication;
  readonly answer: Answer;
  nowMs: number;
}

async function open(
  t: TestContext,
  folder = temporary(t),
  begun: Conversation = ours,
): Promise<Running> {
  const path = join(folder, 'state.db');
  const { genesis } = begun;
  const { chainId, validators } = parseGenesis(genesis);
  const application = await openLedgerApplication({ path, genesis, verify: realChecks });
  t.after(() => application.close());
  const running: Running = {
    application,
    nowMs: 0,
    answer: abciApplication({
      ...{ application, chainId, genesis, validators },
      now: () => running.nowMs,
      isPeer: (id) => id === 'ab'.repeat(20),
    }),
  };
  return running;
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-abci-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function ask(running: Running, request: Uint8Array): Promise<Uint8Array> {
  return Response.encode(await running.answer(Request.decode(request))).finish();
}

for (const version of [cometVersion, 'v0.38.25', 'v0.40.0']) {
  test(`${version}: each answer is, byte for byte, what the node was answered when it was recorded`, async (t) => {
    const begun = recordedBy(version);
    const running = await open(t, temporary(t), begun);
    for (const [at, { atMs, request, response }] of begun.exchanges.entries()) {
      running.nowMs = atMs;
      const answered = await ask(running, request);
      assert.equal(
        bytesToHex(answered),
        bytesToHex(response),
        `exchange ${at}, ${kindOf(request)}`,
      );
    }
  });
}

/** What the node of a member that joins said: a snapshot, some of its chunks from a liar, and the blocks after it. */
const joining = recordedIn('joining');

test('a node that joined by a snapshot was answered so, byte for byte, a liar’s chunks too', async (t) => {
  const running = await open(t, temporary(t), joining);
  const kinds = new Set<string>();
  let retried = 0;
  for (const [at, { request, response }] of joining.exchanges.entries()) {
    const answered = await ask(running, request);
    assert.equal(bytesToHex(answered), bytesToHex(response), `exchange ${at}, ${kindOf(request)}`);
    kinds.add(kindOf(request));
    retried += Response.decode(answered).applySnapshotChunk?.refetchChunks.length ?? 0;
  }
  assert.deepEqual(
    [...kinds].sort(),
    ['applySnapshotChunk', 'commit', 'finalizeBlock', 'info', 'offerSnapshot'].sort(),
  );
  assert.ok(retried > 0);
});

test('what is left among its chunks changes no state, and the next offer begins anew', async (t) => {
  const chunks = joining.exchanges.filter(
    ({ request }) => kindOf(request) === 'applySnapshotChunk',
  );
  for (const count of [1, Math.floor(chunks.length / 2), chunks.length - 1]) {
    const running = await open(t, temporary(t), joining);
    const before = running.application.info();
    for (const { request } of joining.exchanges) {
      if (kindOf(request) === 'offerSnapshot') await ask(running, request);
    }
    for (const { request } of chunks.slice(0, count)) await ask(running, request);
    assert.deepEqual(running.application.info(), before);
    for (const { request, response } of joining.exchanges) {
      assert.equal(bytesToHex(await ask(running, request)), bytesToHex(response));
    }
  }
});

const connectionOf: Readonly<Record<string, number>> = {
  ...{ initChain: 0, prepareProposal: 0, processProposal: 0, finalizeBlock: 0, commit: 0 },
  ...{ checkTx: 1, info: 2, query: 2, echo: 3, flush: 3 },
};

test('over four connections, in pieces of any size, it is the same', async (t) => {
  const running = await open(t);
  const path = join(temporary(t), 'app.sock');
  const server = await AbciServer.listen(path, running.answer, (error) => assert.fail(`${error}`));
  t.after(() => server.close());
  const connections = await Promise.all([0, 1, 2, 3].map(() => Connection.to(path)));
  t.after(() => {
    for (const connection of connections) connection.close();
  });
  let size = 1;
  for (const { atMs, request, response } of exchanges) {
    running.nowMs = atMs;
    const connection = connections[connectionOf[kindOf(request)] ?? 3] ?? assert.fail();
    size = (size * 7) % 61;
    const answered = await connection.ask(request, size);
    assert.equal(bytesToHex(answered), bytesToHex(response));
  }
});

test('answers of one connection come in the order of its requests, however long each takes', async (t) => {
  const path = join(temporary(t), 'app.sock');
  const slow: Answer = async ({ echo }) => {
    const message = echo?.message ?? '';
    await new Promise((resolve) => setTimeout(resolve, message.endsWith('0') ? 5 : 0));
    return Response.fromPartial({ echo: { message } });
  };
  const server = await AbciServer.listen(path, slow, (error) => assert.fail(`${error}`));
  t.after(() => server.close());
  const connection = await Connection.to(path);
  t.after(() => connection.close());
  const count = 1_200;
  const sent = Array.from({ length: count }, (_, i) =>
    frameOf(Request.encode(Request.fromPartial({ echo: { message: String(i) } })).finish()),
  );
  connection.write(concatBytes(...sent));
  for (let i = 0; i < count; i++) {
    assert.equal(Response.decode(await connection.next()).echo?.message, String(i));
  }
});

test('what is no request ends the connection and is told, and the next connection is served', async (t) => {
  const running = await open(t);
  const path = join(temporary(t), 'app.sock');
  const troubles: unknown[] = [];
  const server = await AbciServer.listen(path, running.answer, (error) => troubles.push(error));
  t.after(() => server.close());
  for (const bytes of [
    Uint8Array.of(255, 255, 255, 255, 255, 1),
    Uint8Array.of(255, 255, 255, 255, 15),
    frameOf(Uint8Array.of(255)),
    frameOf(new Uint8Array(0)),
  ]) {
    const connection = await Connection.to(path);
    connection.write(bytes);
    await connection.closed;
  }
  assert.equal(troubles.length, 4);
  assert.ok(troubles.every((it) => isCoded(it, 'ABCI_INVALID')));
  const connection = await Connection.to(path);
  t.after(() => connection.close());
  const echo = Request.encode(Request.fromPartial({ echo: { message: 'still here' } })).finish();
  assert.equal(Response.decode(await connection.ask(echo, 1_000)).echo?.message, 'still here');
});

test('frames are the same however the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 90 })), (sent, sizes) => {
      const stream = concatBytes(...sent.map(frameOf));
      const reader = new FrameReader();
      const got: Uint8Array[] = [];
      let at = 0;
      for (let i = 0; at < stream.length; i++) {
        const size = sizes[i % Math.max(sizes.length, 1)] ?? stream.length;
        got.push(...reader.push(stream.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(got.map(bytesToHex), sent.map(bytesToHex));
    }),
  );
});

const blocks = exchanges.filter(({ request }) => kindOf(request) === 'finalizeBlock');
const commit = Request.encode(Request.fromPartial({ commit: {} })).finish();
const info = Request.encode(
  Request.fromPartial({ info: { version: '0.38.26', blockVersion: 11n, p2pVersion: 8n } }),
).finish();

async function heightOf(running: Running): Promise<number> {
  const { info: told } = Response.decode(await ask(running, info));
  return Number(told?.lastBlockHeight);
}

test('FinalizeBlock again before Commit begins anew, and the state is the same', async (t) => {
  const running = await open(t);
  for (const [at, { request, response }] of blocks.entries()) {
    for (let again = 0; again <= at % 3; again++) {
      assert.equal(bytesToHex(await ask(running, request)), bytesToHex(response));
    }
    await ask(running, commit);
    assert.equal(await heightOf(running), at + 1);
  }
});

test('after an end at any point, the node replays from what Info reports, to the same app hash', async (t) => {
  // Ends before and after FinalizeBlock, before and after Commit of each height, as a node that replays would meet them.
  for (let ended = 0; ended < 2 * blocks.length; ended++) {
    const folder = temporary(t);
    const first = await open(t, folder);
    for (let step = 0; step <= ended; step++) {
      const block = blocks[Math.floor(step / 2)] ?? assert.fail();
      await ask(first, step % 2 === 0 ? block.request : commit);
    }
    // As a kill leaves it: what was not yet written to disk is not there.
    const left = join(temporary(t), 'left');
    cpSync(folder, left, { recursive: true });
    const second = await open(t, left);
    const height = await heightOf(second);
    assert.ok(height <= Math.floor((ended + 1) / 2), 'nothing is kept that was not committed');
    for (const { request, response } of blocks.slice(height)) {
      assert.equal(bytesToHex(await ask(second, request)), bytesToHex(response));
      await ask(second, commit);
    }
  }
});

test('a proposal of garbage, of a transaction twice, or of too much is rejected, and made by nobody', async (t) => {
  const running = await open(t);
  for (const { request } of blocks.slice(0, 2)) {
    await ask(running, request);
    await ask(running, commit);
  }
  const txs = blocks.flatMap(({ request }) => Request.decode(request).finalizeBlock?.txs ?? []);
  const [tx] = txs;
  assert.ok(tx !== undefined && txs.length >= 4);
  const verdict = async (proposed: readonly Uint8Array[]) => {
    const request = Request.fromPartial({ processProposal: { txs: [...proposed] } });
    return (await running.answer(request)).processProposal?.status;
  };
  const { ACCEPT, REJECT } = Verdict;
  const large = new Uint8Array(70_000);
  for (const [proposed, expected] of [
    [[], ACCEPT],
    [txs, ACCEPT],
    [[...txs].reverse(), ACCEPT],
    [[tx, tx], REJECT],
    [[utf8('garbage')], REJECT],
    [[new Uint8Array(0)], REJECT],
    [[...txs, large], REJECT],
  ] as const) {
    assert.equal(await verdict(proposed), expected);
  }
  const { finalizeBlock: newest } = Request.decode(blocks[1]?.request ?? assert.fail());
  const offered = { txs: [utf8('garbage'), tx, large, ...txs], maxTxBytes: 1_000_000n };
  const made = await running.answer(
    Request.fromPartial({ prepareProposal: { ...offered, time: newest?.time ?? assert.fail() } }),
  );
  assert.deepEqual(made.prepareProposal?.txs.map(bytesToHex), txs.map(bytesToHex));
  const late = { seconds: (newest?.time.seconds ?? 0n) + 90_000n, nanos: 0 };
  const expired = await running.answer(
    Request.fromPartial({ prepareProposal: { ...offered, time: late } }),
  );
  assert.deepEqual(expired.prepareProposal?.txs, []);
});

test('another beginning than this ledger’s is refused at InitChain', async (t) => {
  const begun = Request.decode(
    exchanges.find(({ request }) => kindOf(request) === 'initChain')?.request ?? assert.fail(),
  ).initChain;
  assert.ok(begun !== undefined);
  const [validator] = begun.validators;
  assert.ok(validator !== undefined);
  for (const change of [
    { chainId: 'salus-other-1' },
    { appStateBytes: utf8('{"genesis":"AA=="}') },
    { appStateBytes: new Uint8Array(0) },
    { validators: [] },
    { validators: [{ ...validator, power: validator.power + 1n }] },
    { initialHeight: 2n },
  ]) {
    const running = await open(t);
    const answered = running.answer(Request.fromPartial({ initChain: { ...begun, ...change } }));
    await assert.rejects(answered, (e) => isCoded(e, 'GENESIS_WRONG'));
  }
});

test('only listed nodes may connect, and questions that are none are told so', async (t) => {
  const { answer } = await open(t);
  const code = async (path: string, data: Uint8Array = new Uint8Array(0)) =>
    (await answer(Request.fromPartial({ query: { path, data } }))).query?.code;
  assert.equal(await code(`/p2p/filter/id/${'ab'.repeat(20)}`), 0);
  assert.equal(await code(`/p2p/filter/id/${'cd'.repeat(20)}`), 1);
  for (const path of ['/', '', '/state/', '/state/../x', '/heads/x', '/log', '/log/consistency']) {
    assert.equal(await code(path, utf8('x')), 3);
  }
});

/** A connection as the node has them: frames out, frames back. */
class Connection {
  readonly #socket: Socket;
  readonly #frames: Uint8Array[] = [];
  #wake: () => void = () => {};
  readonly closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader();
    socket.on('data', (piece: Uint8Array) => {
      this.#frames.push(...reader.push(piece));
      this.#wake();
    });
    socket.on('error', () => {});
    this.closed = once(socket, 'close');
  }

  static async to(path: string): Promise<Connection> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  async ask(request: Uint8Array, size: number): Promise<Uint8Array> {
    const frame = frameOf(request);
    for (let at = 0; at < frame.length; at += size + 1)
      this.write(frame.subarray(at, at + size + 1));
    return this.next();
  }

  async next(): Promise<Uint8Array> {
    while (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift() ?? assert.fail();
  }

  close(): void {
    this.#socket.destroy();
  }
}
