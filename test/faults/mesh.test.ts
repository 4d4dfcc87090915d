import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { Mesh } from './mesh.ts';

/** A machine that keeps what it hears, and one that speaks to it through the mesh. */
const mesh = new Mesh();
const heard: Socket[] = [];
const server = createServer((socket) => heard.push(socket));
let [speaker, listener, address] = [0, 0, ''];
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  listener = mesh.add(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  speaker = mesh.add('127.0.0.1:9');
  address = await mesh.link(speaker, listener);
});
after(() => {
  mesh.close();
  server.close();
});

async function speak(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const [host = '', port = ''] = address.split(':');
  const near = connect(Number(port), host);
  near.on('error', () => undefined);
  if (heard.length === 0) await once(server, 'connection');
  return { near, far: heard.pop() ?? assert.fail() };
}

const next = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

test('what is held one way comes once it is healed, and the other way goes on', async () => {
  const { near, far } = await speak();
  near.write('one');
  assert.equal(await next(far), 'one');
  mesh.hold(speaker, listener);
  let early = '';
  const listen = (piece: Buffer) => {
    early += String(piece);
  };
  far.on('data', listen);
  near.write('two');
  // Answers, one after the other, are there long before what was sent first.
  for (const word of ['a', 'b', 'c']) {
    far.write(word);
    assert.equal(await next(near), word);
  }
  assert.equal(early, '');
  far.off('data', listen);
  const later = next(far);
  mesh.heal();
  assert.equal(await later, 'two');
  near.destroy();
});

test('what is parted is cut, and who dials meanwhile is heard once it is healed', async () => {
  const { near } = await speak();
  mesh.part(speaker, listener, true);
  await once(near, 'close');
  const dialling = speak();
  mesh.heal();
  const { near: other, far } = await dialling;
  other.write('three');
  assert.equal(await next(far), 'three');
  other.destroy();
});

test('a slow way keeps the order of what it carries', async () => {
  const { near, far } = await speak();
  mesh.slow(speaker, listener, 20, 64 * 1024);
  const pieces = Array.from({ length: 40 }, (_, at) => `${at},`);
  for (const piece of pieces) near.write(piece);
  let told = '';
  while (told.length < pieces.join('').length) told += await next(far);
  assert.equal(told, pieces.join(''));
  mesh.heal();
  near.destroy();
});
