import { html } from '../records/safe-html.ts';
import { standAlonePage } from '../records/stand-alone-page.ts';
import type { ReportLine, SignedReport } from './access-report.ts';
import type { IncidentSaid } from './incident-words.ts';
import { type ReportLanguage, reportWords } from './report-words.ts';

export interface ReportShown {
  readonly language: ReportLanguage;
  /** Whose record it is. */
  readonly name: string;
  /** What an account is called; what is not known has its id. */
  readonly nameOf: (account: string) => string;
  /** A moment, in the reader's clock. */
  readonly when: (ms: number) => string;
}

/** One line as a sentence. */
export function reportSentence(
  line: ReportLine,
  { language, nameOf, when }: Omit<ReportShown, 'name'>,
): string {
  const words = reportWords[language];
  const { facts, kind } = line;
  const who = line.account === '' ? words.somebody : nameOf(line.account);
  const count = Number(facts.count ?? 0);
  const purpose = words.purposes[String(facts.purpose)] ?? String(facts.purpose ?? '');
  switch (kind) {
    case 'look':
      return words.look(who, count, purpose);
    case 'emergency':
      return words.emergency(who, count);
    case 'refusal':
      return words.refusal(who, count, String(facts.code));
    case 'erasure':
      return words.erasure(who);
    case 'statistic':
      return words.statistic(who, purpose, facts.counted === 1);
    case 'device':
      return facts.what === 'digits' ? words.digits : words.device(String(facts.name));
    case 'incident':
      return words.incident(incidentSaid(facts, when));
    case 'doubtful':
      return words.doubtful(String(facts.code));
  }
}

function incidentSaid(facts: ReportLine['facts'], when: ReportShown['when']): IncidentSaid {
  const text = (name: string) => String(facts[name] ?? '');
  const moment = (name: string) =>
    Number(facts[name] ?? 0) === 0 ? '' : when(Number(facts[name]));
  return {
    ...{ server: text('server'), done: text('done'), state: text('state') },
    ...{ isTold: facts.told === 1, isProven: facts.proven === 1 },
    ...{ from: moment('fromMs'), until: moment('untilMs'), since: moment('sinceMs') },
    ...{ source: text('source'), claimedMac: text('claimedMac') },
  };
}

/** Where a line stands on the ledger: the transaction, or the hash of an incident's report; '': nowhere that is known. */
export const reportPlace = ({ txId, facts }: ReportLine): string =>
  txId ?? String(facts.report ?? '');

const style = `
body { max-width: 60rem; } h1 { font-size: 1.5rem; margin: 0; } p { margin: .5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; } th, td { text-align: start; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; unicode-bidi: plaintext; } .warning { border: 2px solid var(--warn); color: var(--warn); padding: .5rem; font-weight: 600; }
.id, footer { color: var(--soft); font-size: .8125rem; overflow-wrap: anywhere; }
@media print { tr { break-inside: avoid; } thead { display: table-header-group; } }
`;

/** The report as one page for printing: no script, nothing fetched, every name escaped; its signature at the foot. */
export function reportPage(signed: SignedReport, shown: ReportShown): string {
  const { language, name, when } = shown;
  const words = reportWords[language];
  const { lines, withheld, missing, fromMs, untilMs, madeMs, chain, account } = signed.report;
  const rows = lines.map(
    (
      it,
    ) => html`<tr><td>${it.atMs === 0 ? '' : when(it.atMs)}</td><td>${reportSentence(it, shown)}<br><span class="id" dir="ltr">${it.account}</span></td>
<td><span class="id" dir="ltr">${it.height ?? ''} ${reportPlace(it)}</span></td></tr>
`,
  );
  const warnings = [
    ...(withheld.length === 0 ? [] : [words.withheld(withheld.length)]),
    ...missing.map(({ wing, code }) => words.missing(wing, code)),
  ].map((it) => html`<p class="warning">${it}</p>`);
  const table =
    lines.length === 0
      ? html`<p>${words.nothing}</p>`
      : html`<table><thead><tr><th>${words.when}</th><th>${words.what}</th><th>${words.place}</th></tr></thead><tbody>${rows}</tbody></table>`;
  const body = html`<main><h1>${words.title} <bdi>${name}</bdi></h1>
<p>${words.period(when(fromMs), when(untilMs))}</p>${warnings}${withheld.length === 0 ? html`<p>${words.complete}</p>` : ''}${table}</main>
<footer><p>${words.made(when(madeMs), chain)}</p><p>${words.signed}</p><p class="id" dir="ltr">${account}<br>${signed.publicKey}<br>${signed.signature}</p></footer>`;
  const isRightToLeft = language === 'ar';
  return standAlonePage({ title: `${words.title} ${name}`, style, body, language, isRightToLeft });
}
