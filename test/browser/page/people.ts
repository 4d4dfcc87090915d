import {
  type FileInput,
  fileInputOf,
  indexedDbItemStore,
  indexedDbWalletStore,
  isCoded,
  Person,
} from '../../../src/sdk/browser/index.ts';
import { leastCost } from '../../wallet-store.ts';
import type { Scenes } from '../scenes.ts';

export const passphrase = 'a long enough passphrase';

/** Made in the worker, where a page of a hospital would make it, a wallet costs what people pay. */
const isPage = 'document' in globalThis;

const unlocked = new Map<string, Person>();

/** Somebody whose wallet is open here. */
export function personOf(wallet: string): Person {
  const person = unlocked.get(wallet);
  if (person === undefined) throw new Error(`the wallet ${wallet} is not open here`);
  return person;
}

export const enrol: Scenes['enrol'] = async ({ wallet, gatewayUrl, role, invitation }) => {
  const store = { ...indexedDbWalletStore(wallet), ...(isPage && { passphraseCost: leastCost }) };
  const { person, code } = await Person.create(
    { store, passphrase, name: wallet },
    { items: indexedDbItemStore(wallet) },
  );
  unlocked.set(wallet, person);
  const { account } = await person.enrol({ gatewayUrl, role, invitation });
  return { account, code };
};

export async function openWallet(wallet: string, given: string): Promise<Person> {
  const place = { store: indexedDbWalletStore(wallet), passphrase: given };
  const person = await Person.open(place, { items: indexedDbItemStore(wallet) });
  unlocked.set(wallet, person);
  return person;
}

/** The same wallet and the same browser, without a network. */
export function withoutNetwork(wallet: string): Promise<Person> {
  const fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  return Person.open(
    { store: indexedDbWalletStore(wallet), passphrase },
    { items: indexedDbItemStore(wallet), http: { fetch, retryDelaysMs: [] } },
  );
}

/** The code that something is refused with; undefined when it is taken. */
export async function codeOf(work: Promise<unknown>) {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

export async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** As an input of type file gives it. */
export function chosenFile(name: string, bytes: Uint8Array<ArrayBuffer>): FileInput {
  return fileInputOf(new File([bytes], name));
}

export const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
