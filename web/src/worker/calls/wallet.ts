import {
  CodedError,
  forgetIndexedDbWallet,
  indexedDbWalletStore,
  isCoded,
  type Passkey,
  type PasskeyAnswer,
  Person,
  type PersonOptions,
  type WalletPlace,
} from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { heldWallets } from '../device.ts';
import { initialsOf } from '../people.ts';
import { openAccounts, personOptions } from '../session.ts';
import { type Site, siteOf } from '../site.ts';
import { noteWay } from '../ways.ts';

/** Somebody of the demonstration whom one can be with one touch. */
export interface DemoPerson {
  readonly name: string;
  readonly fullName: string;
  readonly role: string;
  readonly hospital: string;
}

/** What the route that only a demo has says of one of its wallets. */
interface DemoWallet {
  readonly fullName: string;
  readonly role: string;
  readonly hospital: string;
  readonly passphrase: string;
  readonly code: string;
}

const unreachable = (cause: unknown): never => {
  throw new CodedError('GATEWAY_UNREACHABLE', {}, cause);
};

const site: Call<void, Site> = () => siteOf();

/** Those of the demo; none where there is none. */
const demoPeople: Call<void, readonly DemoPerson[]> = async () => {
  const { demo, hospitals } = await siteOf();
  if (!demo) return [];
  const response = await fetch('/app/demo/people.json').catch(unreachable);
  if (!response.ok) throw new AppError('DEMO_GONE');
  const people = (await response.json()) as readonly DemoPerson[];
  // Of a hospital people know the title, not the name of its server.
  const titleOf = (name: string) => hospitals.find((it) => it.name === name)?.title ?? name;
  return people.map((it) => ({ ...it, hospital: titleOf(it.hospital) }));
};

/**
 * Opens the wallet of somebody of the demo in this browser: from what it keeps, else from the copy at the hospital, by
 * the code that the demo gives away.
 */
const openDemo: Call<{ readonly name: string; readonly deviceName: string }, void> = async (
  session,
  { name, deviceName },
  { signal },
) => {
  const response = await fetch(`/app/demo/wallet/${encodeURIComponent(name)}`, {
    method: 'POST',
    signal,
  }).catch(unreachable);
  if (!response.ok) throw new AppError('DEMO_GONE');
  const demo = (await response.json()) as DemoWallet;
  const id = `demo-${name}`;
  const place = { store: indexedDbWalletStore(id), passphrase: demo.passphrase, deviceName };
  const options = await personOptions(id);
  const opened = await openHeld(place, options, signal);
  const person = opened ?? (await fetchDemo(id, { ...demo, ...place, name }, options, signal));
  const initials = initialsOf(demo.fullName);
  const { hospitals } = await siteOf();
  const wallet = { id, initials, role: demo.role, isDemo: true, hasPassphrase: true };
  await session.open(
    person,
    { ...wallet, openedMs: Date.now() },
    hospitals.find((it) => it.name === demo.hospital)?.account,
  );
  await session.learnClosed();
  if (opened === undefined) await person.sync({ ...session.as, signal });
};

/** What this browser keeps of somebody; nothing where new keys shut it out. */
async function openHeld(
  place: WalletPlace,
  options: PersonOptions,
  signal: AbortSignal,
): Promise<Person | undefined> {
  if ((await place.store.load()) === undefined) return undefined;
  const person = await Person.open(place, options);
  try {
    for (const { account: as } of openAccounts(person)) await person.catchUp({ as, signal });
  } catch (error) {
    if (isCoded(error, 'DEVICE_ENDED') || isCoded(error, 'KEY_NOT_CURRENT')) return undefined;
  }
  return person;
}

/**
 * The wallet from its copy. Each browser that opens somebody of the demo is a device of theirs: where there are as many as a
 * person may have, the demo makes new keys, which shut the browsers of before out until they are opened again.
 */
async function fetchDemo(
  id: string,
  demo: WalletPlace & DemoWallet & { readonly name: string },
  options: PersonOptions,
  signal: AbortSignal,
): Promise<Person> {
  const { store, passphrase, deviceName, code, hospital, name } = demo;
  const gatewayUrl = `${self.location.origin}/${hospital}`;
  const wallet = { store, passphrase, deviceName, code, gatewayUrl, signal };
  await forgetIndexedDbWallet(id);
  const person = await Person.recover(wallet, options);
  if ((await person.devices()).devices.some((it) => it.isThis)) return person;
  const made = await fetch(`/app/demo/room/${encodeURIComponent(name)}`, {
    method: 'POST',
    signal,
  });
  if (!made.ok) throw new AppError('DEMO_GONE');
  await forgetIndexedDbWallet(id);
  return Person.recover(wallet, options);
}

const unlock: Call<{ readonly id: string; readonly passphrase: string }, void> = async (
  session,
  { id, passphrase },
) => {
  const held = (await heldWallets()).find((it) => it.id === id);
  if (held === undefined) throw new AppError('HANDLE_UNKNOWN');
  const store = indexedDbWalletStore(id);
  const person = await Person.open({ store, passphrase }, await personOptions(id));
  await session.open(person, held);
  await session.learnClosed();
  await noteWay(session, 'passphrase');
};

/** The passkeys that open this wallet here; asked before it is open. */
const passkeys: Call<{ readonly id: string }, readonly Passkey[]> = (_session, { id }) =>
  Person.passkeysOf(indexedDbWalletStore(id));

const unlockByPasskey: Call<{ readonly id: string; readonly answer: PasskeyAnswer }, void> = async (
  session,
  { id, answer },
) => {
  const held = (await heldWallets()).find((it) => it.id === id);
  if (held === undefined) throw new AppError('HANDLE_UNKNOWN');
  const store = indexedDbWalletStore(id);
  await session.open(await Person.openByPasskey({ store, answer }, await personOptions(id)), held);
  await session.learnClosed();
  await noteWay(session, 'passkey', answer.credentialId);
};

const lock: Call<void, void> = (session) => session.lock('asked');

export const walletCalls = {
  site,
  'demo.people': demoPeople,
  'demo.open': openDemo,
  'wallet.unlock': unlock,
  'wallet.lock': lock,
  'wallet.passkeys': passkeys,
  'wallet.unlockByPasskey': unlockByPasskey,
};
