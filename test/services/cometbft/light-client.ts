import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type Commit, voteAbsent } from '../../../src/ledger/chain/commit.ts';
import { type BlockId, type Header, headerHashBytes } from '../../../src/ledger/chain/header.ts';
import type { SignedHeaderParts } from '../../../src/ledger/chain/light-client.ts';
import type { Timestamp } from '../../../src/ledger/chain/timestamp.ts';
import { type Validator, validatorAddress } from '../../../src/ledger/chain/validators.ts';
import { ChildProgram } from './child-program.ts';

/** The headers that a node shows, by height: nothing says that they are honest. */
export type ShownHeaders = ReadonlyMap<number, SignedHeaderParts>;

/** As `cometbft light` judged a header, and what it said of it. */
export interface CometVerdict {
  readonly believed: boolean;
  readonly why: string;
}

/** Hex in capitals, as the node writes hashes. */
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** RFC 3339 with nanoseconds. */
const timeText = ({ seconds, nanos }: Timestamp): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;

const blockIdJson = ({ hash, parts }: BlockId) => ({
  hash: hex(hash),
  parts: { total: parts.total, hash: hex(parts.hash) },
});

const headerJson = (header: Header) => ({
  version: { block: String(header.version.block), app: String(header.version.app) },
  chain_id: header.chainId,
  height: String(header.height),
  time: timeText(header.time),
  last_block_id: blockIdJson(header.lastBlockId),
  last_commit_hash: hex(header.lastCommitHash),
  data_hash: hex(header.dataHash),
  validators_hash: hex(header.validatorsHash),
  next_validators_hash: hex(header.nextValidatorsHash),
  consensus_hash: hex(header.consensusHash),
  app_hash: hex(header.appHash),
  last_results_hash: hex(header.lastResultsHash),
  evidence_hash: hex(header.evidenceHash),
  proposer_address: hex(header.proposerAddress),
});

const commitJson = ({ height, round, blockId, signatures }: Commit) => ({
  ...{ height: String(height), round, block_id: blockIdJson(blockId) },
  signatures: signatures.map(({ flag, address, time, signature }) => ({
    block_id_flag: flag,
    validator_address: hex(address),
    timestamp: timeText(time),
    signature: flag === voteAbsent ? null : base64(signature),
  })),
});

const validatorsJson = (height: number, validators: readonly Validator[]) => ({
  block_height: String(height),
  validators: validators.map(({ publicKey, power }) => ({
    address: hex(validatorAddress(publicKey)),
    pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(publicKey) },
    ...{ voting_power: String(power), proposer_priority: '0' },
  })),
  ...{ count: String(validators.length), total: String(validators.length) },
});

/** `commit` and `validators` of a node's JSON-RPC, as its light client asks for them. */
function answerOf(shown: ShownHeaders, asked: { method: string; params: { height: string } }) {
  const height = Number(asked.params.height);
  const parts = shown.get(height);
  if (parts === undefined) {
    return {
      error: { code: -32603, message: 'Internal error', data: `height ${height} is not available` },
    };
  }
  const { header, commit, validators } = parts;
  if (asked.method === 'validators') return { result: validatorsJson(height, validators) };
  const signed_header = { header: headerJson(header), commit: commitJson(commit) };
  return { result: { signed_header, canonical: true } };
}

/** A node that shows these headers. The light client also opens a WebSocket, on which it asks nothing here. */
async function startNode(
  shown: ShownHeaders,
): Promise<{ readonly address: string; readonly stop: () => Promise<void> }> {
  const light: Duplex[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const asked = JSON.parse(body);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id: asked.id, ...answerOf(shown, asked) }));
    });
  });
  server.on('upgrade', (request, socket) => {
    // RFC 6455, 1.3.
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.on('error', () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    light.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const socket of light) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * What `cometbft light` says of the header at `height`, trusting that at `from`, when its primary and its witness both
 * show these headers. `trustingPeriod`: as Go writes durations.
 */
export async function cometVerdict(
  program: string,
  shown: ShownHeaders,
  of: { readonly from: Header; readonly height: number; readonly trustingPeriod: string },
): Promise<CometVerdict> {
  const node = await startNode(shown);
  const folder = mkdtempSync(join(tmpdir(), 'salus-light-'));
  const { from, height, trustingPeriod } = of;
  const light = ChildProgram.start(program, [
    ...['light', from.chainId, '--primary', node.address, '--witnesses', node.address],
    ...['--height', String(from.height), '--hash', hex(headerHashBytes(from))],
    ...['--trusting-period', trustingPeriod, '--home-dir', folder, '--home', folder],
    ...['--laddr', 'tcp://127.0.0.1:0'],
  ]);
  try {
    const ready = await light.said(/Starting RPC HTTP server on (127\.0\.0\.1:\d+)/);
    if (ready === undefined) return { believed: false, why: light.text };
    const answer = await fetch(`http://${ready[1]}/commit?height=${height}`);
    const { result, error } = (await answer.json()) as {
      result?: { signed_header: { commit: { block_id: { hash: string } } } };
      error?: { data: string };
    };
    if (error !== undefined) return { believed: false, why: error.data };
    const hash = result?.signed_header.commit.block_id.hash;
    const target = shown.get(height);
    const believed = target !== undefined && hash === hex(headerHashBytes(target.header));
    return { believed, why: believed ? '' : `another header: ${hash}` };
  } finally {
    await light.stop();
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
