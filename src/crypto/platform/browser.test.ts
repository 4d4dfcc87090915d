import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePlatform } from './platform.contract.ts';
import type { Platform } from './platform.ts';

// Node has WebCrypto, so the browser's side runs here too; its types need the DOM, so its path is no literal.
const load = async (query = ''): Promise<Platform> => {
  const module: { platform: Platform } = await import(`./browser.ts${query}`);
  return module.platform;
};

describePlatform('browser', await load());

/** The platform on an engine whose WebCrypto answers some methods differently. */
async function withSubtle(
  changes: Readonly<Record<string, unknown>>,
  query: string,
): Promise<Platform> {
  const { subtle } = globalThis.crypto;
  const changed = new Proxy(subtle, {
    get(target, name) {
      const method: unknown = changes[String(name)] ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
  Object.defineProperty(globalThis.crypto, 'subtle', { value: changed, configurable: true });
  try {
    return await load(query);
  } finally {
    Object.defineProperty(globalThis.crypto, 'subtle', { value: subtle, configurable: true });
  }
}

const { subtle } = globalThis.crypto;
const unsupported = () => Promise.reject(new Error('NotSupportedError'));
// P-256 is in every WebCrypto there ever was.
const importOldOnly = (...args: Parameters<typeof subtle.importKey>) =>
  ['Ed25519', 'X25519'].includes(String(args[2])) ? unsupported() : subtle.importKey(...args);
const changes = { generateKey: unsupported, importKey: importOldOnly };
const without = await withSubtle(changes, '?without');
describePlatform('browser without curves', without);

const cofactored = await withSubtle({ verify: async () => true }, '?cofactored');
test('an engine that says yes to the case only the cofactor allows is not asked again', async () => {
  const key = await cofactored.ed25519Key(new Uint8Array(32).fill(1));
  const signature = await key.sign(new Uint8Array(3));
  assert.equal(await cofactored.ed25519Verify(key.publicKey, new Uint8Array(3), signature), true);
  assert.equal(await cofactored.ed25519Verify(key.publicKey, new Uint8Array(4), signature), false);
});
