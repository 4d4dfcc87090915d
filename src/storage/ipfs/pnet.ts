import type { ConnectionProtector } from '@libp2p/interface';
import { type ProtectorComponents, preSharedKey } from '@libp2p/pnet';

/** A running cipher of `xsalsa20`. */
interface Cipher {
  update(input: Uint8Array, output?: Uint8Array): Uint8Array;
  finalize(): void;
}

/** What `@libp2p/pnet` makes of a connection: its two ciphers are private by word, not by nature. */
interface Box extends EventTarget {
  inboundXor: Cipher;
  outboundXor: Cipher;
}

const maxUpdateBytes = 64 * 1024;

/** What is mended of `@libp2p/pnet`; only tests leave something out. */
export interface PnetMended {
  readonly updates: boolean;
  readonly ciphers: boolean;
}

/**
 * The swarm key's cipher (PSK v1: XSalsa20 over the raw connection) with two faults of `@libp2p/pnet` 3.0.27 avoided.
 * Both are mended upstream (js-libp2p pull 3585) and not released: when `pnet.test.ts` says so, this goes.
 */
export function swarmProtector(
  psk: Uint8Array,
  mended: PnetMended = { updates: true, ciphers: true },
): (components: ProtectorComponents) => ConnectionProtector {
  const plain = preSharedKey({ psk });
  return () => {
    const protector = plain();
    const protect = protector.protect.bind(protector);
    protector.protect = async (connection, options) => {
      const protectedConnection = await protect(connection, options);
      const box = protectedConnection as unknown as Box;
      const { inboundXor, outboundXor } = box;
      if (mended.updates) {
        box.inboundXor = inSmallUpdates(inboundXor);
        box.outboundXor = inSmallUpdates(outboundXor);
      }
      if (mended.ciphers) {
        // Else each connection keeps 64 bytes of the cipher's memory, and after some 5,000 there is none left.
        const give = () => {
          box.inboundXor = ended;
          box.outboundXor = ended;
          inboundXor.finalize();
          outboundXor.finalize();
        };
        box.addEventListener('close', give, { once: true });
      }
      return protectedConnection;
    };
    return protector;
  };
}

/** What still comes for a closed connection goes nowhere. */
const ended: Cipher = { update: () => new Uint8Array(0), finalize: () => {} };

/**
 * The same cipher, fed at most 64 KiB at a time: its WASM memory, shared by all ciphers, grows on every turn between two
 * of them once an update exceeds 640 KiB, until it cannot and the connection dies in the middle of a large transfer.
 * In place: what comes from the socket and what goes to it belongs to nobody else, and a new buffer for every 64 KiB is
 * what the collector works on most.
 */
export function inSmallUpdates(cipher: Cipher): Cipher {
  return {
    update(input) {
      for (let at = 0; at < input.length; at += maxUpdateBytes) {
        const part = input.subarray(at, at + maxUpdateBytes);
        cipher.update(part, part);
      }
      return input;
    },
    finalize: () => cipher.finalize(),
  };
}
