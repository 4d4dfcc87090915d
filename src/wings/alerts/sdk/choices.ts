import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { sealTo } from '../../../crypto/letter.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { readArray } from '../../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import {
  encodeAs,
  list,
  oneOf,
  optionalBytes,
  struct,
  text,
  uint,
} from '../../../primitives/shape.ts';
import type { Action } from '../../../sdk/action.ts';
import type { Context, WorkOptions } from '../../../sdk/client/context.ts';
import { type Drawer, entriesOf, withEntry } from '../../../sdk/wallet/drawer.ts';
import {
  type Cause,
  type ChosenCause,
  causeNames,
  causesToldOf,
  chosenCauses,
} from '../api/causes.ts';
import {
  type ChannelName,
  type Choice,
  channels,
  choice,
  choiceContext,
  codeBytes,
  hasSecret,
  languages,
  maxAddressLength,
  mostCauses,
  noCode,
  requireAddress,
} from '../api/choice.ts';
import { parseConfirmation } from '../api/confirmation.ts';
import { alertsDelete } from '../api/routes/alerts-delete.ts';
import { alertsGet } from '../api/routes/alerts-get.ts';
import { alertsInboxGet } from '../api/routes/alerts-inbox-get.ts';
import { alertsPut } from '../api/routes/alerts-put.ts';
import { alertsTestPost } from '../api/routes/alerts-test-post.ts';
import { alertsNames } from '../names.ts';
import { alertsDrawer } from './wing.ts';

/** What one of a person's accounts has chosen: the wallet remembers it, since no server can say. */
export interface KeptAlert {
  /** The choice's own: it grows with every change. */
  readonly counter: number;
  readonly account: string;
  readonly channel: ChannelName;
  /** Empty: nothing is told on this way any more. */
  readonly address: string;
  readonly language: Choice['language'];
  readonly quietFrom: number;
  readonly quietUntil: number;
  readonly zoneMinutes: number;
  readonly secret: Uint8Array;
  readonly causes: Choice['causes'];
  readonly known: number;
  /** What she typed of the letter to her mail address; empty: it is not confirmed (AL-20). */
  readonly code: Uint8Array;
  /** At which hospital, by the key of its codes, 16 bytes; empty as the code. */
  readonly codeKeyId: Uint8Array;
}

const kept = {
  counter: uint,
  account: text(64),
  channel: oneOf(channels),
  address: text(maxAddressLength),
  language: oneOf(languages),
  quietFrom: uint,
  quietUntil: uint,
  zoneMinutes: uint,
  secret: optionalBytes(32),
  causes: list(text(32), { most: mostCauses }),
  known: uint,
} as const;
const entryBefore = struct(kept);
const entry = struct({ ...kept, code: optionalBytes(codeBytes), codeKeyId: optionalBytes(16) });
const unconfirmed = { code: noCode, codeKeyId: noCode } as const;

export const keptAlerts: Drawer<KeptAlert> = {
  wing: alertsDrawer,
  // An entry of a build before ends before the code. The code is written where it is empty, too: of two devices' entries the larger
  // bytes stay, and a longer one is larger whatever it counts.
  entry: {
    encode: entry.encode,
    decode: (value, field) =>
      readArray(value, field).length === entryBefore.names.length
        ? { ...entryBefore.decode(value, field), ...unconfirmed }
        : entry.decode(value, field),
  },
  key: ({ account, channel }) => utf8(`${account.slice(0, 40)} ${channel}`),
};

const noSecret = new Uint8Array(0);

/** What somebody wants: an address, in which language, of what, and when not. */
export type Wanted = Omit<Choice, 'counter' | 'secret' | 'causes' | 'known' | 'code'> & {
  readonly causes: readonly ChosenCause[];
  /** Of a webhook, to go on with it; missing: a new one is made. */
  readonly secret?: Uint8Array;
};

/** What the wallet knows of this account, and whether its hospital tells on that way. */
export interface AlertsNow {
  readonly channels: readonly ChannelName[];
  /** What a browser asks for pushes with, 65 bytes in base64url; missing: this hospital sends no alerts. */
  readonly pushKey?: string;
  /** From when a letter with a code goes again; missing: one goes now (AL-20). */
  readonly codesFromMs?: number;
  readonly set: readonly (Omit<KeptAlert, 'account' | 'causes' | 'known' | 'code' | 'codeKeyId'> & {
    /** What is told, also of causes that there were not yet when it was chosen (AL-18). */
    readonly causes: readonly ChosenCause[];
    /** The hospital has this very choice, and as she sealed it. */
    readonly isCurrent: boolean;
    /** It tells on this way now: it has a relay, and its keys. */
    readonly isOffered: boolean;
    /** Whether letters go to it: a mail address needs the code of the letter to it (AL-20). */
    readonly isConfirmed: boolean;
  })[];
}

/** What became of a change. */
export interface AlertSet {
  readonly counter: number;
  readonly secret: Uint8Array;
  readonly isConfirmed: boolean;
  /** Whether a letter with the code was asked for; false also where there were too many. */
  readonly isAsked: boolean;
  /** From when one goes again, where none was asked for because of that (AL-20). */
  readonly codesFromMs?: number;
}

/**
 * Asks to be told on one way, or otherwise than before, and for the letter with the code where a mail address is not confirmed. Throws
 * ALERT_ADDRESS_WRONG, ALERTS_OFF (the hospital has no such way), ALERT_CHOICE_OLD (another device was faster).
 */
export const setAlert: Action<Wanted, AlertSet> = {
  name: 'alerts/set',
  async run(ctx, wanted, options) {
    const told = await toldBy(ctx, options);
    const before = keptOf(ctx, wanted.channel);
    // A code is of this address alone.
    const { code, codeKeyId } = before?.address === wanted.address ? before : unconfirmed;
    const chosen = { ...wanted, code, codeKeyId, known: chosenCauses.length };
    const sealed = await sealChoice(ctx, chosen, { ...options, told });
    const isConfirmed = isConfirmedBy(told, chosen);
    const { codesFromMs } = told;
    if (isConfirmed) return { ...sealed, isConfirmed, isAsked: false };
    // One that is asked for now would not come.
    if (codesFromMs !== undefined) return { ...sealed, isConfirmed, isAsked: false, codesFromMs };
    return { ...sealed, isConfirmed, isAsked: await askForCode(ctx, options) };
  },
};

/** False: so often was asked that it is not taken now; the address is set all the same. */
async function askForCode(ctx: Context, { signal }: WorkOptions): Promise<boolean> {
  try {
    await ctx.gateway.call(alertsTestPost, { signal });
    return true;
  } catch (error) {
    if (isCoded(error, 'RATE_LIMITED') || isCoded(error, 'ALERT_TRIES_OVER')) return false;
    throw error;
  }
}

/** Says that letters are wanted at the mail address that is set, by the code of the letter to it. Throws ALERT_CODE_WRONG, and as `setAlert`. */
export const confirmAlert: Action<string, { readonly address: string; readonly counter: number }> =
  {
    name: 'alerts/confirm',
    async run(ctx, typed, options) {
      const told = await toldBy(ctx, options);
      const held = keptOf(ctx, 'mail');
      if (told.service === undefined) throw new CodedError('ALERTS_OFF');
      if (held === undefined || held.address === '') throw new CodedError('ALERT_CODE_WRONG');
      const { address } = held;
      const codeKeyId = bytesOfText(told.service.codeKeyId);
      const code = parseConfirmation(typed, { account: ctx.account.account, address, codeKeyId });
      const { counter } = await sealChoice(ctx, { ...held, code, codeKeyId }, { ...options, told });
      return { address, counter };
    },
  };

/** What the hospital says of its service, and of what this account has chosen. */
type Told = Awaited<ReturnType<typeof toldBy>>;
const toldBy = (ctx: Context, { signal }: WorkOptions) => ctx.gateway.call(alertsGet, { signal });

/** Whether letters go there: a code is of one hospital. */
function isConfirmedBy(
  { service }: Told,
  { channel, code, codeKeyId }: Pick<KeptAlert, 'channel' | 'code' | 'codeKeyId'>,
): boolean {
  if (channel !== 'mail') return true;
  if (service === undefined || code.length === 0) return false;
  return equalBytes(codeKeyId, bytesOfText(service.codeKeyId));
}

type Chosen = Omit<KeptAlert, 'account' | 'counter' | 'secret'> & Pick<Wanted, 'secret'>;

async function sealChoice(
  ctx: Context,
  wanted: Chosen,
  { signal, told }: WorkOptions & { readonly told: Told },
): Promise<{ readonly counter: number; readonly secret: Uint8Array }> {
  const { account } = ctx.account;
  // Into nobody's inbox but one's own.
  const address = wanted.channel === 'inbox' ? account : wanted.address;
  requireAddress[wanted.channel](address);
  const { service, set } = told;
  if (service === undefined) throw new CodedError('ALERTS_OFF');
  const met = set.find((it) => it.channel === wanted.channel)?.counter ?? 0;
  const before = keptOf(ctx, wanted.channel)?.counter ?? 0;
  const counter = Math.max(met, before) + 1;
  const secret = hasSecret(wanted.channel) ? (wanted.secret ?? randomBytes(32)) : noSecret;
  const chosen = { ...wanted, address, secret, counter };
  // The wallet keeps it: a gateway that shows another id for once ends nothing by that.
  const code = isConfirmedBy(told, wanted) ? wanted.code : noCode;
  const sealed = await sealTo(
    bytesOfText(service.publicKey),
    alertsNames.labels.alertSeal,
    choiceContext(account, wanted.channel),
    new Uint8Array(0),
    encodeAs(choice, { ...chosen, code }),
  );
  await ctx.gateway.call(alertsPut, {
    params: { channel: wanted.channel },
    body: { keyId: service.keyId, counter, sealed: textOfBytes(sealed) },
    signal,
  });
  await ctx.noteDown((content) => withEntry(content, keptAlerts, { ...chosen, account }));
  return { counter, secret };
}

/** Nothing comes on this way any more; the hospital forgets the address. */
export const endAlert: Action<ChannelName, void> = {
  name: 'alerts/end',
  async run(ctx, channel, options) {
    await ctx.gateway.call(alertsDelete, { params: { channel }, signal: options.signal });
    const before = keptOf(ctx, channel);
    if (before === undefined) return;
    // Another device may have gone on meanwhile: that it was ended comes after what it chose, too.
    const met = await counterMet(ctx, channel, options);
    const counter = Math.max(met, before.counter + 1);
    const ended = { ...before, counter, address: '', ...unconfirmed };
    await ctx.noteDown((content) => withEntry(content, keptAlerts, ended));
  },
};

/** As the hospital has it; 0: it has none, or does not say, which keeps nobody from ending. */
async function counterMet(ctx: Context, channel: ChannelName, options: WorkOptions) {
  try {
    const { set } = await toldBy(ctx, options);
    return set.find((it) => it.channel === channel)?.counter ?? 0;
  } catch (error) {
    if (isCoded(error)) return 0;
    throw error;
  }
}

/** What a letter to oneself comes by. */
export interface AlertTest {
  /** None: nothing was asked for. */
  readonly ways: readonly ChannelName[];
  /** The mail address is not confirmed, and so many letters with a code went that none goes before (AL-20). */
  readonly codesFromMs?: number;
}

/** A letter to oneself, on every way on which one comes: the one with the code to a mail address that is not confirmed. Throws RATE_LIMITED, ALERT_TRIES_OVER. */
export const testAlert: Action<undefined, AlertTest> = {
  name: 'alerts/test',
  async run(ctx, _input, options) {
    const told = await toldBy(ctx, options);
    const set = channels.filter((it) => isSetIn(told, it));
    const mail = keptOf(ctx, 'mail');
    const isConfirmed = mail !== undefined && isConfirmedBy(told, mail);
    const codesFromMs = set.includes('mail') && !isConfirmed ? told.codesFromMs : undefined;
    const ways = codesFromMs === undefined ? set : set.filter((it) => it !== 'mail');
    if (ways.length > 0) await ctx.gateway.call(alertsTestPost, { signal: options.signal });
    return { ways, ...(codesFromMs !== undefined && { codesFromMs }) };
  },
};

/** Whether the hospital has something of hers for this way, and tells on it. */
const isSetIn = ({ channels: offered, set }: Told, channel: ChannelName): boolean =>
  offered.includes(channel) && set.some((it) => it.channel === channel && it.isSet);

/**
 * What this account has chosen. What is sealed to a key before the one in use is sealed anew, and what has quiet hours of another
 * clock than this device's: `zoneMinutes` is it against UTC, plus 720 (AL-6).
 */
export const alertsNow: Action<Pick<Choice, 'zoneMinutes'>, AlertsNow> = {
  name: 'alerts/now',
  async run(ctx, { zoneMinutes }, options) {
    const told = await toldBy(ctx, options);
    const { account } = ctx.account;
    const own = entriesOf(ctx.vault.content, keptAlerts).filter((it) => it.account === account);
    const set: AlertsNow['set'][number][] = [];
    for (const { account: _, ...kept } of own) {
      if (kept.address === '') continue;
      const there = told.set.find((it) => it.channel === kept.channel);
      const isHeld = there?.isSet === true && there.counter === kept.counter;
      const isOfOtherClock = hasQuietHours(kept) && kept.zoneMinutes !== zoneMinutes;
      const isOffered = told.service !== undefined && told.channels.includes(kept.channel);
      const isOfOldKey = there?.keyId !== told.service?.keyId;
      const isOld = isHeld && isOffered && (isOfOldKey || isOfOtherClock);
      // As it was made: what she was never asked she has not left out.
      const renewed = isOld
        ? await sealAnew(ctx, { ...kept, zoneMinutes }, { ...options, told })
        : undefined;
      const { known, causes, code, codeKeyId, ...shown } = kept;
      set.push({
        ...shown,
        causes: causesToldOf({ causes, known }),
        ...renewed,
        isCurrent: renewed !== undefined || (isHeld && there.isWhole !== false),
        isOffered,
        isConfirmed: isConfirmedBy(told, kept),
      });
    }
    const { service, channels, codesFromMs } = told;
    return {
      ...{ channels, set },
      ...(service !== undefined && { pushKey: service.pushKey }),
      ...(codesFromMs !== undefined && { codesFromMs }),
    };
  },
};

const hasQuietHours = ({ quietFrom, quietUntil }: Pick<Choice, 'quietFrom' | 'quietUntil'>) =>
  quietFrom !== quietUntil;

/** Undefined: another device was faster, which had the same reason or a newer choice; or the hospital has turned its key or ended this way meanwhile. */
async function sealAnew(
  ctx: Context,
  wanted: Chosen,
  options: WorkOptions & { readonly told: Told },
) {
  const { zoneMinutes } = wanted;
  try {
    return { ...(await sealChoice(ctx, wanted, options)), zoneMinutes };
  } catch (error) {
    if (passing.some((code) => isCoded(error, code))) return undefined;
    throw error;
  }
}
const passing = ['ALERT_CHOICE_OLD', 'ALERT_KEY_OLD', 'ALERTS_OFF', 'RATE_LIMITED'] as const;

/** What is new, as the hospital's alert service wrote it into this account's inbox: the newest first. */
export interface AlertsInbox {
  readonly entries: readonly { readonly cause: Cause; readonly atMs: number }[];
  /** Entries of another hand, which are not shown. */
  readonly tampered: number;
  /** Whether what is new is written down here: she has chosen it, and the hospital does so. */
  readonly isKept: boolean;
}

export const alertsInbox: Action<undefined, AlertsInbox> = {
  name: 'alerts/inbox',
  async run(ctx, _input, options) {
    const { signal } = options;
    const isKept = isSetIn(await toldBy(ctx, options), 'inbox');
    const { entries, tampered } = await ctx.gateway.call(alertsInboxGet, { signal });
    const known = entries.flatMap(({ cause, atMs }) => {
      const kind = causeNames.find((it) => it === cause);
      return kind === undefined ? [] : [{ cause: kind, atMs }];
    });
    return { entries: known, tampered, isKept };
  },
};

function keptOf(
  ctx: Parameters<(typeof setAlert)['run']>[0],
  channel: ChannelName,
): KeptAlert | undefined {
  const { account } = ctx.account;
  return entriesOf(ctx.vault.content, keptAlerts).find(
    (it) => it.account === account && it.channel === channel,
  );
}
