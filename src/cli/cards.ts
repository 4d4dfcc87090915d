import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCoded } from '../primitives/errors.ts';
import { type Card, type Person, readCard } from '../sdk/index.ts';
import { short } from './format.ts';

/**
 * The public cards of the people whose wallets lie in this home: `people/NAME.card`, and
 * `people/NAME@ORGANISATION.card` for further accounts. They make names work among people of one machine;
 * whoever uses one proves it first, as with any card.
 */
export interface HomeCard {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly card: Card;
}

/** The cards that lie in a home; files that are no card are passed over. */
export function homeCards(home: string): readonly HomeCard[] {
  const folder = join(home, 'people');
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.card'));
  } catch {
    return [];
  }
  const cards: HomeCard[] = [];
  for (const file of files.sort()) {
    try {
      const bytes = new Uint8Array(readFileSync(join(folder, file)));
      const name = file.slice(0, -'.card'.length).split('@', 1)[0] ?? '';
      cards.push({ name, bytes, card: readCard(bytes).card });
    } catch (error) {
      // Somebody's scrap in the folder must not hide the others.
      if (!isCoded(error, 'CARD_INVALID')) throw error;
    }
  }
  return cards;
}

/** Puts a person’s cards beside her wallet, where others on this machine find them (CL-7). */
export function keepHomeCards(home: string, name: string, person: Person): void {
  for (const [at, { card, enrolled, organisation }] of person.accounts.entries()) {
    if (!enrolled) continue;
    const file = at === 0 ? `${name}.card` : `${name}@${short(organisation)}.card`;
    const path = join(home, 'people', file);
    mkdirSync(join(home, 'people'), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, card, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  }
}
