import { headlineWords, readableDate } from '../plain-text.ts';
import { html, type SafeHtml } from '../safe-html.ts';
import { type Page, showResource } from '../show-fhir.ts';
import { showState } from '../show-values.ts';
import { cardSays, verdictSentences } from './card-words.ts';
import type { CheckedCard, CheckedCards } from './check-card.ts';

/** For a terminal: each card with whose it is, what it says, and what is known of its signature. */
export function cardParagraphs({ cards, unreadable }: CheckedCards): readonly string[] {
  return [
    ...cards.map(cardParagraph),
    ...unreadable.map((number) => `Card ${number} cannot be read: export the file to keep it.`),
  ];
}

function cardParagraph(checked: CheckedCard): string {
  const { card } = checked;
  const { headlines } = cardSays(card);
  const facts = cardFacts(checked).map(([name, text]) => `  ${name}: ${text || 'not recorded'}`);
  const lines = headlines.map((it) => {
    const date = readableDate(it.clinicalDate);
    return `  ${date === '' ? '' : `${date}  `}${headlineWords(it)}`;
  });
  return [cardTitle(checked), ...verdictSentences(checked), ...facts, ...lines].join('\n');
}

/** As a page: what is known of the signature stands before what the card says. */
export function showCards({ cards, unreadable }: CheckedCards, page: Page): SafeHtml {
  return html`${cards.map((it) => showCard(it, page))}${unreadable.map(
    (number) => html`<p class="absent">Card ${number} cannot be read.</p>
`,
  )}`;
}

function showCard(checked: CheckedCard, page: Page): SafeHtml {
  const facts = cardFacts(checked).map(
    ([name, text]) =>
      html`<dt>${name}</dt><dd>${text === '' ? showState('not recorded') : text}</dd>`,
  );
  return html`<section><h2>${cardTitle(checked)}</h2>
${verdictSentences(checked).map((it) => html`<p class="care">${it}</p>`)}
<dl>${facts}</dl>${showResource(checked.card.bundle, page, 3)}</section>
`;
}

function cardTitle({ card }: CheckedCard): string {
  const kinds = card.kinds.join(', ');
  return `Health card ${card.number}${kinds === '' ? '' : ` (${kinds})`}`;
}

function cardFacts({ card }: CheckedCard): readonly (readonly [name: string, text: string])[] {
  const { about, born } = cardSays(card);
  const whose = born === '' ? about : `${about || 'name not recorded'}, born ${born}`;
  return [
    ['About', whose],
    ['Issuer, as it calls itself', card.issuer],
    ['Issued', new Date(card.issuedMs).toISOString().slice(0, 10)],
  ];
}
