import {
  CodedError,
  indexedDbWalletStore,
  type Passkey,
  type PasskeyAnswer,
  Person,
} from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { heldWallets } from '../device.ts';
import { initialsOf } from '../people.ts';
import { personOptions } from '../session.ts';
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
  if (!(await siteOf()).demo) return [];
  const response = await fetch('/app/demo/people.json').catch(unreachable);
  if (!response.ok) throw new AppError('DEMO_GONE');
  return (await response.json()) as readonly DemoPerson[];
};

/**
 * Opens the wallet of somebody of the demo in this browser: from what it keeps, else from the copy at the hospital, by
 * the code that the demo gives away.
 */
const openDemo: Call<{ readonly name: string }, void> = async (session, { name }, { signal }) => {
  const response = await fetch(`/app/demo/wallet/${encodeURIComponent(name)}`, {
    method: 'POST',
    signal,
  }).catch(unreachable);
  if (!response.ok) throw new AppError('DEMO_GONE');
  const demo = (await response.json()) as DemoWallet;
  const { origin } = self.location;
  const id = `demo-${name}`;
  const store = indexedDbWalletStore(id);
  const options = await personOptions(id);
  const place = { store, passphrase: demo.passphrase };
  const held = (await store.load()) !== undefined;
  const person = held
    ? await Person.open(place, options)
    : await Person.recover(
        { ...place, code: demo.code, gatewayUrl: `${origin}/${demo.hospital}`, signal },
        options,
      );
  const initials = initialsOf(demo.fullName);
  await session.open(person, {
    id,
    initials,
    role: demo.role,
    isDemo: true,
    hasPassphrase: true,
    openedMs: Date.now(),
  });
  if (!held) await person.sync({ ...session.as, signal });
};

const unlock: Call<{ readonly id: string; readonly passphrase: string }, void> = async (
  session,
  { id, passphrase },
) => {
  const held = (await heldWallets()).find((it) => it.id === id);
  if (held === undefined) throw new AppError('HANDLE_UNKNOWN');
  const store = indexedDbWalletStore(id);
  const person = await Person.open({ store, passphrase }, await personOptions(id));
  await session.open(person, held);
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
