// Records what a real CometBFT node says to the application, for tests that run without it:
// COMETBFT_FOLDER=FOLDER node test/services/cometbft/record.ts > test/fixtures/abci/one-validator-VERSION.json
import assert from 'node:assert/strict';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { findCometBft } from '../../../src/engines/cometbft/node.ts';
import { parseGenesis } from '../../../src/ledger/genesis.ts';
import { makeGenesis } from '../../builders.ts';
import { accepted, hospitals, refused, startMs } from '../../ledger-series.ts';
import { makeNetwork } from './network.ts';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const exchanges: { atMs: number; request: string; response: string }[] = [];
const program = findCometBft([process.env.COMETBFT_FOLDER ?? '']);
const template = parseGenesis(await makeGenesis(hospitals, startMs));
const { members, remove } = await makeNetwork(template, { count: 1, program });
const [member] = members;
assert.ok(member !== undefined);
member.onExchange = (request, response, atMs) => {
  exchanges.push({
    atMs,
    request: base64(Request.encode(request).finish()),
    response: base64(Response.encode(response).finish()),
  });
};
await member.startNode();
let engine = await member.startEngine();
const send = async (tx: Uint8Array | undefined) => {
  const { txId } = await engine.submit(tx ?? assert.fail());
  await engine.receipt(txId, 20_000);
};
for (const n of [0, 1, 2]) await send(accepted[n]);
await send(refused[0]);
await engine.query('accounts', new Uint8Array(32), { prove: true });
await engine.heads();
await engine.logConsistency('user', 1, 1);
// An orderly end and a new beginning: the handshake finds nothing to replay, or some blocks.
await member.stop();
await member.startNode();
engine = await member.startEngine();
await send(accepted[4]);
await remove();
const genesis = base64(member.genesisBytes);
process.stdout.write(`${JSON.stringify({ genesis, exchanges }, undefined, 1)}\n`);
