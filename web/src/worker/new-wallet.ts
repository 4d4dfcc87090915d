import type { Passkey, PasskeyAnswer, Person } from '@salus/salus/sdk/browser';
import type { HeldWallet } from './device.ts';
import { initialsOf } from './people.ts';

/** What a device is called, and how a wallet is to be opened on it: the passphrase that somebody chose, a passkey that was made, or both. */
export interface WaysToOpen {
  /** What this device is called among the person's others. */
  readonly deviceName: string;
  readonly passphrase?: string | undefined;
  readonly passkey?: (Passkey & PasskeyAnswer) | undefined;
}

/** With a passkey alone the file still has a passphrase, of 256 random bits that nobody ever sees. */
export const passphraseOf = ({ passphrase }: Pick<WaysToOpen, 'passphrase'>): string =>
  passphrase ?? btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));

/** A name for it in the stores of this browser: random, for they are in clear. */
export const newWalletId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (it) =>
    it.toString(16).padStart(2, '0'),
  ).join('');

/** What the lock shows of it. */
export function heldAs(id: string, person: Person, name: string, ways: WaysToOpen): HeldWallet {
  return {
    id,
    initials: initialsOf(name),
    role: person.accounts.find((it) => it.enrolled)?.role ?? 'patient',
    isDemo: false,
    hasPassphrase: ways.passphrase !== undefined,
    openedMs: Date.now(),
  };
}
