import { Option } from 'commander';
import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { table, when } from '../../../cli/format.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { minutesBeforeUtc, zoneHere } from '../../../cli/zoned-time.ts';
import { type Code, catalogue } from '../../../codes/index.ts';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type Cause, type ChosenCause, chosenCauses } from '../api/causes.ts';
import { type Choice, channels, languages } from '../api/choice.ts';
import {
  type AlertSet,
  type AlertsNow,
  alertsInbox,
  alertsNow,
  confirmAlert,
  endAlert,
  setAlert,
  testAlert,
} from '../sdk/index.ts';

interface SetFlags {
  readonly mail?: string;
  readonly webhook?: string;
  readonly inbox?: boolean;
  readonly language: Choice['language'];
  readonly quiet?: string;
  readonly of?: readonly string[];
}

/** `salus alerts`: how one is told, and how it goes. */
export const addAlerts: AddCommand = (program, context) => {
  const alerts = program
    .command('alerts')
    .description('be told of news in one’s record by mail, without a word of what it is');
  alerts
    .command('set')
    .description('be told on one way, or otherwise than before')
    .option('--mail <address>', 'by mail to this address, once it is confirmed')
    .option('--webhook <url>', 'by a signed request to this address')
    .option('--inbox', 'in the app: salus alerts inbox')
    .addOption(
      new Option('--language <language>', 'of the letters').choices(languages).default('en'),
    )
    .option(
      '--quiet <hours>',
      'not at these hours, such as 22:00-07:00; none: at all hours',
      'none',
    )
    .addOption(new Option('--of <causes...>', 'of these alone; default: all').choices(chosenCauses))
    .action((flags: SetFlags) => set(context, flags));
  alerts
    .command('confirm')
    .description('say that the mail address is yours, by the code of the letter to it')
    .argument('<code>', 'such as 86X3-1014-J4P1')
    .action((code: string) => confirm(context, code));
  alerts
    .command('off')
    .description('nothing comes on this way any more, and the hospital forgets the address')
    .addArgument(alerts.createArgument('<way>', 'which one').choices(channels))
    .action((way: (typeof channels)[number]) => off(context, way));
  alerts
    .command('list')
    .description('how one is told')
    .action(() => list(context));
  alerts
    .command('inbox')
    .description('what is new: of which kind, and when')
    .action(() => inbox(context));
  alerts
    .command('test')
    .description('a letter to oneself, on every way')
    .action(() => sendTest(context));
  alerts
    .command('status')
    .description('for operators: letters that wait, were sent and were not, of this home')
    .action(() => status(context));
  alerts
    .command('new-keys')
    .description(
      'for operators: keys for an alert service that has lost them; everybody then sets their choice again',
    )
    .action(() => newKeys(context));
};

/** Throws USAGE, and as `setAlert`. */
async function set(context: CommandContext, flags: SetFlags): Promise<void> {
  const { channel, address } = wayOf(flags);
  const acting = await openActing(context);
  const account = actingAccount(acting);
  // Another device may have confirmed the address.
  await acting.person.sync(work(context, account));
  const wanted = {
    ...{ channel, address, language: flags.language },
    ...quietHours(flags.quiet ?? 'none'),
    zoneMinutes: zoneMinutesHere(context),
    causes: (flags.of ?? chosenCauses) as readonly ChosenCause[],
  };
  const done = await during(context.output, 'Setting', () =>
    acting.person.run(setAlert, wanted, work(context, account)),
  );
  const { secret, isConfirmed } = done;
  const shown = shownOf({ ...wanted, ...done });
  context.output.result(shown, () =>
    [
      channel === 'inbox'
        ? 'You are told in the app.'
        : `You are told by ${channel} at ${address}${isConfirmed ? '' : ' once it is confirmed'}.`,
      ...(isConfirmed ? [] : [codeWords(done)]),
      ...(channel === 'webhook'
        ? [`Its requests are signed with this secret: ${bytesToBase64url(secret)}`]
        : []),
    ].join('\n'),
  );
}

function codeWords({ isAsked, codesFromMs }: AlertSet): string {
  if (isAsked) {
    return 'A letter with a code is on its way there, three a day at most: salus alerts confirm CODE';
  }
  return codesFromMs === undefined
    ? 'Too many letters were asked for: ask for the one with the code later, salus alerts test'
    : noCodeBefore(codesFromMs);
}

const noCodeBefore = (fromMs: number): string =>
  `Three letters with a code went within a day: no other goes before ${when(fromMs)}. Ask for it then: salus alerts test. The code of one that came to this address is good: salus alerts confirm CODE`;

async function confirm(context: CommandContext, code: string): Promise<void> {
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  await acting.person.sync(options);
  const { address, counter } = await acting.person.run(confirmAlert, code, options);
  context.output.result(
    { channel: 'mail', address, counter, isConfirmed: true },
    () => `Confirmed: letters go to ${address}.`,
  );
}

/** Bytes as text; mail has no secret. */
function shownOf<Shown extends { readonly secret: Uint8Array }>({ secret, ...shown }: Shown) {
  return { ...shown, ...(secret.length > 0 && { secret: bytesToBase64url(secret) }) };
}

/** A push is asked for in the browser that gets it. */
function wayOf({ mail, webhook, inbox: own }: SetFlags): Pick<Choice, 'channel' | 'address'> {
  const said = [
    ...(mail === undefined ? [] : [{ channel: 'mail', address: mail } as const]),
    ...(webhook === undefined ? [] : [{ channel: 'webhook', address: webhook } as const]),
    ...(own === true ? [{ channel: 'inbox', address: '' } as const] : []),
  ];
  const [way, ...others] = said;
  if (way !== undefined && others.length === 0) return way;
  throw new CodedError('USAGE', { problem: 'say --mail, --webhook or --inbox, one of them' });
}

/** `22:00-07:00` as minutes of the day. Throws USAGE. */
function quietHours(text: string): Pick<Choice, 'quietFrom' | 'quietUntil'> {
  if (text === 'none') return { quietFrom: 0, quietUntil: 0 };
  const [, fromHour, fromMinute, untilHour, untilMinute] =
    /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (fromHour === undefined) {
    throw new CodedError('USAGE', { problem: '--quiet 22:00-07:00, or none' });
  }
  return {
    quietFrom: Number(fromHour) * 60 + Number(fromMinute),
    quietUntil: Number(untilHour) * 60 + Number(untilMinute),
  };
}

/** This machine's clock against UTC now, plus 720. */
function zoneMinutesHere({ surroundings }: CommandContext): number {
  const nowMs = surroundings.now?.() ?? Date.now();
  return 720 + minutesBeforeUtc(nowMs, surroundings.zone ?? zoneHere());
}

async function off(context: CommandContext, way: (typeof channels)[number]): Promise<void> {
  const acting = await openActing(context);
  await acting.person.run(endAlert, way, work(context, actingAccount(acting)));
  context.output.result({ channel: way, off: true }, () => `Nothing comes by ${way} any more.`);
}

async function list(context: CommandContext): Promise<void> {
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  await acting.person.sync(options);
  const {
    channels: ways,
    set: own,
    codesFromMs,
  } = await acting.person.run(alertsNow, { zoneMinutes: zoneMinutesHere(context) }, options);
  const rows = own.map((it) => [
    it.channel,
    it.address,
    it.language,
    it.causes.join(' '),
    standingOf(it, codesFromMs),
  ]);
  context.output.result({ channels: ways, set: own.map(shownOf), codesFromMs }, () =>
    rows.length === 0
      ? `You are not told of anything. Ways of your hospital: ${ways.join(', ') || 'none'}.`
      : table([['way', 'to', 'language', 'of', ''], ...rows]),
  );
}

function standingOf(it: AlertsNow['set'][number], codesFromMs: number | undefined): string {
  if (!it.isOffered) return 'not told now: the hospital sends nothing on this way';
  if (!it.isCurrent) return 'not at the hospital: set it again';
  if (it.isConfirmed) return '';
  const later = codesFromMs === undefined ? '' : `; another letter from ${when(codesFromMs)}`;
  return `not confirmed yet: salus alerts confirm CODE${later}`;
}

async function inbox(context: CommandContext): Promise<void> {
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  const told = await acting.person.run(alertsInbox, undefined, options);
  const { isKept } = told;
  const nothing = isKept
    ? 'Nothing is new.'
    : 'Nothing is kept here: salus alerts set --inbox has what is new written down.';
  const rows = told.entries.map(({ cause, atMs }) => [when(atMs), causeWords[cause]]);
  context.output.result({ ...told }, () =>
    [
      rows.length === 0 ? nothing : table([['when', 'what'], ...rows]),
      ...(told.tampered === 0
        ? []
        : [`Not shown, since another hand wrote them: ${told.tampered}`]),
    ].join('\n'),
  );
}

/** In plain words. */
const causeWords: Readonly<Record<Cause, string>> = {
  look: 'somebody new looked: salus looked',
  diagnosis: 'a diagnosis was written into your record: salus record list',
  refusal: 'a look was refused: salus looked',
  emergency: 'somebody looked for an emergency: salus looked',
  'grant-ends': 'a grant ends soon: salus grants',
  'sign-in-refused': 'somebody tried to sign in as you with a wrong key or code',
  device: 'a device was added, or somebody signed in with your printed code',
  rotation: 'your account took new keys',
  freeze: 'your account was frozen',
  'silent-device': 'a device of yours measures no more: salus sensor status',
  incident: 'a server that keeps data of yours was tampered with',
  backup: 'a backup is too old',
  certificate: 'a certificate ends soon',
  tampering: 'somebody wrote into files of the alert service',
  test: 'you tried it out',
};

async function sendTest(context: CommandContext): Promise<void> {
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  // Another device may have confirmed the address.
  await acting.person.sync(options);
  const { ways, codesFromMs } = await acting.person.run(testAlert, undefined, options);
  context.output.result({ asked: ways.length > 0, ways, codesFromMs }, () =>
    [
      ...(ways.length > 0 ? [`A letter is on its way: ${ways.join(', ')}.`] : []),
      ...(codesFromMs === undefined ? [] : [noCodeBefore(codesFromMs)]),
      ...(ways.length === 0 && codesFromMs === undefined
        ? ['You are not told on any way: salus alerts set']
        : []),
    ].join('\n'),
  );
}

async function status(context: CommandContext): Promise<void> {
  const { alertsStatus } = await import('../server/status.ts');
  const told = alertsStatus(homeFolder(context.flags.home));
  context.output.result({ ...told }, () =>
    [
      told.relay === undefined ? 'No mail relay is named.' : `Relay: ${told.relay}.`,
      ...told.hospitals.map(({ hospital, states, codes, incidents }) =>
        [
          `${hospital}: ${Object.entries(states)
            .map(([state, n]) => `${n} ${state}`)
            .join(', ')}`,
          ...Object.entries(codes).map(
            ([code, n]) => `  ${n} ${code}: ${catalogue[code as Code]?.sentence ?? ''}`,
          ),
          ...incidents.map(({ code, place, metMs }) => `  ${code} at ${place}, ${when(metMs)}`),
        ].join('\n'),
      ),
    ].join('\n'),
  );
}

/** Where keys are, they stay. */
async function newKeys(context: CommandContext): Promise<void> {
  const { makeMissingKeys } = await import('../server/service-keys.ts');
  const now = context.surroundings.now?.() ?? Date.now();
  const hospitals = makeMissingKeys(homeFolder(context.flags.home), now);
  context.output.result({ hospitals }, () =>
    hospitals.length === 0
      ? 'All keys are there: nothing was changed.'
      : `New keys for ${hospitals.join(', ')}. Start the servers again. What was bound by the lost keys is told as tampered with, once; each choice holds again once a device of its owner has listed it.`,
  );
}
