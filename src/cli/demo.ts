import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  formatInvitationLink,
  Person,
  type PersonOptions,
  type Role,
  type WalletStore,
} from '../sdk/index.ts';
import { localHospitals } from '../server/desk.ts';
import { localDesk } from '../server/registration-desk.ts';
import type { DemoDoor } from '../server/site/demo-door.ts';
import type { CommandContext } from './commands/command.ts';
import { playHistory } from './demo-history.ts';
import { enrolPerson } from './enrol-person.ts';
import { inputFile } from './files.ts';
import { fileWalletStore, homeFolder } from './home.ts';
import type { Progress } from './output.ts';
import { replacing, writeOut } from './write-out.ts';

/**
 * The people of the demonstration: three synthetic patients with their charts, a clinician at each
 * hospital, and what they did with each other (`demo-history.ts`). All of it through the SDK and over HTTP, as real
 * people do it. What a start that was interrupted left undone, the next one does.
 */
export const demoPassphrase = 'demo passphrase';

interface DemoPerson {
  readonly name: string;
  readonly fullName: string;
  readonly role: Role;
  readonly hospital: string;
  readonly licence?: string;
  readonly file?: string;
  /** One touch on the app's first page opens their wallet. */
  readonly onFirstPage?: boolean;
  /** What they have: the first is the one of this home, a second one came back by the printed sheet. */
  readonly devices?: readonly string[];
}

const people: readonly DemoPerson[] = [
  {
    name: 'dr-osei',
    fullName: 'Dr Abena Osei',
    role: 'clinician',
    hospital: 'harbour',
    licence: 'H-1042',
    onFirstPage: true,
    devices: ['Ward computer of Dr Osei'],
  },
  {
    name: 'dr-lind',
    fullName: 'Dr Erik Lind',
    role: 'clinician',
    hospital: 'north',
    licence: 'N-2210',
  },
  {
    name: 'dr-amari',
    fullName: 'Dr Leila Amari',
    role: 'clinician',
    hospital: 'valley',
    licence: 'V-0317',
  },
  {
    name: 'eboni',
    fullName: 'Eboni Brekke',
    role: 'patient',
    hospital: 'north',
    file: 'Eboni_Brekke_ae30c5e1-23da-4ecd-a320-a2c6047f3a19.json',
    onFirstPage: true,
    devices: ['Eboni’s phone', 'Eboni’s tablet'],
  },
  {
    name: 'op-north',
    fullName: 'Operator of North',
    role: 'operator',
    hospital: 'north',
    onFirstPage: true,
    devices: ['Operations desk of North'],
  },
  {
    name: 'lemuel',
    fullName: 'Lemuel Hodkiewicz',
    role: 'patient',
    hospital: 'harbour',
    file: 'Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json',
  },
  {
    name: 'alejandro',
    fullName: 'Alejandro Riojas',
    role: 'patient',
    hospital: 'valley',
    file: 'Alejandro_Riojas_a9fcc685-c7a2-4474-bf25-26c8fe4b48f9.json',
  },
];

const doneMark = 'demo-loaded';

export const demoTryNext: readonly string[] = [
  `export SALUS_PASSPHRASE='${demoPassphrase}'`,
  './salus person list',
  './salus record list --as eboni',
  './salus grant dr-lind --as alejandro --class lab --class medication --purpose TREAT --until +7d',
  './salus inbox --as dr-lind',
  './salus record list --as dr-lind --patient alejandro',
  './salus looked --as alejandro',
  './salus verify',
];

/** The people of the demo for the first page of the app, each with what opens their wallet. */
export function demoDoor(home: string): DemoDoor {
  const shown = people
    .filter((it) => it.onFirstPage === true)
    .map(({ name, fullName, role, hospital }) => ({ name, fullName, role, hospital }));
  // A desk is nobody's wallet: a link opens it.
  const desk = { name: 'desk', fullName: 'Desk of North', role: 'desk', hospital: 'north' };
  const order = ['patient', 'clinician', 'desk', 'operator'];
  let making = Promise.resolve();
  const listed = [...shown, desk].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  return {
    people: () => listed,
    wallet(name) {
      const person = shown.find((it) => it.name === name);
      const codePath = join(home, 'people', `${name}.demo-code`);
      if (person === undefined || !existsSync(codePath)) return undefined;
      const code = readFileSync(codePath, 'utf8').trim();
      return { ...person, passphrase: demoPassphrase, code };
    },
    makeRoom(name) {
      making = making.then(() => makeRoom(home, name));
      const made = making;
      making = made.catch(() => undefined);
      return made;
    },
    async deskLink() {
      return `north/${(await localDesk(home, 'north').link()).link}`;
    },
    async invitation({ hospital, person }) {
      const place = localHospitals(home).find((it) => it.name === hospital)?.name ?? 'north';
      const desk = localDesk(home, place);
      const role = 'patient' as const;
      const name = shown.find((it) => it.name === person)?.fullName ?? 'Nova Example';
      const { invitation } = await desk.invite({ role, name });
      return formatInvitationLink({
        ...{ gatewayUrl: desk.url, role, code: invitation },
        genesisHash: (await desk.hospital()).genesisHash,
      });
    },
  };
}

/** So many devices a person may have; each browser that opens somebody of the demo is one. */
const mostDevices = 24;

async function makeRoom(home: string, name: string): Promise<void> {
  const demo = people.find((it) => it.name === name);
  const codePath = join(home, 'people', `${name}.demo-code`);
  if (demo?.onFirstPage !== true || !existsSync(codePath)) return;
  const store = fileWalletStore(home, name);
  const person = await Person.open({ store, passphrase: demoPassphrase }, demoOptions(home));
  const { account } = person.account();
  await person.catchUp({ as: account });
  if ((await person.devices()).devices.length < mostDevices) return;
  const code = readFileSync(codePath, 'utf8').trim();
  await person.rotate({ as: account, code });
}

/** Whether the demo was loaded to its end. */
export function isDemoLoaded(home: string): boolean {
  return existsSync(join(home, 'people', doneMark));
}

/**
 * People, records, grants and looks of the demo. What was interrupted is completed; what is there stays.
 */
export async function loadDemo(context: CommandContext, progress: Progress): Promise<void> {
  const { signal } = context;
  const home = homeFolder(context.flags.home);
  if (isDemoLoaded(home)) return;
  const opened = new Map<string, Person>();
  for (const [at, demo] of people.entries()) {
    progress.update(`${demo.fullName} (${at + 1} of ${people.length})`);
    const person = await openDemoPerson(context, demo);
    if (demo.file !== undefined) await addChart(person, demo.file, signal);
    opened.set(demo.name, person);
  }
  progress.update('what they did with each other');
  await playHistory(opened, { nowMs: Date.now(), signal });
  const { foundDemo } = await import('../server/services.ts');
  await foundDemo(home, signal);
  await writeOut(join(home, 'people', doneMark), 'The demo people are complete.\n', replacing);
}

const demoOptions = (home: string): PersonOptions => ({
  gatewayUrlOf: ({ organisation, gatewayUrl }) =>
    localHospitals(home).find((it) => it.account === organisation)?.url ?? gatewayUrl,
});

async function openDemoPerson(context: CommandContext, demo: DemoPerson): Promise<Person> {
  const { surroundings, signal } = context;
  const home = homeFolder(context.flags.home);
  const { name, fullName, role, hospital, licence } = demo;
  const store = fileWalletStore(home, name, surroundings);
  const options = demoOptions(home);
  const codePath = join(home, 'people', `${name}.demo-code`);
  // A wallet that nobody can enrol any more because its code was not written down: begun anew.
  const hasWallet = (await store.load()) !== undefined;
  if (hasWallet && !existsSync(codePath)) {
    rmSync(join(home, 'people', `${name}.wallet`), { force: true });
    rmSync(join(home, 'people', `${name}.enrolling`), { force: true });
  }
  const wallet = { store, passphrase: demoPassphrase };
  let person: Person;
  if (hasWallet && existsSync(codePath)) person = await Person.open(wallet, options);
  else {
    const made = await Person.create(
      { ...wallet, name: fullName, deviceName: demo.devices?.[0] },
      options,
    );
    person = made.person;
    await writeOut(codePath, `${made.code}\n`, replacing);
  }
  if (!person.accounts.some((it) => it.enrolled)) {
    const code = readFileSync(codePath, 'utf8').trim();
    await enrolPerson(person, { home, name, role, hospital, licence, fullName, code, signal });
  }
  await person.sync({ signal });
  await addSecondDevice(person, demo, codePath, context);
  return person;
}

/** A device that is somewhere else: it came back by the printed sheet, and nothing of it is kept here. */
async function addSecondDevice(
  person: Person,
  { devices, hospital }: DemoPerson,
  codePath: string,
  { flags, surroundings, signal }: CommandContext,
): Promise<void> {
  const home = homeFolder(flags.home);
  const gatewayUrl = localHospitals(home).find((it) => it.name === hospital)?.url;
  const deviceName = devices?.[1];
  if (deviceName === undefined || gatewayUrl === undefined) return;
  if ((await person.devices()).devices.length > 1) return;
  const code = readFileSync(codePath, 'utf8').trim();
  const store = { ...fleetingStore(), ...surroundings.passphrases };
  const passphrase = demoPassphrase;
  const wallet = { store, passphrase, code, gatewayUrl, deviceName, signal };
  await Person.recover(wallet, demoOptions(home));
  await person.catchUp({ signal });
}

function fleetingStore(): WalletStore {
  let file: Uint8Array | undefined;
  const shards = new Map<string, Uint8Array>();
  return {
    load: async () => file,
    loadShard: async (name) => shards.get(name),
    async save(wallet) {
      file = wallet.file;
      for (const [name, bytes] of wallet.shards) shards.set(name, bytes);
    },
  };
}

async function addChart(person: Person, file: string, signal: AbortSignal): Promise<void> {
  if (person.imports.some((it) => it.fileName === file && it.anchored)) return;
  const path = fileURLToPath(new URL(`../../examples/patients/${file}`, import.meta.url));
  await person.addFile(await inputFile(path), { signal });
}
