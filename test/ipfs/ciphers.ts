// `node ciphers.ts WHAT`: uses the swarm key's cipher until it breaks or has held, in a process of its own, since a broken
// one is broken for all of its process. Prints `held` or the error.
import { multiaddrConnectionPair } from '@libp2p/utils';
import xsalsa20 from 'xsalsa20';
import { inSmallUpdates, swarmProtector } from '../../src/storage/ipfs/pnet.ts';
import { swarmKey } from './swarm.ts';

const [, , what = ''] = process.argv;
const isMended = what.endsWith('-mended');

/** Two ciphers by turns, each fed more than it takes well: what two busy connections do. */
function largeUpdates(): void {
  const input = new Uint8Array(700 * 1024);
  const ciphers = [1, 2].map((n) => xsalsa20(new Uint8Array(24).fill(n), new Uint8Array(32)));
  for (let i = 0; i < 1_400; i++) {
    const cipher = ciphers[i % 2];
    if (cipher !== undefined) (isMended ? inSmallUpdates(cipher) : cipher).update(input);
  }
}

/** Connections that come and go. */
async function manyConnections(): Promise<void> {
  const mended = { updates: true, ciphers: isMended };
  // It logs by the connection's logger alone.
  const components = {} as Parameters<ReturnType<typeof swarmProtector>>[0];
  const protector = swarmProtector(swarmKey, mended)(components);
  for (let i = 0; i < 6_000; i++) {
    const pair = multiaddrConnectionPair();
    const [a, b] = await Promise.all(pair.map((it) => protector.protect(it)));
    const closed = Promise.all(
      [a, b].map((it) => new Promise((r) => it?.addEventListener('close', r))),
    );
    a?.send(new Uint8Array(100));
    pair[0].abort(new Error('gone'));
    await closed;
  }
}

try {
  if (what.startsWith('updates')) largeUpdates();
  else await manyConnections();
  process.stdout.write('held');
} catch (error) {
  process.stdout.write(String(error));
}
