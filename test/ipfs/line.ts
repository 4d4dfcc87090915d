import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A TCP line on loopback that can be held: nothing passes then, in either direction, and nothing is lost. */
export async function openLine(t: TestContext, to: number) {
  const sockets: Socket[] = [];
  let isHeld = false;
  const server = createServer((from) => {
    const onward = connect(to, '127.0.0.1');
    for (const [a, b] of [
      [from, onward],
      [onward, from],
    ] as const) {
      sockets.push(a);
      a.on('data', (bytes) => b.write(bytes));
      a.on('close', () => b.destroy());
      a.on('error', () => b.destroy());
      if (isHeld) a.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`,
    hold: () => {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    release: () => {
      isHeld = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
