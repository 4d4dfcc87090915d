import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatInvitationLink, Person, type Role } from '../sdk/index.ts';
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
}

const people: readonly DemoPerson[] = [
  {
    name: 'dr-osei',
    fullName: 'Dr Abena Osei',
    role: 'clinician',
    hospital: 'harbour',
    licence: 'H-1042',
    onFirstPage: true,
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
  },
  {
    name: 'op-north',
    fullName: 'Operator of North',
    role: 'operator',
    hospital: 'north',
    onFirstPage: true,
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
  './salus grant dr-osei --as alejandro --class lab --class medication --purpose TREAT --until +7d',
  './salus inbox --as dr-osei',
  './salus record list --as dr-osei --patient alejandro',
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
  await writeOut(join(home, 'people', doneMark), 'The demo people are complete.\n', replacing);
}

async function openDemoPerson(context: CommandContext, demo: DemoPerson): Promise<Person> {
  const { surroundings, signal } = context;
  const home = homeFolder(context.flags.home);
  const { name, fullName, role, hospital, licence } = demo;
  const store = fileWalletStore(home, name, surroundings);
  const options = {
    gatewayUrlOf: ({ organisation, gatewayUrl }: { organisation: string; gatewayUrl: string }) =>
      localHospitals(home).find((it) => it.account === organisation)?.url ?? gatewayUrl,
  };
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
    const made = await Person.create({ ...wallet, name: fullName }, options);
    person = made.person;
    await writeOut(codePath, `${made.code}\n`, replacing);
  }
  if (!person.accounts.some((it) => it.enrolled)) {
    const code = readFileSync(codePath, 'utf8').trim();
    await enrolPerson(person, { home, name, role, hospital, licence, fullName, code, signal });
  }
  await person.sync({ signal });
  return person;
}

async function addChart(person: Person, file: string, signal: AbortSignal): Promise<void> {
  if (person.imports.some((it) => it.fileName === file && it.anchored)) return;
  const path = fileURLToPath(new URL(`../../examples/patients/${file}`, import.meta.url));
  await person.addFile(await inputFile(path), { signal });
}
