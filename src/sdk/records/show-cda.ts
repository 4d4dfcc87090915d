import type { CdaDocument, CdaSection } from './cda/cda-document.ts';
import { headlineWords, readableDate } from './plain-text.ts';
import { html, type SafeHtml } from './safe-html.ts';
import { shortened, showState } from './show-values.ts';

/** A clinical document as a page: of each section what its entries say, then what the sender wrote. */
export function showCda({ title, date, patientName, sections }: CdaDocument): SafeHtml {
  return html`<article><h1>${title}</h1><p class="kind">Clinical document</p>
<dl><dt>About</dt><dd>${orAbsent(patientName)}</dd><dt>When</dt><dd>${orAbsent(readableDate(date))}</dd></dl>
${sections.map(showSection)}</article>`;
}

const orAbsent = (text: string): SafeHtml =>
  text === '' ? showState('not recorded') : html`${text}`;

function showSection({ title, text, headlines }: CdaSection): SafeHtml {
  const rows = headlines.map(
    (it) => html`<dt>${it.clinicalDate.slice(0, 10)}</dt><dd>${headlineWords(it)}</dd>
`,
  );
  const written =
    text === ''
      ? ''
      : html`<aside><p class="kind">As the sender wrote it</p><pre>${shortened(text)}</pre></aside>`;
  return html`<section><h2>${title}</h2>${rows.length === 0 ? '' : html`<dl>${rows}</dl>`}${written}</section>
`;
}
