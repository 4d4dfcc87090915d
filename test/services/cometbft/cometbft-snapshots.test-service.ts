import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ResponseApplySnapshotChunk_Result as ChunkResult,
  Request,
  Response,
} from 'cosmjs-types/tendermint/abci/types';
import { sha256 } from '../../../src/crypto/hash.ts';
import type { Answer } from '../../../src/engines/cometbft/abci/server.ts';
import type { CometEngine } from '../../../src/engines/cometbft/comet-engine.ts';
import { findCometBft } from '../../../src/engines/cometbft/node.ts';
import {
  decodeChunk,
  decodeMetadata,
  encodeChunk,
  encodeMetadata,
  snapshotHash,
} from '../../../src/engines/ledger-application/snapshots/format.ts';
import { decodeCommit } from '../../../src/ledger/chain/commit.ts';
import { decodeHeader, headerHashBytes } from '../../../src/ledger/chain/header.ts';
import { parseGenesis } from '../../../src/ledger/genesis.ts';
import { writeStateSync } from '../../../src/server/comet/join-by-snapshot.ts';
import { LightServer } from '../../../src/server/comet/light-server.ts';
import type { OtherMember } from '../../../src/server/comet/other-members.ts';
import { makeGenesis } from '../../builders.ts';
import { accepted, hospitals, startMs } from '../../ledger-series.ts';
import { type Member, makeNetwork } from './network.ts';

const program = findCometBft([process.env.SALUS_SERVICE ?? '']);
const every = 15;
const patienceMs = 60_000;

/** With SALUS_RECORD=FILE: what the node of a joining member says, for test/fixtures/abci/joining.json. */
const mostRecorded = 80;
const isOfJoining = (it: Request): boolean =>
  it.info !== undefined ||
  it.offerSnapshot !== undefined ||
  it.applySnapshotChunk !== undefined ||
  it.finalizeBlock !== undefined ||
  it.commit !== undefined;

/** Chunks of the true snapshot, each with a byte changed. */
function flipping(honest: Answer): Answer {
  return async (request) => {
    const response = await honest(request);
    const chunk = response.loadSnapshotChunk?.chunk.slice();
    if (chunk === undefined || chunk.length === 0) return response;
    chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1;
    return Response.fromPartial({ loadSnapshotChunk: { chunk } });
  };
}

/** A newer snapshot than anybody has, made of the true one with an account left out, its hashes as they ought to be. */
function forging(honest: Answer): Answer {
  const made = new Map<bigint, { readonly chunks: Uint8Array[]; readonly metadata: Uint8Array }>();
  const forge = async (height: bigint, format: number, metadata: Uint8Array) => {
    const before = decodeMetadata(metadata);
    const chunks = await Promise.all(
      before.chunks.map(async (_, chunk) => {
        const request = { loadSnapshotChunk: { height, format, chunk } };
        const { loadSnapshotChunk: loaded } = await honest(request as Request);
        return loaded?.chunk ?? assert.fail();
      }),
    );
    const first = decodeChunk(chunks[0] ?? assert.fail());
    chunks[0] = encodeChunk({ ...first, rows: first.rows.slice(1) });
    const forged = encodeMetadata({
      ...{ ...before, height: before.height + 1, rows: before.rows - 1 },
      chunks: chunks.map((it) => sha256(it)),
    });
    made.set(height + 1n, { chunks, metadata: forged });
    return { format, height: height + 1n, chunks: chunks.length, metadata: forged };
  };
  return async (request) => {
    if (request.loadSnapshotChunk !== undefined) {
      const { height, chunk: at } = request.loadSnapshotChunk;
      const chunk = made.get(height)?.chunks[at];
      if (chunk !== undefined) return Response.fromPartial({ loadSnapshotChunk: { chunk } });
    }
    const response = await honest(request);
    const [newest] = response.listSnapshots?.snapshots ?? [];
    if (newest === undefined) return response;
    const forged = await forge(newest.height, newest.format, newest.metadata);
    const snapshots = [{ ...forged, hash: snapshotHash(forged.metadata) }];
    return Response.fromPartial({ listSnapshots: { snapshots } });
  };
}

const otherOf = (engine: CometEngine): OtherMember => ({
  name: 'other',
  header: async (height) => {
    const at = height === 'latest' ? engine.status().height : height;
    const { header, commit, validators } = await engine.signedHeader(at);
    return { header: decodeHeader(header), commit: decodeCommit(commit), validators };
  },
  turns: (height) => engine.turns(height),
  kept: (height) => engine.keptBlock(height),
});

/** Blocks although there is nothing to do, so that snapshots come soon. */
function hurry(member: Member): void {
  const path = join(member.home, 'config', 'config.toml');
  const busy = readFileSync(path, 'utf8')
    .replace('create_empty_blocks = false', 'create_empty_blocks = true')
    .replace('create_empty_blocks_interval = "300s"', 'create_empty_blocks_interval = "0s"');
  writeFileSync(path, busy);
}

for (const [liar, lies, expected] of [
  ['sends other bytes', flipping, ChunkResult.RETRY],
  ['makes up a newer state', forging, ChunkResult.REJECT_SNAPSHOT],
] as const) {
  test(`a member that ${liar} is refused, and the new one takes the state from the others`, {
    timeout: 180_000,
  }, async () => {
    const template = parseGenesis(await makeGenesis(hospitals, startMs));
    const { members, remove } = await makeNetwork(template, { count: 4, program });
    const [first, second, lying, fresh] = members;
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(lying !== undefined && fresh !== undefined);
    lying.around = lies;
    const lights: LightServer[] = [];
    try {
      for (const member of members) {
        hurry(member);
        const folder = join(member.folder, 'snapshots');
        member.snapshots = { folder, every, chunkBytes: 200 };
      }
      const running = [first, second, lying];
      await Promise.all(running.map((it) => it.startNode()));
      const engines = await Promise.all([first.startEngine(), second.startEngine()]);
      const [engine] = engines;
      for (const tx of accepted.slice(0, 3)) {
        const { txId } = await engine.submit(tx);
        await engine.waitCommit(txId, patienceMs);
      }
      const until = async (isSo: () => boolean) => {
        const deadline = performance.now() + patienceMs;
        while (!isSo()) {
          assert.ok(performance.now() < deadline, 'too late');
          await pause(100);
        }
      };
      await until(() => (first.application?.snapshots().length ?? 0) === 2);
      await until(() => engine.status().height % every > 4);

      const genesisJson = readFileSync(join(fresh.home, 'config', 'genesis.json'), 'utf8');
      const { consensus_params: consensusParams } = JSON.parse(genesisJson) as Record<
        string,
        unknown
      >;
      for (const each of engines) {
        const from = otherOf(each);
        lights.push(await LightServer.open({ from, consensusParams, turns: from.turns }));
      }
      const { header } = await otherOf(engine).header(1);
      const servers = lights.map(({ url }) => url);
      writeStateSync(fresh.home, { servers, height: 1, hash: headerHashBytes(header) });
      const verdicts: ChunkResult[] = [];
      const said: { readonly request: string; readonly response: string }[] = [];
      fresh.onExchange = (request, response) => {
        const { applySnapshotChunk: applied } = response;
        if (applied !== undefined) verdicts.push(applied.result);
        if (!isOfJoining(request) || said.length >= mostRecorded) return;
        const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
        said.push({
          request: base64(Request.encode(request).finish()),
          response: base64(Response.encode(response).finish()),
        });
      };
      await fresh.startNode();
      const joined = await fresh.startEngine();
      assert.ok((joined.historyFrom() ?? 0) > every, 'by a snapshot');
      assert.ok(verdicts.includes(expected), verdicts.join());
      assert.equal(verdicts.at(-1), ChunkResult.ACCEPT);
      await until(() => joined.status().height >= engine.status().height - 1);
      const row = await joined.query('accounts', new Uint8Array(32), { prove: true });
      assert.equal(row.value, undefined);
      const { logs } = await joined.heads();
      assert.deepEqual(logs, (await engine.heads()).logs);
      assert.deepEqual(fresh.troubles, []);
      const record = process.env.SALUS_RECORD;
      if (record !== undefined && expected === ChunkResult.RETRY) {
        const genesis = Buffer.from(fresh.genesisBytes).toString('base64');
        writeFileSync(record, `${JSON.stringify({ genesis, exchanges: said }, undefined, 1)}\n`);
      }
    } finally {
      for (const light of lights) await light.close();
      await remove();
    }
  });
}
