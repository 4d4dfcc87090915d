import type { Person } from '@salus/salus/sdk/browser';
import { type DeviceStore, onDevice } from './device.ts';

/** What is kept is a multiple of this: how long a draft is shows in steps alone. */
const stepBytes = 4_096;
const nonceBytes = 12;

interface Keys {
  readonly seal: CryptoKey;
  readonly name: CryptoKey;
}
const made = new WeakMap<Person, Promise<Keys>>();

/**
 * Keys that follow from the root of the wallet on this device: who has the browser's whole profile and no way into the
 * wallet opens nothing. They cannot be read out, and go when the wallet is locked.
 */
function keysOf(person: Person): Promise<Keys> {
  const held = made.get(person);
  if (held !== undefined) return held;
  const making = derived(person.sessionRoot());
  made.set(person, making);
  return making;
}

async function derived(root: Uint8Array): Promise<Keys> {
  const { subtle } = crypto;
  const from = await subtle.importKey('raw', root as BufferSource, 'HKDF', false, ['deriveKey']);
  root.fill(0);
  const how = (info: string) => ({
    ...{ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0) },
    info: new TextEncoder().encode(info),
  });
  const seal = { name: 'AES-GCM', length: 256 };
  const name = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  return {
    seal: await subtle.deriveKey(how('salus app shelf seal 1'), from, seal, false, [
      'encrypt',
      'decrypt',
    ]),
    name: await subtle.deriveKey(how('salus app shelf name 1'), from, name, false, ['sign']),
  };
}

/**
 * Things that a person has on this device beside the wallet, sealed: AES-256-GCM under a fresh nonce, bound to store,
 * wallet and place, so that none passes for another. Names of places tell nothing either.
 */
export class SealedShelf<T> {
  readonly #store: DeviceStore;
  readonly #walletId: string;
  readonly #keys: Promise<Keys>;

  constructor(store: DeviceStore, person: Person, walletId: string) {
    this.#store = store;
    this.#walletId = walletId;
    this.#keys = keysOf(person);
  }

  /** A name for a place that follows from `word`, and says nothing of it without the wallet. */
  async placeOf(word: string): Promise<string> {
    const { name } = await this.#keys;
    const mac = await crypto.subtle.sign('HMAC', name, new TextEncoder().encode(word));
    return Array.from(new Uint8Array(mac, 0, 8), (it) => it.toString(16).padStart(2, '0')).join('');
  }

  /** On disk when this comes back. */
  async put(place: string, value: T): Promise<void> {
    const { seal } = await this.#keys;
    const text = new TextEncoder().encode(JSON.stringify(value));
    const plain = new Uint8Array(Math.ceil((text.length + 1) / stepBytes) * stepBytes).fill(0x20);
    plain.set(text);
    const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
    const how = { name: 'AES-GCM', iv: nonce, additionalData: this.#about(place) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(how, seal, plain));
    const kept = new Uint8Array(nonceBytes + sealed.length);
    kept.set(nonce);
    kept.set(sealed, nonceBytes);
    await onDevice(this.#store, 'readwrite', (store) => store.put(kept, this.#keyOf(place)));
  }

  /** Undefined: nothing is there, or it does not open. */
  async get(place: string): Promise<T | undefined> {
    const kept: unknown = await onDevice(this.#store, 'readonly', (store) =>
      store.get(this.#keyOf(place)),
    );
    return this.#opened(place, kept);
  }

  /** Everything of this wallet that opens. */
  async all(): Promise<readonly { readonly place: string; readonly value: T }[]> {
    const own = `${this.#walletId} `;
    const keys = await onDevice(this.#store, 'readonly', (store) => store.getAllKeys());
    const places = keys
      .map(String)
      .filter((it) => it.startsWith(own))
      .map((it) => it.slice(own.length));
    const found = await Promise.all(
      places.map(async (place) => ({ place, value: await this.get(place) })),
    );
    return found.flatMap(({ place, value }) => (value === undefined ? [] : [{ place, value }]));
  }

  async drop(place: string): Promise<void> {
    await onDevice(this.#store, 'readwrite', (store) => store.delete(this.#keyOf(place)));
  }

  /** Lets everything of this wallet go, also what does not open. */
  async clear(): Promise<void> {
    const own = `${this.#walletId} `;
    const keys = await onDevice(this.#store, 'readonly', (store) => store.getAllKeys());
    for (const key of keys.map(String)) {
      if (key.startsWith(own))
        await onDevice(this.#store, 'readwrite', (store) => store.delete(key));
    }
  }

  #keyOf(place: string): string {
    return `${this.#walletId} ${place}`;
  }

  #about(place: string): Uint8Array<ArrayBuffer> {
    return new TextEncoder().encode(`${this.#store} ${this.#keyOf(place)}`);
  }

  async #opened(place: string, kept: unknown): Promise<T | undefined> {
    if (!(kept instanceof Uint8Array) || kept.length <= nonceBytes) return undefined;
    const { seal } = await this.#keys;
    const iv = kept.slice(0, nonceBytes);
    const how = { name: 'AES-GCM', iv, additionalData: this.#about(place) };
    try {
      const plain = await crypto.subtle.decrypt(how, seal, kept.slice(nonceBytes));
      return JSON.parse(new TextDecoder().decode(plain)) as T;
    } catch {
      return undefined;
    }
  }
}
