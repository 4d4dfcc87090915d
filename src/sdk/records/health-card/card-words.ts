import { bundleParts } from '../bundle-parts.ts';
import { headlineOfResource } from '../headline/derive.ts';
import type { Headline } from '../headline/headline.ts';
import { readTree } from '../headline/readable-resource.ts';
import { fieldOf, listOf, textOf } from '../json-tree.ts';
import { personName } from '../show-values.ts';
import type { CardVerdict, CheckedCard, CheckedCards } from './check-card.ts';
import type { HealthCard } from './health-card.ts';

/** What a card says of whom, without its signature. */
export interface CardSays {
  /** The name of its Patient, and the birth date; empty where it has none. */
  readonly about: string;
  readonly born: string;
  /** Its records but the Patient, in order. */
  readonly headlines: readonly Headline[];
}

export function cardSays({ bundle }: HealthCard): CardSays {
  const { resources } = bundleParts(bundle);
  const isPatient = (it: (typeof resources)[number]): boolean =>
    textOf(fieldOf(it, 'resourceType')) === 'Patient';
  const patient = resources.find(isPatient);
  const [name] = listOf(fieldOf(patient, 'name'));
  const records = resources.filter((it) => !isPatient(it));
  return {
    about: (name === undefined ? undefined : personName(name)) ?? '',
    born: textOf(fieldOf(patient, 'birthDate')) ?? '',
    headlines: records.map((it) => headlineOfResource(readTree(it))),
  };
}

/** `Health card: COVID-19, Moderna`: what a file of cards is called in a list. */
export function cardsName({ cards }: Pick<CheckedCards, 'cards'>): string | undefined {
  const names = new Set(cards.flatMap(({ card }) => cardSays(card).headlines.map((it) => it.name)));
  return names.size === 0 ? undefined : `Health card: ${[...names].join('; ')}`;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** What is known of a card, a sentence each, the gravest first. Source: docs/protocol/items.md, rule I-47. */
export function verdictSentences({ card, verdict }: CheckedCard): readonly string[] {
  const { time, revocation } = verdict;
  return [
    ...(revocation === 'revoked' ? ['REVOKED: its issuer took this card back.'] : []),
    ...(time === 'expired' ? [`EXPIRED on ${dayOf(card.expiresMs ?? 0)}.`] : []),
    ...(time === 'not-yet' ? [`NOT VALID before ${dayOf(card.issuedMs)}.`] : []),
    signatureSentence(card, verdict),
    ...(revocation === 'not-checked' && verdict.signature === 'given-key'
      ? ['Whether its issuer took it back was not checked.']
      : []),
  ];
}

function signatureSentence(card: HealthCard, { signature, keyOf }: CardVerdict): string {
  switch (signature) {
    case 'given-key':
      return keyOf === undefined
        ? `The signature holds, by a key that you gave (${card.kid}); that it is the key of ${card.issuer} is your word.`
        : `The signature holds, by a key that you gave as the key of ${keyOf}.`;
    case 'own-key':
      return 'The signature fits a key that lies in the same file: nothing was changed since it was signed. Who signed it that does not say; anybody can put a key beside a card.';
    case 'issuer-unknown':
      return 'Signature not checked: issuer unknown. No key for it was given (--issuer-keys FILE), and none is fetched.';
    case 'wrong':
      return 'The signature does NOT hold: this is not what the owner of its key signed.';
    case 'other-issuer':
      return `The signature is that of ${keyOf ?? 'another issuer'}, NOT of the issuer that the card names.`;
    case 'other-method':
      return `Signature not checked: it is of a kind (${card.algorithm.slice(0, 40)}) that no health card has.`;
  }
}
