import { readSmallFile, readSmallText } from '../files.ts';
import { amount, sizeOf, table, when } from '../format.ts';
import { homeFolder } from '../home.ts';
import type { AddCommand, CommandContext } from './command.ts';

interface MigrateFlags {
  readonly host?: string;
  readonly announce?: string;
  readonly swarmKey?: string;
  readonly members?: string;
}

/** Of IPFS; `--port` says another. */
const defaultPort = 4_001;

/** The network in which hospitals keep each other's sealed bytes. */
export const addStorage: AddCommand = (program, context) => {
  const storage = program
    .command('storage')
    .description('the network in which hospitals keep copies of sealed bytes for each other');
  storage
    .command('status')
    .description('the storage nodes of this home: copies, members, what is reported')
    .action(() => status(context));
  storage
    .command('migrate')
    .description(
      'bring the hospitals of this home into a storage network; it counts from the next `salus up` on',
    )
    .option(
      '--host <address>',
      'where they listen and are dialled: an IPv4 address; default: 127.0.0.1',
    )
    .option('--announce <address>', 'what others dial instead, such as /dns4/storage.anna.example')
    .option('--swarm-key <file>', 'of a network that exists; default: a new one')
    .option('--members <file>', 'the list of a network that exists')
    .addHelpText('after', migrateHelp)
    .action((flags: MigrateFlags) => migrate(context, flags));
};

const migrateHelp = `
The first hospital listens at --port (4001), each further one at the next. The bytes stay where they are, under the same ids, and are copied to the other members by and by. What is cut off goes
on when it is called again. The swarm key (servers/NAME/storage/swarm.key) and the list (members.json) go to the others.`;

async function status({ flags, output }: CommandContext): Promise<void> {
  const { storageStatus } = await import('../../server/storage/status.ts');
  const hospitals = await storageStatus(homeFolder(flags.home));
  output.result({ hospitals }, () =>
    hospitals.length === 0
      ? 'No hospital of this home is in a storage network. `salus storage migrate` brings them into one.'
      : hospitals.map(textOf).join('\n\n'),
  );
}

type Shown = Awaited<
  ReturnType<typeof import('../../server/storage/status.ts').storageStatus>
>[number];

function textOf({ hospital, isRunning, status }: Shown): string {
  if (!isRunning || status === undefined) return `${hospital}: its storage node does not run.`;
  const { own, held, swept, members, reports } = status;
  const copies =
    swept === undefined
      ? 'not counted yet'
      : `${amount(swept.below, 'blob')} of ${swept.blobs} with fewer copies than there should be`;
  return [
    `${hospital}: ${amount(own.blobs, 'blob')} (${sizeOf(own.bytes)}) of its own, ${amount(held.blobs, 'blob')} (${sizeOf(held.bytes)}) of others; ${copies}.`,
    `Peer ${status.peerId}`,
    '',
    table([
      ['member', 'connected', 'has of ours', 'lost', 'to be erased', 'we keep'],
      ...members.map((it) => [
        it.account.slice(0, 12),
        it.isConnected ? 'yes' : 'no',
        String(it.pinned),
        String(it.lost),
        String(it.erasuresWaiting),
        sizeOf(it.heldBytes),
      ]),
    ]),
    ...(reports.length === 0 ? [] : ['', 'Reported, newest first:']),
    ...reports.map((it) => `${when(it.atMs)}  ${it.code}  ${it.member.slice(0, 12)}  ${it.blobId}`),
  ].join('\n');
}

async function migrate({ flags, output }: CommandContext, given: MigrateFlags): Promise<void> {
  const { migrateHome } = await import('../../server/storage/migrate.ts');
  const hospitals = await migrateHome({
    home: homeFolder(flags.home),
    port: flags.port ?? defaultPort,
    ...(given.host !== undefined && { host: given.host }),
    ...(given.announce !== undefined && { announce: given.announce }),
    ...(given.swarmKey !== undefined && { swarmKey: readSmallFile(given.swarmKey) }),
    ...(given.members !== undefined && { members: readSmallText(given.members) }),
  });
  output.result({ hospitals }, () =>
    [
      ...hospitals.map(({ hospital, isNew, addresses }) =>
        isNew
          ? `${hospital}: its storage node will listen at ${addresses.join(', ')}`
          : `${hospital}: is in the network already (${addresses.join(', ')})`,
      ),
      'It counts from the next `salus up` on.',
    ].join('\n'),
  );
}
