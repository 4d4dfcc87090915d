import { utf8ToText } from '../../../primitives/bytes.ts';
import { labelsOfTree } from '../labels.ts';
import type { Member } from '../unpack.ts';
import { type CheckedCards, checkHealthCards } from './check-card.ts';
import { healthCardMediaType } from './health-card.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** By the bytes of the file, or of the member of a packed one, that holds them. */
export type CardsOfFiles = ReadonlyMap<Uint8Array, CheckedCards>;

const maxFileBytes = 4 * 1024 * 1024;

/** The health cards of a file that is brought, with what is known of each. */
export async function cardsInFile(
  bytes: Uint8Array | undefined,
  members: readonly Member[] | undefined,
  options: { readonly issuerKeys?: IssuerKeys | undefined; readonly nowMs: number },
): Promise<CardsOfFiles> {
  const found = new Map<Uint8Array, CheckedCards>();
  for (const file of members?.map((it) => it.bytes) ?? (bytes === undefined ? [] : [bytes])) {
    const mediaType = mediaTypeOf(file);
    if (mediaType === undefined) continue;
    const cards = await checkHealthCards({ bytes: file, mediaType }, options);
    if (cards !== undefined && cards.cards.length > 0) found.set(file, cards);
  }
  return found;
}

/** What restricts one of the cards restricts their file. */
export const labelsOfCards = ({ cards }: CheckedCards): readonly string[] => [
  ...new Set(cards.flatMap(({ card }) => labelsOfTree(card.bundle))),
];

/** A look at the bytes, so that no other file is read twice. */
function mediaTypeOf(file: Uint8Array): string | undefined {
  const isQr = String.fromCharCode(...file.subarray(0, 5)) === 'shc:/';
  if (isQr) return 'text/plain';
  if (file.length > maxFileBytes || file.subarray(0, 64).indexOf(0x7b) < 0) return undefined;
  try {
    const isCards = utf8ToText(file).includes('"verifiableCredential"');
    return isCards ? healthCardMediaType : undefined;
  } catch {
    return undefined;
  }
}
