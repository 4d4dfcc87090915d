import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isCoded } from '../../../primitives/errors.ts';
import { CometRpc, RpcError } from './rpc.ts';

/** What a node says whose application has gone, and one that is not there. */
test('a node without an answer is silent, and says why where it can', async () => {
  const error = { code: -32603, message: 'Internal error', data: 'client has stopped' };
  const server = createServer((_, response) => response.end(JSON.stringify({ error })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const rpc = new CometRpc(`http://127.0.0.1:${port}`);
  const asked = await rpc.ask('abci_query').catch((reason: unknown) => reason);
  assert.ok(isCoded(asked, 'NODE_SILENT') && asked.cause instanceof RpcError);
  assert.equal(asked.cause.data, 'client has stopped');
  server.close();
  server.closeAllConnections();
  const gone = await rpc.ask('abci_query').catch((reason: unknown) => reason);
  assert.ok(isCoded(gone, 'NODE_SILENT') && !(gone.cause instanceof RpcError));
});
