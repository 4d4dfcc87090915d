import type { AccountId } from '../../primitives/ids.ts';
import type { WalletContent } from '../wallet/content.ts';

/**
 * How much of a wallet others may make it hold, by the letters that they send and the keys that they envelope. What
 * has no room stays where it is: letters wait in the inbox, keys are taken out of their sets again for each read.
 * Nobody's letters can thus keep a wallet from what its own person does. Source: docs/protocol/grants.md, rule G-13.
 */
export const receivedLimits = {
  /** One letter, signed: a body of 1,000 records and a card have room. */
  letterBytes: 24 * 1024,
  /** The card in it, as it travels. */
  cardBytes: 2 * 1024,
  /** Letters of one patient that have not ended. */
  lettersOfOne: 32,
  /** Letters and keys of one patient. */
  bytesOfOne: 128 * 1024,
  /** Of all patients: half of what a copy of the wallet may have. */
  bytes: 2 * 1024 * 1024,
} as const;

/** A segment, an opening, or a set that was looked into, as the wallet holds it. */
export const heldKeyBytes = 80;
/** A letter's ids, times and heads. */
const aroundLetterBytes = 128;

/** What a letter takes. */
export function bytesOfLetter(letter: {
  readonly letter: Uint8Array;
  readonly ownerName: string;
}): number {
  return letter.letter.length + 3 * letter.ownerName.length + aroundLetterBytes;
}

/** What is held of this patient's making, and of everybody's. */
export function receivedBytes(
  content: WalletContent,
  patient: AccountId,
): { readonly ofOne: number; readonly ofAll: number } {
  const his = new Set<string>();
  let [ofOne, ofAll] = [0, 0];
  for (const letter of content.letters) {
    const bytes = bytesOfLetter(letter);
    ofAll += bytes;
    if (letter.account !== patient) continue;
    ofOne += bytes;
    his.add(letter.consent);
  }
  for (const keys of [content.segments, content.openings, content.openedSets]) {
    ofAll += keys.length * heldKeyBytes;
    for (const { consent } of keys) if (his.has(consent)) ofOne += heldKeyBytes;
  }
  return { ofOne, ofAll };
}

/** Whether so many bytes more of this patient's making have room. */
export function hasRoom(content: WalletContent, patient: AccountId, bytes: number): boolean {
  const { ofOne, ofAll } = receivedBytes(content, patient);
  const { bytesOfOne, bytes: bytesOfAll } = receivedLimits;
  return ofOne + bytes <= bytesOfOne && ofAll + bytes <= bytesOfAll;
}
