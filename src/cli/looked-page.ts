import { html, type Looked, type Noticed, standAlonePage } from '../sdk/index.ts';
import { amount, short, when } from './format.ts';
import { named } from './harmless.ts';

/** One notice as plain facts, with names where they are known. */
export interface NoticeFacts {
  readonly kind: Noticed['kind'];
  readonly timeMs: number;
  readonly who: string;
  /** Of a look: what the records are called, as far as that is known. */
  readonly names?: readonly string[];
  readonly [fact: string]: unknown;
}

export interface LookedReport {
  readonly name: string;
  readonly madeMs: number;
  readonly notices: readonly NoticeFacts[];
  readonly withheld: Looked['withheld'];
  readonly chains: readonly string[];
}

const mostNames = 5;

/** Each name once, with how often; the rest is counted. */
function namesText(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const shown = [...counts].slice(0, mostNames).map(([name, count]) => {
    const word = named(name.length > 40 ? `${name.slice(0, 39)}…` : name);
    return count === 1 ? word : `${word} (${count})`;
  });
  const more = counts.size - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** What happened, in words. */
export function whatHappened(it: NoticeFacts): string {
  if (it.kind === 'look') {
    const count = Array.isArray(it.recordIds) ? it.recordIds.length : 0;
    const which = it.names === undefined || it.names.length === 0 ? '' : `: ${namesText(it.names)}`;
    return `looked at ${amount(count, 'record')}, for ${String(it.purpose)}${which}`;
  }
  if (it.kind === 'refusal') {
    const ended = it.code === 'CONSENT_ENDED' && typeof it.endedMs === 'number';
    return ended
      ? `was refused: the grant had ended ${when(Number(it.endedMs))} (CONSENT_ENDED)`
      : `was refused (${String(it.code)})`;
  }
  if (it.kind === 'refusals') return `was refused ${amount(Number(it.count), 'more time')}`;
  if (it.kind === 'erased') return 'erased a record, and signed it';
  return `a notice that does not verify (${String(it.code)})`;
}

/** Whether the ledger counts more looks than were shown, in a sentence. */
export function withheldText(withheld: Looked['withheld']): string {
  if (withheld.length === 0) {
    return 'The ledger counts as many looks as are shown here: none was kept back.';
  }
  const grants = withheld.map(
    (it) => `grant ${short(it.consent)}: ${it.counted} counted, ${it.seen} shown`,
  );
  return `LOOKS WERE KEPT BACK: the ledger counts more than the hospital shows. ${grants.join('; ')}`;
}

const style = `
body { max-width: 60rem; }
h1 { font-size: 1.5rem; margin: 0; } p { margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; } th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; } .warning { border: 2px solid var(--warn); color: var(--warn); padding: .5rem; font-weight: 600; }
.refusal td:nth-child(3), .refusals td:nth-child(3), .doubtful td:nth-child(3) { color: var(--warn); } footer, .id { color: var(--soft); font-size: .8125rem; }
@media screen and (max-width: 40rem) { table, tbody, tr, td { display: block; } thead { display: none; } td { border: 0; padding: .1rem 0; } tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } td br { display: none; } td .id { display: block; } }
@media print { tr { break-inside: avoid; } thead { display: table-header-group; } }
`;

/** The report as one page for printing: no script, nothing fetched, every name escaped. */
export function lookedPage(report: LookedReport): string {
  const { name, madeMs, notices, withheld, chains } = report;
  const rows = notices.map(
    (
      it,
    ) => html`<tr class="${it.kind}"><td>${when(it.timeMs)}</td><td><bdi>${it.who}</bdi><br><span class="id">${idOf(it)}</span></td>
<td>${whatHappened(it)}</td><td>${typeof it.height === 'number' ? `height ${it.height}` : ''}<br><span class="id">${String(it.txId ?? '')}</span></td><td>${String(it.verdict)}</td></tr>
`,
  );
  const warning =
    withheld.length === 0
      ? html`<p>${withheldText(withheld)}</p>`
      : html`<p class="warning">${withheldText(withheld)}</p>`;
  const looks =
    notices.length === 0
      ? html`<p>Nobody has looked.</p>`
      : html`<table><thead><tr><th>when</th><th>who</th><th>what</th><th>where on the ledger</th><th>verdict</th></tr></thead><tbody>${rows}</tbody></table>`;
  const body = html`<main><h1>Who looked at the records of <bdi>${name}</bdi></h1>
<p>${amount(notices.length, 'entry', 'entries')}, as of ${when(madeMs)}. Each was checked on this device against the ledger ${chains.join(', ')}.</p>
${warning}${looks}</main>
<footer><p>"Proven": the reader's signed request, or the holder's signed word, is what stands on the ledger; its receipt can be checked by anybody.</p></footer>`;
  return standAlonePage({ title: `Who looked at the records of ${name}`, style, body });
}

function idOf(it: NoticeFacts): string {
  return String(it.reader ?? it.holder ?? '');
}
