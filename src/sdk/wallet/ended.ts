import type { ConsentId } from '../../primitives/ids.ts';
import type { ReceivedLetter, WalletContent } from './content.ts';
import { compareGenerations, firstGenerations } from './generations.ts';

const none = new Uint8Array(0);

/** A letter that has ended: nothing but that it was, so that no other device brings it back. */
export function endedLetter(letter: ReceivedLetter): ReceivedLetter {
  const nothing = { ownerName: '', letter: none, receivedMs: 0, ...firstGenerations };
  return { ...letter, ...nothing, ended: true };
}

const isForgotten = (it: ReceivedLetter): boolean =>
  it.ownerName === '' &&
  it.letter.length === 0 &&
  it.receivedMs === 0 &&
  compareGenerations(it, firstGenerations) === 0;

/**
 * The content without what an ended grant had given: its letter's words and keys are gone, and with them the room they
 * took. The same on every device and in any order, since what has ended stays so.
 * Source: docs/protocol/wallet.md, rule W-22.
 */
export function withoutEnded(content: WalletContent): WalletContent {
  const ended = new Set<ConsentId>(content.letters.flatMap((it) => (it.ended ? it.consent : [])));
  if (ended.size === 0) return content;
  const isHeld = ({ consent }: { readonly consent: ConsentId }) => !ended.has(consent);
  return {
    ...content,
    // The entry itself where nothing is left to forget: its shard then stays as it lies.
    letters: content.letters.map((it) => (it.ended && !isForgotten(it) ? endedLetter(it) : it)),
    segments: content.segments.filter(isHeld),
    openings: content.openings.filter(isHeld),
    openedSets: content.openedSets.filter(isHeld),
  };
}
