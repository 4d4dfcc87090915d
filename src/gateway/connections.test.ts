import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { Connections, defaultConnectionLimits } from './connections.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** A server that says nothing, and connections to it in the order in which it met them. */
async function listening(
  limits: { maxConnections?: number; connectionsPerNetwork?: number },
  isProxy = false,
) {
  const server = createServer();
  servers.push(server);
  const connections = new Connections(
    server,
    { ...defaultConnectionLimits, ...limits },
    () => isProxy,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<{ near: Socket; far: Socket }> => {
    const met = once(server, 'connection');
    const near = connect(port, '127.0.0.1');
    near.on('error', () => undefined);
    const [far] = (await met) as [Socket];
    return { near, far };
  };
  return { connections, open };
}

test('one connection too many ends the oldest that asks nothing', async () => {
  const { connections, open } = await listening({ connectionsPerNetwork: 2 });
  const [first, second] = [await open(), await open()];
  connections.answering(first.far, false);
  const third = await open();
  await once(second.near, 'close');
  assert.deepEqual(
    [first, second, third].map(({ far }) => far.destroyed),
    [false, true, false],
  );
  for (const { near } of [first, third]) near.destroy();
});

test('then the oldest of a stranger, and of nobody who is signed in: the newcomer goes', async () => {
  const { connections, open } = await listening({ connectionsPerNetwork: 2 });
  const [mine, strangers] = [await open(), await open()];
  connections.answering(mine.far, true);
  connections.answering(strangers.far, false);
  const third = await open();
  await once(strangers.near, 'close');
  connections.answering(third.far, true);
  const fourth = await open();
  await once(fourth.near, 'close');
  assert.deepEqual([mine.far.destroyed, third.far.destroyed], [false, false]);
  connections.answered(mine.far);
  const fifth = await open();
  await once(mine.near, 'close');
  assert.equal(connections.size, 2);
  for (const { near } of [third, fifth]) near.destroy();
});

test('a proxy has no limit of its own, but the limit of all holds', async () => {
  const { connections, open } = await listening(
    { connectionsPerNetwork: 1, maxConnections: 3 },
    true,
  );
  const opened = [await open(), await open(), await open()];
  assert.equal(connections.size, 3);
  const fourth = await open();
  await once((opened[0] ?? fourth).near, 'close');
  assert.equal(connections.size, 3);
  for (const { near } of [...opened, fourth]) near.destroy();
});
