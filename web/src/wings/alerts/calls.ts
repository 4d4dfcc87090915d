import {
  type AlertSet,
  type AlertsInbox,
  type AlertsStanding,
  type AlertTest,
  alertsInbox,
  alertsNow,
  type ChannelName,
  type Choice,
  type ChosenCause,
  chosenCauses,
  confirmAlert,
  endAlert,
  setAlert,
  standingNow,
  testAlert,
} from '@salus/salus/sdk/alerts';
import type { Call } from '../../worker/call.ts';
import { textOf } from './base64url.ts';

/** How one is told on one way. */
export interface WayView {
  readonly channel: ChannelName;
  /** Undefined: nothing comes on it. */
  readonly set:
    | {
        /** Of mail and a webhook; a browser and the inbox have none to show. */
        readonly address: string;
        /** Of a push: which browser gave it; undefined: it is no push. */
        readonly endpoint: string | undefined;
        /** By which requests to a webhook are signed; undefined: nothing is. */
        readonly secret: string | undefined;
        readonly language: Choice['language'];
        /** Minutes of the day; the same twice: at all hours. */
        readonly quietFrom: number;
        readonly quietUntil: number;
        readonly causes: readonly ChosenCause[];
        /** The hospital has this very choice. */
        readonly isCurrent: boolean;
        /** Letters go there: a mail address needs the code of the letter to it. */
        readonly isConfirmed: boolean;
        /** The hospital tells on this way now. */
        readonly isOffered: boolean;
      }
    | undefined;
}

export interface AlertsView {
  /** Ways of this hospital; none: it sends no news. */
  readonly ways: readonly WayView[];
  /** All causes that one can leave out, in their order. */
  readonly causes: readonly ChosenCause[];
  /** What this browser asks for pushes with. */
  readonly pushKey: string | undefined;
  /** From when a letter with a code goes again; undefined: one goes now. */
  readonly codesFromMs: number | undefined;
  /** What is new is written down for the app, where `alerts.inbox` has it. */
  readonly isKept: boolean;
}

/** In the order in which they are shown. */
const order: readonly ChannelName[] = ['inbox', 'mail', 'push', 'webhook'];

/** This device's clock against the world's, plus half a day. */
const clockHere = () => ({ zoneMinutes: 720 - new Date().getTimezoneOffset() });

const now: Call<void, AlertsView> = async (session, _input, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  // What another device chose stands in the wallet's copy.
  await person.catchUp(options).catch(() => undefined);
  const { channels, set, pushKey, codesFromMs } = await person.run(alertsNow, clockHere(), options);
  const ways = order
    .filter((it) => channels.includes(it) || set.some(({ channel }) => channel === it))
    .map((channel) => ({ channel, set: viewOf(set.find((it) => it.channel === channel)) }));
  const isKept = ways.some(({ channel, set: chosen }) => channel === 'inbox' && chosen);
  return { ways, causes: chosenCauses, pushKey, codesFromMs, isKept };
};

const inbox: Call<void, AlertsInbox> = (session, _input, { signal }) =>
  session.person.run(alertsInbox, undefined, { ...session.as, signal });

type Held = Awaited<ReturnType<(typeof alertsNow)['run']>>['set'][number];

function viewOf(held: Held | undefined): WayView['set'] {
  if (held === undefined) return undefined;
  const { channel, language, quietFrom, quietUntil, causes } = held;
  const { isCurrent, isConfirmed, isOffered } = held;
  const endpoint = channel === 'push' ? held.address.split('#')[0] : undefined;
  const address = channel === 'mail' || channel === 'webhook' ? held.address : '';
  return {
    ...{ address, secret: secretOf(held), endpoint, language, quietFrom, quietUntil, causes },
    ...{ isCurrent, isConfirmed, isOffered },
  };
}

/** As `salus alerts set --webhook` shows it: base64url. */
const secretOf = ({ secret }: Held): string | undefined =>
  secret.length === 0 ? undefined : textOf(secret);

/** What somebody wants; an empty address: the one that is known. */
export type Wish = Pick<Choice, 'channel' | 'address' | 'language' | 'quietFrom' | 'quietUntil'> & {
  readonly causes: readonly ChosenCause[];
};

const set: Call<Wish, Pick<AlertSet, 'isConfirmed' | 'isAsked'>> = async (
  session,
  wish,
  { signal },
) => {
  const { person, as } = session;
  const options = { ...as, signal };
  // A page that is old knows no address and no code that another device gave since, and would write over them.
  await person.catchUp(options).catch(() => undefined);
  const held = await person.run(alertsNow, clockHere(), options);
  const before = held.set.find((it) => it.channel === wish.channel);
  const wanted = {
    ...wish,
    address: wish.address === '' ? (before?.address ?? '') : wish.address,
    ...clockHere(),
    ...(before !== undefined && before.secret.length > 0 && { secret: before.secret }),
  };
  const { isConfirmed, isAsked } = await person.run(setAlert, wanted, options);
  return { isConfirmed, isAsked };
};

const confirm: Call<{ readonly code: string }, void> = async (session, { code }, { signal }) => {
  const options = { ...session.as, signal };
  await session.person.catchUp(options).catch(() => undefined);
  await session.person.run(confirmAlert, code, options);
};

const off: Call<{ readonly channel: ChannelName }, void> = (session, { channel }, { signal }) =>
  session.person.run(endAlert, channel, { ...session.as, signal });

const tryOut: Call<void, AlertTest> = (session, _input, { signal }) =>
  session.person.run(testAlert, undefined, { ...session.as, signal });

/** For an operator: how letters of this hospital go. */
const standing: Call<
  void,
  { readonly standing: AlertsStanding | undefined; readonly askedMs: number }
> = async (session, _input, { signal }) => ({
  standing: await session.person.run(standingNow, undefined, { ...session.as, signal }),
  askedMs: Date.now(),
});

export const alertsCalls = {
  'alerts.now': now,
  'alerts.inbox': inbox,
  'alerts.set': set,
  'alerts.confirm': confirm,
  'alerts.off': off,
  'alerts.try': tryOut,
  'alerts.standing': standing,
};
