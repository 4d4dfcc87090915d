import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { sealTo } from '../../../crypto/letter.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
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
  hasSecret,
  languages,
  maxAddressLength,
  mostCauses,
  requireAddress,
} from '../api/choice.ts';
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
}

export const keptAlerts: Drawer<KeptAlert> = {
  wing: alertsDrawer,
  entry: struct({
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
  }),
  key: ({ account, channel }) => utf8(`${account.slice(0, 40)} ${channel}`),
};

const noSecret = new Uint8Array(0);

/** What somebody wants: an address, in which language, of what, and when not. */
export type Wanted = Omit<Choice, 'counter' | 'secret' | 'causes' | 'known'> & {
  readonly causes: readonly ChosenCause[];
  /** Of a webhook, to go on with it; missing: a new one is made. */
  readonly secret?: Uint8Array;
};

/** What the wallet knows of this account, and whether its hospital tells on that way. */
export interface AlertsNow {
  readonly channels: readonly ChannelName[];
  /** What a browser asks for pushes with, 65 bytes in base64url; missing: this hospital sends no alerts. */
  readonly pushKey?: string;
  readonly set: readonly (Omit<KeptAlert, 'account' | 'causes' | 'known'> & {
    /** What is told, also of causes that there were not yet when it was chosen (AL-18). */
    readonly causes: readonly ChosenCause[];
    /** The hospital has this very choice, sealed to the key in use. */
    readonly isCurrent: boolean;
  })[];
}

/**
 * Asks to be told on one way, or otherwise than before. Throws ALERT_ADDRESS_WRONG, ALERTS_OFF (the hospital has no such
 * way), ALERT_CHOICE_OLD (another device was faster).
 */
export const setAlert: Action<Wanted, { readonly counter: number; readonly secret: Uint8Array }> = {
  name: 'alerts/set',
  run: (ctx, wanted, options) =>
    sealChoice(ctx, { ...wanted, known: chosenCauses.length }, options),
};

type Chosen = Omit<Choice, 'counter' | 'secret'> & Pick<Wanted, 'secret'>;

async function sealChoice(
  ctx: Context,
  wanted: Chosen,
  { signal }: WorkOptions,
): Promise<{ readonly counter: number; readonly secret: Uint8Array }> {
  const { account } = ctx.account;
  // Into nobody's inbox but one's own.
  const address = wanted.channel === 'inbox' ? account : wanted.address;
  requireAddress[wanted.channel](address);
  const { service, set } = await ctx.gateway.call(alertsGet, { signal });
  if (service === undefined) throw new CodedError('ALERTS_OFF');
  const met = set.find((it) => it.channel === wanted.channel)?.counter ?? 0;
  const before = keptOf(ctx, wanted.channel)?.counter ?? 0;
  const counter = Math.max(met, before) + 1;
  const secret = hasSecret(wanted.channel) ? (wanted.secret ?? randomBytes(32)) : noSecret;
  const chosen = { ...wanted, address, secret, counter };
  const sealed = await sealTo(
    bytesOfText(service.publicKey),
    alertsNames.labels.alertSeal,
    choiceContext(account, wanted.channel),
    new Uint8Array(0),
    encodeAs(choice, chosen),
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
  async run(ctx, channel, { signal }) {
    await ctx.gateway.call(alertsDelete, { params: { channel }, signal });
    const before = keptOf(ctx, channel);
    if (before === undefined) return;
    const ended = { ...before, counter: before.counter + 1, address: '' };
    await ctx.noteDown((content) => withEntry(content, keptAlerts, ended));
  },
};

/** A letter to oneself, on every way. */
export const testAlert: Action<undefined, void> = {
  name: 'alerts/test',
  async run(ctx, _input, { signal }) {
    await ctx.gateway.call(alertsTestPost, { signal });
  },
};

/** What this account has chosen. What is sealed to a key before the one in use is sealed anew. */
export const alertsNow: Action<undefined, AlertsNow> = {
  name: 'alerts/now',
  async run(ctx, _input, options) {
    const told = await ctx.gateway.call(alertsGet, { signal: options.signal });
    const { account } = ctx.account;
    const own = entriesOf(ctx.vault.content, keptAlerts).filter((it) => it.account === account);
    const set = [];
    for (const { account: _, ...kept } of own) {
      if (kept.address === '') continue;
      const there = told.set.find((it) => it.channel === kept.channel);
      const isHeld = there?.isSet === true && there.counter === kept.counter;
      const isOld = isHeld && there?.keyId !== told.service?.keyId;
      const { counter, ...wanted } = kept;
      // As it was made: what she was never asked she has not left out.
      const renewed = isOld ? await sealChoice(ctx, wanted, options) : { counter };
      const { known, causes, ...shown } = kept;
      set.push({
        ...shown,
        causes: causesToldOf({ causes, known }),
        ...renewed,
        isCurrent: isHeld,
      });
    }
    const { service, channels } = told;
    return { channels, set, ...(service !== undefined && { pushKey: service.pushKey }) };
  },
};

/** What is new, as the hospital's alert service wrote it into this account's inbox: the newest first. */
export interface AlertsInbox {
  readonly entries: readonly { readonly cause: Cause; readonly atMs: number }[];
  /** Entries of another hand, which are not shown. */
  readonly tampered: number;
}

export const alertsInbox: Action<undefined, AlertsInbox> = {
  name: 'alerts/inbox',
  async run(ctx, _input, { signal }) {
    const { entries, tampered } = await ctx.gateway.call(alertsInboxGet, { signal });
    const known = entries.flatMap(({ cause, atMs }) => {
      const kind = causeNames.find((it) => it === cause);
      return kind === undefined ? [] : [{ cause: kind, atMs }];
    });
    return { entries: known, tampered };
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
