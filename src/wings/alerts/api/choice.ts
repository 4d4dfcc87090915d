import { suite } from '../../../ledger/object-types.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import {
  checked,
  list,
  type Of,
  oneOf,
  optionalBytes,
  text,
  typedTailed,
  uintTo,
} from '../../../primitives/shape.ts';
import { alertsObjects } from './object-types.ts';

/** Ways on which somebody is told: mail, a request to their own server, a push to their browser, the app's own inbox. */
export const channels = ['mail', 'webhook', 'push', 'inbox'] as const;
export type ChannelName = (typeof channels)[number];

export const languages = ['en', 'es', 'ar'] as const;
export type Language = (typeof languages)[number];

const dayMinutes = 24 * 60;

/** Push services' addresses are long. */
export const maxAddressLength = 1_024;
/** Of what confirms a mail address (AL-20). */
export const codeBytes = 5;
/** More than there are: those of builds to come. */
export const mostCauses = 64;

const chosen = {
  /** Grows with every change: an older one is never taken again. */
  counter: uintTo(Number.MAX_SAFE_INTEGER),
  channel: oneOf(channels),
  address: checked(text(maxAddressLength), requireAddressText),
  language: oneOf(languages),
  quietFrom: uintTo(dayMinutes - 1),
  quietUntil: uintTo(dayMinutes - 1),
  zoneMinutes: uintTo(26 * 60),
  /** By which requests to a webhook are signed, 32 bytes; empty: mail needs none. */
  secret: optionalBytes(32),
  /** One that this build does not know was written by a newer device, and is passed over. */
  causes: list(text(32), { most: mostCauses }),
  /** How many causes there were when it was made (AL-18). */
  known: uintTo(mostCauses),
} as const;
/** What the letter to a mail address said, 5 bytes; empty: nobody has confirmed it (AL-20). */
const confirmed = { code: optionalBytes(codeBytes) } as const;
export const noCode = new Uint8Array(0);

/**
 * How one account is told by one channel, sealed to the alert service (docs/protocol/alerts.md, AL-6):
 * `[suite, type, counter, channel, address, language, quietFrom, quietUntil, zoneMinutes, secret, causes, known]`, then
 * `code` where there is one: a choice of a build before it ends there too.
 * The quiet hours are minutes of the day where she lives, from `quietFrom` until before `quietUntil`; equal: none.
 * `zoneMinutes`: that clock against UTC, plus 720.
 */
export const choice = typedTailed(suite, alertsObjects.choice, chosen, {
  tail: confirmed,
  none: { code: noCode },
});
export type Choice = Of<typeof choice>;

/** What is sealed is bound to whose it is and by which channel: `[account 32, channel]`. */
export const choiceContext = (account: AccountId, channel: ChannelName) => [
  idBytes(account),
  channel,
];

/** Nothing that could begin a line of its own in a letter or a request. */
function requireAddressText(address: string): void {
  if (!/^[\x21-\x7e]+$/.test(address)) throw new CodedError('ALERT_ADDRESS_WRONG');
}

// One address and nothing around it: no name, no comment, no list, no quoted part, no address of a machine.
const mailAddress =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Throws ALERT_ADDRESS_WRONG (AL-7). */
export function requireMailAddress(address: string): void {
  const [local = '', domain = ''] = address.split('@');
  const isDotted = !/^\.|\.\.|\.$/.test(local);
  if (!mailAddress.test(address) || !isDotted || domain.length > 253 || /^[\d.]+$/.test(domain)) {
    throw new CodedError('ALERT_ADDRESS_WRONG');
  }
}

// `https://name[:port]/...`, the name in small letters or an address in brackets; no user, no fragment.
const webhookAddress =
  /^https:\/\/(?:[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,39}\])(?::[1-9]\d{0,4})?\/[\x21\x22\x24-\x7e]*$/;

/** What can be seen of it without asking anybody. Where the name leads is looked at when something is sent. Throws ALERT_ADDRESS_WRONG (AL-12). */
export function requireWebhookAddress(address: string): void {
  if (address.length > 320 || !webhookAddress.test(address)) {
    throw new CodedError('ALERT_ADDRESS_WRONG');
  }
}

// `ENDPOINT#P256DH.AUTH`: what a browser gave out, its two keys in base64url (65 and 16 bytes).
const pushAddress = /^([^#]{1,900})#(B[A-Za-z0-9_-]{86})\.([A-Za-z0-9_-]{22})$/;

/** The three parts of a push address; the keys as text. Throws ALERT_ADDRESS_WRONG (AL-15). */
export function partsOfPush(address: string) {
  const [, endpoint = '', p256dh = '', auth = ''] = pushAddress.exec(address) ?? [];
  if (!webhookAddress.test(endpoint)) throw new CodedError('ALERT_ADDRESS_WRONG');
  return { endpoint, p256dh, auth };
}

/** What can be seen of an address without asking anybody; of the inbox it is the account itself. Throws ALERT_ADDRESS_WRONG. */
export const requireAddress: Readonly<Record<ChannelName, (address: string) => void>> = {
  mail: requireMailAddress,
  webhook: requireWebhookAddress,
  push: (address) => void partsOfPush(address),
  inbox: (address) => {
    if (!/^[0-9a-f]{64}$/.test(address)) throw new CodedError('ALERT_ADDRESS_WRONG');
  },
};

/** Requests to a webhook are signed; nothing else has a secret of its own. */
export const hasSecret = (channel: ChannelName): boolean => channel === 'webhook';
