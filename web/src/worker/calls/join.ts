import { indexedDbWalletStore, Person, readCard, trustWords } from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { demoInvitation, type Invited, whereTo } from '../invitation.ts';
import { heldAs, newWalletId, passphraseOf, type WaysToOpen } from '../new-wallet.ts';
import { Questions } from '../questions.ts';
import { personOptions, type Session } from '../session.ts';
import { siteOf } from '../site.ts';

/** What somebody begins with: the desk's link or code, and how the wallet is to be opened here. */
interface Joining extends WaysToOpen, Invited {}

/** A wallet that is made and enrolled, with the code for the sheet: shown once, kept nowhere. */
export interface Joined {
  readonly code: string;
  readonly hospital: string;
  readonly trustWords: readonly string[];
}

/** An invitation of a demo's desk, for who tries it. */
const demoInvited: Call<void, { readonly link: string }> = () => demoInvitation({});

/** Makes a wallet, enrols it by the invitation, and opens it. What fails leaves nothing behind. */
const start: Call<Joining, Joined> = async (session, input, { signal }) => {
  const { read, hospital } = await whereTo(input);
  const id = newWalletId();
  const store = indexedDbWalletStore(id);
  const options = await personOptions(id);
  const place = { store, passphrase: passphraseOf(input), deviceName: input.deviceName };
  const { person, code } = await Person.create({ ...place, name: 'Salus' }, options);
  if (input.passkey !== undefined) await person.addPasskey(input.passkey);
  const account = await person.enrol({
    gatewayUrl: hospital.url,
    invitation: read.code,
    role: read.role ?? 'patient',
    // The link of the sheet says which ledger it is of; a code alone takes the hospital's word, and shows the words.
    believes: async (words) =>
      read.genesisHash === undefined || trustWords(read.genesisHash).join() === words.join(),
    signal,
  });
  const { name } = readCard(account.card).card;
  await session.open(person, heldAs(id, person, name, input));
  return { code, hospital: hospital.title, trustWords: await person.trustWords(account.account) };
};

interface Recovering extends WaysToOpen {
  readonly code: string;
  /** Short name of a hospital where one is enrolled. */
  readonly hospital: string;
}

/** The wallet from its copy, by the printed sheet. */
const recover: Call<Recovering, void> = async (session, input, { signal }) => {
  const hospital = (await siteOf()).hospitals.find((it) => it.name === input.hospital);
  if (hospital === undefined) throw new AppError('HANDLE_UNKNOWN');
  const id = newWalletId();
  const store = indexedDbWalletStore(id);
  const place = { store, passphrase: passphraseOf(input), deviceName: input.deviceName };
  const person = await Person.recover(
    { ...place, code: input.code, gatewayUrl: hospital.url, signal },
    await personOptions(id),
  );
  await opened(session, person, { id, at: hospital.account }, input);
  await person.tryPrintedCode(input.code).catch(() => undefined);
};

const asked = new Questions();

/**
 * The wallet from another device of the person: its link, digits that are shown here and typed there, and a yes here
 * once the other one says that it is done. Progress `digits` has the digits as its text.
 */
const joinDevice: Call<WaysToOpen & { readonly link: string }, void> = async (
  session,
  input,
  { signal, onProgress },
) => {
  const id = newWalletId();
  const store = indexedDbWalletStore(id);
  const step = (phase: string, text?: string) =>
    onProgress({ phase, done: 0, total: 0, ...(text !== undefined && { text }) });
  const person = await Person.join(
    {
      ...{
        store,
        passphrase: passphraseOf(input),
        link: input.link,
        deviceName: input.deviceName,
        signal,
      },
      onStep: (it) => step(it),
      showDigits: (digits) => step('digits', digits),
      isDoneThere: async (over) => (await asked.ask('doneThere', over)) === 'yes',
    },
    await personOptions(id),
  );
  await opened(session, person, { id }, input);
};

/** What a person says to a question of long work: the digits of another device, or that it is done there. */
const answer: Call<
  { readonly question: 'doneThere' | 'digits'; readonly text: string },
  void
> = async (_session, { question, text }) => asked.answer(question, text);

async function opened(
  session: Session,
  person: Person,
  { id, at }: { readonly id: string; readonly at?: string },
  ways: WaysToOpen,
): Promise<void> {
  if (ways.passkey !== undefined) await person.addPasskey(ways.passkey);
  const [account] = person.accounts;
  const name =
    account === undefined || account.card.length === 0
      ? person.name
      : readCard(account.card).card.name;
  await session.open(person, heldAs(id, person, name, ways), at);
  await session.learnClosed();
  await person.sync(session.as).catch(() => undefined);
}

/** Adds a device: progress `link` has the link, `digits` the name of the device whose digits are to be typed. */
const addDevice: Call<void, { readonly name: string }> = async (
  session,
  _input,
  { signal, onProgress },
) => {
  const step = (phase: string, text?: string) =>
    onProgress({ phase, done: 0, total: 0, ...(text !== undefined && { text }) });
  const added = await session.person.addDevice({
    ...session.as,
    signal,
    onStep: (it) => step(it),
    onLink: (link) => step('link', link),
    askDigits: ({ name, triesLeft, signal: over }) => {
      step(`digits:${triesLeft}`, name);
      return asked.ask('digits', over);
    },
  });
  return { name: added.name };
};

export const joinCalls = {
  'demo.invitation': demoInvited,
  'join.start': start,
  'join.recover': recover,
  'join.device': joinDevice,
  'device.add': addDevice,
  'device.answer': answer,
};
