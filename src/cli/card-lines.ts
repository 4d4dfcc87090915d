import {
  type CheckedCard,
  cardSays,
  type IssuerKeys,
  parseIssuerKeys,
  verdictSentences,
} from '../sdk/index.ts';
import { readSmallFile } from './files.ts';
import { named } from './harmless.ts';

/** Keys of issuers that the person gave: a file or several. Throws FILE_UNREADABLE, ISSUER_KEYS_INVALID. */
export function issuerKeysOf(files: readonly string[] | undefined): IssuerKeys | undefined {
  if (files === undefined) return undefined;
  const all = files.map((file) => parseIssuerKeys(readSmallFile(file)));
  return { keys: all.flatMap((it) => it.keys), revoked: all.flatMap((it) => it.revoked) };
}

export const issuerKeysHelp =
  'check health cards by the keys in this file (JWKS, directory of issuers, list of revoked cards); again for more';

/** A health card for `--json`. */
export function cardFacts({ card, verdict }: CheckedCard): Record<string, unknown> {
  const { number, issuer, kinds, kid, issuedMs, expiresMs } = card;
  const { about, born, headlines } = cardSays(card);
  const says = headlines.map(({ clinicalDate: date, name, code, value, unit, marks }) => ({
    ...{ date, name, code, value, unit, marks },
  }));
  const expires = expiresMs === undefined ? {} : { expiresMs };
  return { number, issuer, kid, kinds, issuedMs, ...expires, about, born, says, ...verdict };
}

/** The same in a line, and one for each thing that is known of its signature. */
export function cardText(checked: CheckedCard): readonly string[] {
  const { about, headlines } = cardSays(checked.card);
  const what = headlines.map((it) => `${it.name} ${it.clinicalDate.slice(0, 10)}`.trim());
  const line = `health card of ${about || 'nobody named'}, from ${checked.card.issuer}: ${what.join('; ')}`;
  return [named(line), ...verdictSentences(checked).map((it) => `  ${named(it)}`)];
}
