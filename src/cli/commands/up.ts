import { once } from 'node:events';
import { Option } from 'commander';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Consortium, ConsortiumOptions } from '../../server/consortium.ts';
import { localUrl } from '../../server/desk.ts';
import { type Engine, engines } from '../../server/engine.ts';
import type { RestoredHome } from '../../server/restored.ts';
import { readAppFiles } from '../../server/site/app-files.ts';
import type { ProcessState } from '../../server/supervisor.ts';
import type { TlsFiles } from '../../server/tls-front.ts';
import { appFolder } from '../app-folder.ts';
import { readConfig } from '../config.ts';
import { demoDoor, demoPassphrase, demoTryNext, isDemoLoaded, loadDemo } from '../demo.ts';
import { tellingEvidence } from '../evidence.ts';
import { table } from '../format.ts';
import { homeFolder } from '../home.ts';
import { type LogFlags, type LogOptions, logLevels, logToFile } from '../log-to-file.ts';
import { during } from '../output.ts';
import { peopleOf, type ShownPerson } from '../people-here.ts';
import { standingRemarks } from '../profile-text.ts';
import { trustRootJsonFrom } from '../trust-file.ts';
import { ownVersion } from '../version.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { defaultPort, gather, wholeNumber } from './options.ts';

const firstSteps = (hospital: string): readonly string[] => [
  `./salus person create ana --name "Ana Lima" --hospital ${hospital} --role patient`,
  './salus record add FILE --as ana',
  './salus record list --as ana',
];

interface UpOptions extends LogFlags {
  readonly config?: string;
  readonly host?: string | undefined;
  readonly demo?: boolean;
  readonly engine?: Engine;
  readonly of?: string;
  readonly trust?: string;
  readonly acceptClock?: boolean;
  readonly acceptLoss?: boolean;
  readonly oldStopped?: boolean;
  readonly trustedProxy?: readonly string[] | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly url?: string | undefined;
}

/** A consortium of three hospitals on this machine, until Ctrl-C; with its data it comes back. */
export const addUp: AddCommand = (program, context) => {
  program
    .command('up')
    .description(
      'serve the hospital of this home; of a new home: three hospitals to try Salus with',
    )
    .option('--demo', 'load three synthetic patients and a clinician at each hospital')
    .option(
      '--config <file>',
      'settings as JSON; default: salus.json of the home, where there is one',
    )
    .option('--host <address>', 'the address to listen at (localhost: 127.0.0.1 and ::1)')
    .addOption(
      new Option(
        '--engine <engine>',
        'what this home has to run on; default: whatever it has',
      ).choices(engines),
    )
    .option(
      '--of <url>',
      'with --engine follower: the hospital whose ledger is followed, such as https://HOST/north',
    )
    .option(
      '--trust <file>',
      "with --of: the trust root to believe; default: the home's trust.json",
    )
    .option('--tls-cert <file>', 'with --tls-key: end TLS here, with this certificate (PEM)')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--url <url>', 'where others reach this server, for invitations')
    .option('--accept-clock', 'go on although the clock jumped ahead: it is right')
    .option(
      '--old-stopped',
      'serve a restored home of a consortium: the machine it was restored of is off for good',
    )
    .option(
      '--accept-loss',
      'serve a restored home although later blocks may be missing: what was revoked since is in force again',
    )
    .option(
      '--trusted-proxy <address>',
      'a proxy, or a network of them, whose x-forwarded-for is believed; may be repeated',
      gather,
    )
    .option('--log-file <file>', 'log into this file instead of stderr; SIGHUP opens it anew')
    .addOption(
      new Option('--log-level <level>', 'how much is logged (warn; in a file: info)').choices(
        logLevels,
      ),
    )
    .option('--log-max-mib <n>', 'size at which a new log file begins (10)', wholeNumber(1, 10_240))
    .option('--log-keep <n>', 'how many older log files are kept (5)', wholeNumber(0, 1_000))
    .addHelpText('after', upHelp)
    .action((options: UpOptions) => run(context, options));
};

const upHelp = `
What --config holds: host, port, tlsCert, tlsKey, url, trustedProxy (a list), logFile, logLevel, logMaxMib, logKeep. The
environment goes over it (SALUS_CONFIG, SALUS_HOST, SALUS_PORT, SALUS_TRUSTED_PROXY, SALUS_LOG_FILE, ...), and flags over
both. An address that can be reached from elsewhere needs a certificate, or --trusted-proxy.
A home that salus found or salus consortium made is served as what it is.`;

async function run(context: CommandContext, flags: UpOptions): Promise<void> {
  const { surroundings } = context;
  const config = readConfig(homeFolder(context.flags.home), flags.config, surroundings.env);
  const options = { ...config, ...flags, port: context.flags.port ?? config.port };
  const log = await logToFile(options);
  try {
    // Before anything is made.
    tlsOf(options);
    await tellingEvidence(context.output, serve(context, options, log.options));
  } finally {
    log.close();
  }
}

async function serve(
  context: CommandContext,
  options: UpOptions & { readonly port?: number | undefined },
  logOptions: LogOptions,
): Promise<void> {
  const { flags, output, signal } = context;
  const home = homeFolder(flags.home);
  const broken = new AbortController();
  const tryNext = options.demo === true ? demoTryNext : firstSteps(await firstHospital(home));
  const app = readAppFiles(appFolder);
  const consortium = await starting(context, {
    home,
    port: options.port ?? defaultPort,
    host: options.host ?? 'localhost',
    tls: tlsOf(options),
    publicUrl: options.url?.replace(/\/$/, ''),
    ...(app !== undefined && {
      site: {
        app,
        version: ownVersion,
        ...(options.demo === true && { demo: demoDoor(home) }),
      },
    }),
    ...(options.engine !== undefined && { engine: options.engine }),
    follow: followedOf(home, options),
    acceptClock: options.acceptClock === true,
    acceptLoss: options.acceptLoss === true,
    oldStopped: options.oldStopped === true,
    proxies: options.trustedProxy ?? [],
    people: () => peopleOf(home),
    tryNext,
    onFault: (error) => broken.abort(error),
    onMigrated: output.note,
    ...logOptions,
  });
  try {
    const isFirst = options.demo === true && !isDemoLoaded(home);
    if (isFirst) {
      output.note('Loading the demo: three patients, three clinicians, and what they shared.');
      const stop = AbortSignal.any([signal, broken.signal]);
      await during(output, 'Loading', (progress) =>
        loadDemo({ ...context, signal: stop }, progress),
      );
    }
    const people = peopleOf(home);
    const ms = Math.round(performance.now());
    const { url } = consortium;
    const processes = consortium.processes();
    const beside = processes.length > 0 ? { processes } : {};
    const logs = await consortium.logs();
    for (const remark of standingRemarks(logs)) output.note(remark);
    const untaken = logs.flatMap((it) => it.untaken);
    const newer = untaken.length > 0 ? { untaken } : {};
    const { restored } = consortium;
    if (restored !== undefined) output.note(restoredRemark(restored));
    const old = restored === undefined ? {} : { restored };
    output.line({ ready: true, ok: true, url, people, ms, ...beside, ...newer, ...old }, () =>
      describe({
        ...{ url, people, home, tryNext, processes, demo: options.demo === true },
        hospitals: consortium.hospitals.map(({ title }) => title).join(', '),
      }),
    );
    await Promise.race([stopped(signal), stopped(broken.signal)]);
    if (broken.signal.aborted) throw broken.signal.reason;
    output.note('Stopping; everything that was confirmed is kept.');
  } finally {
    await consortium.close();
  }
}

/** Of a home that stands the first of its own; a new one begins with `north`. */
async function firstHospital(home: string): Promise<string> {
  const { isFounded, membersIn } = await import('../../server/home-members.ts');
  return (isFounded(home) ? membersIn(home)[0]?.name : undefined) ?? 'north';
}

/** Throws USAGE, MISSING (no trust root), FILE_UNREADABLE. */
function followedOf(home: string, { engine, of, trust }: UpOptions): ConsortiumOptions['follow'] {
  if (of === undefined) return undefined;
  if (engine !== 'follower') {
    throw new CodedError('USAGE', { problem: '--of goes with --engine follower' });
  }
  return { of: of.replace(/\/+$/, ''), trustRootJson: trustRootJsonFrom(home, trust) };
}

/** Both or none. Throws USAGE. */
export function tlsOf({
  tlsCert: cert,
  tlsKey: key,
}: Pick<UpOptions, 'tlsCert' | 'tlsKey'>): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === key) return undefined;
  throw new CodedError('USAGE', { problem: '--tls-cert and --tls-key go together' });
}

function restoredRemark({ height, acceptedMs }: RestoredHome): string {
  const lost = acceptedMs === 0 ? '' : ' What came later was given up: see salus restore --help.';
  return `This home was restored up to block ${height}.${lost}`;
}

async function starting(
  { output, flags }: CommandContext,
  options: ConsortiumOptions,
): Promise<Consortium> {
  try {
    return await during(output, 'Starting', async () => {
      // Loaded here, so that no other command waits for the servers' code.
      const { startConsortium } = await import('../../server/consortium.ts');
      return startConsortium(options);
    });
  } catch (error) {
    const url = localUrl(homeFolder(flags.home));
    if (isCoded(error, 'LEDGER_LOCKED') && url !== undefined) {
      output.note(`Salus runs on this home already: ${url}`);
    }
    throw error;
  }
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function describe(shown: {
  readonly url: string;
  readonly home: string;
  readonly people: readonly ShownPerson[];
  readonly tryNext: readonly string[];
  readonly processes: readonly ProcessState[];
  readonly demo: boolean;
  readonly hospitals: string;
}): string {
  const { url, people, home, tryNext, processes, demo, hospitals } = shown;
  const rows = people.map(({ name, role, hospital }) => [`  ${name}`, role, hospital]);
  return [
    `Salus is running at ${url}`,
    `It holds the servers' keys of ${hospitals}, in ${home}/servers.`,
    'Patients and clinicians hold their own keys in their own wallets; no server can open a record.',
    ...processes.map(
      ({ name, state, pid }) => `Beside it ${name}: ${state}, process ${pid ?? '-'}.`,
    ),
    ...(rows.length === 0 ? [] : ['', table([['  name', 'role', 'hospital'], ...rows])]),
    ...(demo
      ? [
          '',
          `The wallets of these people open with "${demoPassphrase}". Real people choose their own,`,
          'and print their recovery code; those of the demo lie beside the wallets.',
        ]
      : []),
    '',
    'In another terminal:',
    ...tryNext.map((line) => `  ${line}`),
    '',
    'Ctrl-C stops it; it comes back with its data.',
  ].join('\n');
}
