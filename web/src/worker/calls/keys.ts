import {
  harmlessText,
  indexedDbWalletStore,
  isCoded,
  type OwnDevice,
  type Passkey,
  type PasskeyAnswer,
  Person,
} from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { sha256Text } from '../hash.ts';
import { openAccounts } from '../session.ts';
import { noteWay, sameBytes } from '../ways.ts';

/** One way into the record, with the day on which it last worked. */
export interface WayView {
  readonly kind: 'passkey' | 'passphrase' | 'sheet';
  /** Undefined: never tried. */
  readonly workedMs: number | undefined;
  /** Of a passkey: what an authenticator is asked with. */
  readonly passkey: Passkey | undefined;
}

/** A device opens the record by itself: the day it was last seen is the day on which it worked. */
export type DeviceView = OwnDevice;

export interface KeysView {
  readonly ways: readonly WayView[];
  /** Oldest first. */
  readonly devices: readonly DeviceView[];
  readonly hasPassphrase: boolean;
  readonly trustWords: readonly string[];
  /** A new printed code of somebody waits: from when it counts. */
  readonly waitingCodeMs: number | undefined;
  readonly wrongDigitsMs: readonly number[];
  readonly unreadableParts: number;
  readonly isDemo: boolean;
}

const keys: Call<void, KeysView> = async (session, _input, { signal }) => {
  const { person, wallet } = session;
  // What another device added stands in the copy.
  await person.catchUp({ ...session.as, signal }).catch(() => undefined);
  const worked = person.waysIn;
  const last = (kind: string, id: Uint8Array | undefined) =>
    worked.find((it) => it.kind === kind && id !== undefined && sameBytes(it.id, id))?.workedMs;
  const { devices, wrongEntriesMs } = await person.devices();
  const waiting = await person.waitingCode({ ...session.as, signal }).catch(() => undefined);
  const check = person.printedCheck;
  const ways: WayView[] = [
    ...person.passkeys.map((passkey) => ({
      ...{ kind: 'passkey' as const, passkey },
      workedMs: last('passkey', passkey.credentialId),
    })),
    ...(wallet.hasPassphrase
      ? [
          {
            ...{ kind: 'passphrase' as const, passkey: undefined },
            workedMs: last('passphrase', await sha256Text(wallet.id)),
          },
        ]
      : []),
    ...(check === undefined
      ? []
      : [
          {
            ...{ kind: 'sheet' as const, passkey: undefined },
            workedMs: last('sheet', check),
          },
        ]),
  ];
  return {
    ways,
    devices: devices.map((it) => ({ ...it, name: harmlessText(it.name) })),
    hasPassphrase: wallet.hasPassphrase,
    trustWords: await person.trustWords(session.as.as),
    waitingCodeMs: waiting?.countsFromMs,
    wrongDigitsMs: wrongEntriesMs,
    unreadableParts: person.unreadableParts,
    isDemo: wallet.isDemo,
  };
};

/** Tries the printed sheet. Throws RECOVERY_CODE_WRONG. */
const trySheet: Call<{ readonly code: string }, void> = (session, { code }) =>
  session.person.tryPrintedCode(code);

/** Opens the file once with what was typed. Throws PASSPHRASE_WRONG. */
const tryPassphrase: Call<{ readonly passphrase: string }, void> = async (
  session,
  { passphrase },
) => {
  await Person.open({ store: indexedDbWalletStore(session.wallet.id), passphrase });
  await noteWay(session, 'passphrase');
};

/** Throws PASSKEY_WRONG. */
const tryPasskey: Call<{ readonly answer: PasskeyAnswer }, void> = async (session, { answer }) => {
  await Person.openByPasskey({ store: indexedDbWalletStore(session.wallet.id), answer });
  await noteWay(session, 'passkey', answer.credentialId);
};

const addPasskey: Call<{ readonly made: Passkey & PasskeyAnswer }, void> = async (
  session,
  { made },
) => {
  await session.person.addPasskey(made);
  await noteWay(session, 'passkey', made.credentialId);
};

const removePasskey: Call<{ readonly credentialId: Uint8Array }, void> = (
  session,
  { credentialId },
) => session.person.removePasskey(credentialId);

const setPassphrase: Call<{ readonly passphrase: string }, void> = async (
  session,
  { passphrase },
) => {
  await session.person.changePassphrase(passphrase);
  await session.held({ ...session.wallet, hasPassphrase: true });
};

/**
 * New keys at every hospital: every device but this one is shut out. With the code also after a freeze, and more than once a
 * day. Throws RECOVERY_NEEDED.
 */
const changeKeys: Call<{ readonly code?: string | undefined }, void> = async (
  session,
  { code },
  { signal },
) => {
  const { person } = session;
  for (const { account: as } of openAccounts(person)) await person.rotate({ as, signal, code });
};

/** Nobody acts with these keys any more but to take shares back; the printed sheet is the way back. */
const freeze: Call<void, void> = async (session, _input, { signal }) => {
  const { person } = session;
  const open = openAccounts(person);
  for (const { account: as } of open) {
    try {
      await person.freeze({ as, signal });
    } catch (error) {
      // Where there are several hospitals, one that was stopped before keeps no other from being stopped.
      if (open.length < 2 || !isCoded(error, 'ACCOUNT_FROZEN')) throw error;
    }
  }
};

/** Another sheet: with the old one at once, without after seven days in which it can be stopped. */
const newSheet: Call<
  { readonly oldCode?: string | undefined },
  { readonly code: string; readonly countsFromMs: number | undefined }
> = async (session, { oldCode }, { signal }) => {
  let code = '';
  const made = await session.person.newCode({
    ...{ oldCode, signal },
    onCode: (it) => {
      code = it;
    },
  });
  return { code, countsFromMs: made.at(0)?.waiting?.countsFromMs };
};

const stopNewSheet: Call<{ readonly code?: string | undefined }, void> = async (
  session,
  { code },
  { signal },
) => {
  await session.person.stopNewCode({ ...session.as, signal, code });
};

export const keysCalls = {
  keys,
  'keys.trySheet': trySheet,
  'keys.tryPassphrase': tryPassphrase,
  'keys.tryPasskey': tryPasskey,
  'keys.addPasskey': addPasskey,
  'keys.removePasskey': removePasskey,
  'keys.setPassphrase': setPassphrase,
  'keys.change': changeKeys,
  'keys.freeze': freeze,
  'keys.newSheet': newSheet,
  'keys.stopNewSheet': stopNewSheet,
};
