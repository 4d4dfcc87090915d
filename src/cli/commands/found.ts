import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import { Person } from '../../sdk/index.ts';
import type { OperatorFiles } from '../../server/operator-files.ts';
import type { TlsFiles } from '../../server/tls-front.ts';
import { contextOptions } from '../acting.ts';
import { askPassphrase } from '../asking.ts';
import { enrolPerson } from '../enrol-person.ts';
import { named } from '../harmless.ts';
import { fileWalletStore, homeFolder, walletNames } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { defaultPort } from './options.ts';
import { tlsOf } from './up.ts';

interface FoundFlags {
  readonly name: string;
  readonly short?: string;
  readonly host?: string;
  readonly url?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
  readonly operator: string;
  readonly backups?: string;
}

/** One hospital alone, under its own name: its ledger, its keys, its operator, and a first backup. */
export const addFound: AddCommand = (program, context) => {
  program
    .command('found')
    .description('found a hospital of your own in this home, with a ledger of its own')
    .requiredOption('--name <name>', 'of the hospital, as people read it')
    .option('--short <name>', 'as it stands in addresses; default: made of the name')
    .option('--host <address>', 'where it will listen (127.0.0.1)')
    .option('--url <url>', 'where others will reach it: https://salus.example')
    .option('--tls-cert <file>', 'with --tls-key: end TLS here, with this certificate (PEM)')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--behind-proxy', 'a proxy on this machine ends TLS')
    .option('--operator <wallet>', "the name of the operator's wallet", 'operator')
    .option('--backups <folder>', 'where the first backup goes; default: beside the home')
    .addHelpText('after', help)
    .action((flags: FoundFlags) => found(context, flags));
};

const help = `
The operator's wallet is sealed under a passphrase (--passphrase-file, SALUS_PASSPHRASE, or typed), and its recovery
code is shown once: print it. Then: salus up --home FOLDER. What comes next stands in NEXT.md of the home.

Example:
  salus found --name "St. Anna Hospital" --home /var/lib/salus --url https://salus.st-anna.example --behind-proxy`;

interface Plan {
  readonly home: string;
  readonly title: string;
  readonly name: string;
  readonly operator: string;
  readonly backups: string;
  readonly config: Readonly<Record<string, unknown>>;
}

async function found(context: CommandContext, flags: FoundFlags): Promise<void> {
  const { output } = context;
  const plan = await planOf(context, flags);
  const passphrase = await askPassphrase(context, { isNew: true });
  const made = await during(output, 'Founding', async (progress) => {
    const operator = await beginHospital(context, plan, passphrase);
    progress.update('the first backup');
    return { ...operator, backup: await firstBackup(context, plan) };
  });
  const { writeOperatorFiles } = await import('../../server/operator-files.ts');
  const files = writeOperatorFiles(operatorFiles(context, plan));
  const { home, name, title, operator } = plan;
  const desk = join(home, 'servers', name, 'desk.token');
  const { recoveryCode, ...facts } = made;
  output.result(
    { ...{ home, name, title, operator, recoveryCode, deskToken: desk }, ...facts, ...files },
    () =>
      [
        `${named(title)} is founded in ${home}; its ledger is ${facts.chain}.`,
        '',
        `  Recovery code of the operator: ${recoveryCode}`,
        '',
        'Print it and keep it where you keep the keys of the house: it is shown this once.',
        `First backup: ${facts.backup}`,
        `Serve it: salus up --home ${home}`,
        `What comes next: ${files.next}`,
      ].join('\n'),
  );
}

/** All that can be wrong is said before anything is made. Throws USAGE, HOME_FOUNDED, HOST_OPEN, TLS_INVALID. */
async function planOf(context: CommandContext, flags: FoundFlags): Promise<Plan> {
  const { isFounded, isMemberName, memberNameOf } = await import('../../server/home-members.ts');
  const { requireShielded } = await import('../../server/listening.ts');
  const { readTls } = await import('../../server/tls-front.ts');
  const { serversOf } = await import('../../server/process.ts');
  const home = homeFolder(context.flags.home);
  const title = flags.name.trim();
  if (title === '' || title.length > 100) {
    throw new CodedError('USAGE', { problem: 'the name has 1 to 100 characters' });
  }
  const name = flags.short ?? memberNameOf(title);
  if (!isMemberName(name)) {
    const problem = '--short has small letters, digits and dashes, such as st-anna';
    throw new CodedError('USAGE', { problem });
  }
  const tls = tlsOf(flags);
  const { host } = flags;
  const proxies = flags.behindProxy === true ? ['127.0.0.1', '::1'] : [];
  requireShielded(host ?? 'localhost', { proxies, tls: tls !== undefined });
  if (tls !== undefined) readTls(tls);
  if (isFounded(home)) throw new CodedError('HOME_FOUNDED', { home });
  if (existsSync(serversOf(home))) {
    const problem = 'in this home lie servers without a genesis: choose another';
    throw new CodedError('USAGE', { problem });
  }
  if (walletNames(home).includes(flags.operator)) {
    const problem = `a wallet ${flags.operator} lies in this home already: say --operator NAME`;
    throw new CodedError('USAGE', { problem });
  }
  return {
    ...{ home, title, name, operator: flags.operator },
    backups: resolve(flags.backups ?? `${home}-backups`),
    config: configOf(context, { ...flags, proxies, tls }),
  };
}

function configOf(
  { flags: { port = defaultPort } }: CommandContext,
  {
    host = '127.0.0.1',
    url,
    proxies,
    tls,
  }: Pick<FoundFlags, 'host' | 'url'> & {
    readonly proxies: readonly string[];
    readonly tls: TlsFiles | undefined;
  },
): Readonly<Record<string, unknown>> {
  return {
    ...{ host, port },
    ...(url !== undefined && { url: urlOf(url) }),
    ...(tls !== undefined && { tlsCert: resolve(tls.cert), tlsKey: resolve(tls.key) }),
    ...(proxies.length > 0 && { trustedProxy: proxies }),
    logLevel: 'info',
  };
}

function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CodedError('USAGE', { problem: '--url is an address such as https://salus.example' });
  }
  return url.href.replace(/\/$/, '');
}

/** Keys, genesis and first block; and the operator's account, by the hospital's own desk. */
async function beginHospital(context: CommandContext, plan: Plan, passphrase: string) {
  const { startConsortium } = await import('../../server/consortium.ts');
  const { home, name, title, operator } = plan;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const members = [{ name, title }];
  const consortium = await startConsortium({ home, port: 0, members, processes: [] });
  try {
    const store = fileWalletStore(home, operator, context.surroundings);
    const fullName = `Operator of ${title}`;
    const { person, code } = await Person.create(
      { store, passphrase, name: fullName, deviceName: hostname() },
      contextOptions(context),
    );
    const { signal } = context;
    const { account } = await enrolPerson(person, {
      ...{ home, name: operator, role: 'operator', hospital: name, fullName, signal },
    });
    return { chain: consortium.chainId, account, recoveryCode: code };
  } catch (error) {
    await consortium.close();
    // Nobody was told of it, and none of it lay here before: it is begun anew.
    rmSync(join(home, 'servers'), { recursive: true, force: true });
    for (const file of ['wallet', 'enrolling', 'card']) {
      rmSync(join(home, 'people', `${operator}.${file}`), { force: true });
    }
    rmSync(join(home, 'trust.json'), { force: true });
    throw error;
  } finally {
    await consortium.close();
  }
}

async function firstBackup({ signal }: CommandContext, { home, backups }: Plan): Promise<string> {
  const { backUpHome } = await import('../../server/maintenance/backup/backup.ts');
  const { noteBackup } = await import('../../server/last-backup.ts');
  const nowMs = Date.now();
  const { folder, manifest } = await backUpHome({
    home,
    out: backups,
    withKeys: true,
    nowMs,
    signal,
  });
  noteBackup(home, manifest);
  return folder;
}

function operatorFiles({ surroundings }: CommandContext, plan: Plan): OperatorFiles {
  const { home, name, title, operator, backups, config } = plan;
  const salus = 'salus';
  return {
    ...{ home, name, title, config },
    command: surroundings.command ?? [salus],
    steps: [
      `Print the recovery code of the wallet \`${operator}\`, and keep it apart from this machine.`,
      `Copy the first backup in \`${backups}\` to another machine: it holds the keys of the hospital. Make one every night: \`${salus} backup --home ${home} --out ${backups} --prune 30\` (docs/operations/backup.md).`,
      `Serve it: \`${salus} up --home ${home}\`; or for good: copy \`salus-${name}.service\` to /etc/systemd/system, name its user, then \`systemctl enable --now salus-${name}\`. Settings: \`salus.json\` of the home (\`${salus} up --help\`).`,
      `Look whether all is well: \`${salus} selfcheck --home ${home}\`.`,
      `Take people in: \`${salus} desk invite --home ${home} --hospital ${name} --role patient --name "Ana Lima" --sheet ana.html\` makes the sheet that a person takes home; \`${salus} desk open --home ${home} --hospital ${name}\` opens the desk in a browser (docs/operations/desk.md).`,
      `Give \`trust.json\` of the home to those who are to check what this hospital says, and ask somebody else to be a witness (docs/operations/witness.md).`,
      `Join others, or let others join: docs/operations/consortium.md.`,
    ],
  };
}
