import { escaped } from '../sdk/records/safe-html.ts';
import type { RestoredHome } from './restored.ts';

/** What the address of a running Salus shows: one plain page, no script, nothing from elsewhere. */
export interface Status {
  readonly chainId: string;
  readonly height: number;
  readonly timeMs: number;
  readonly userLogSize: number;
  readonly docLogSize: number;
  readonly hospitals: readonly {
    readonly name: string;
    readonly title: string;
    readonly url: string;
  }[];
  readonly people: readonly {
    readonly name: string;
    readonly role: string;
    readonly hospital: string;
  }[];
  /** Undefined: the home was not restored from a backup. */
  readonly restored: Pick<RestoredHome, 'height' | 'backupMs' | 'acceptedMs'> | undefined;
  /** What runs beside the hospitals' servers. */
  readonly processes: readonly {
    readonly name: string;
    readonly state: string;
    readonly sinceMs: number;
    readonly restarts: number;
  }[];
  readonly tryNext: readonly string[];
}

/** The page at the address: HTML without script, every word escaped. */
export function statusPage(status: Status): string {
  const time = clock(status.timeMs);
  const people = status.people
    .map(({ name, role, hospital }) =>
      row([`<bdi>${escaped(name)}</bdi>`, escaped(role), escaped(hospital)]),
    )
    .join('');
  const hospitals = status.hospitals
    .map(({ name, title, url }) =>
      row([escaped(name), `<bdi>${escaped(title)}</bdi>`, `<code>${escaped(url)}</code>`]),
    )
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Salus is running</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1b2a33; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d5dde2 }
pre, code { font: 14px/1.6 ui-monospace, monospace } pre { background: #f2f6f8; padding: 1rem; overflow-x: auto }
td code { overflow-wrap: anywhere } p.note { color: #44545e }
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
body { color: #e3eaee; background: #12191d } th, td { border-color: #33424b } pre { background: #1b252b } p.note { color: #a9b8c1 }
}
</style>
</head>
<body>
<h1>Salus is running</h1>
<p>One process plays a consortium of ${status.hospitals.length} hospitals on this machine and holds the servers' keys of all of them.
Patients and clinicians hold their own keys, in their own wallets; no server here can open a record.</p>
<h2>The ledger</h2>
<table>
${row(['Ledger', escaped(status.chainId)])}
${row(['Height', `${status.height}, at ${time} UTC`])}
${restoredRow(status)}${row(['Userchain', `${status.userLogSize} transactions`])}
${row(['Docchain', `${status.docLogSize} transactions`])}
</table>
<h2>Hospitals</h2>
<table><tr><th>name</th><th>title</th><th>gateway</th></tr>${hospitals}</table>${processesOf(status)}
<h2>Who has a wallet on this machine</h2>
${people === '' ? '<p>Nobody yet.</p>' : `<table><tr><th>name</th><th>role</th><th>hospital</th></tr>${people}</table>`}
<h2>What to try</h2>
<pre>${status.tryNext.map(escaped).join('\n')}</pre>
<p class="note">Figures for machines: <a href="/health">/health</a>, <a href="/metrics">/metrics</a>, <a href="/openapi.json">/openapi.json</a>.</p>
</body>
</html>
`;
}

/** That later blocks may be missing stays said: people who saw them will ask. */
function restoredRow({ restored }: Status): string {
  if (restored === undefined) return '';
  const { height, backupMs, acceptedMs } = restored;
  const lost = acceptedMs === 0 ? '' : '; what came later was given up';
  const what = `up to block ${height}, from a backup of ${clock(backupMs)} UTC${lost}`;
  return `${row(['Restored', what])}\n`;
}

function processesOf({ processes }: Status): string {
  if (processes.length === 0) return '';
  const rows = processes
    .map(({ name, state, sinceMs, restarts }) =>
      row([escaped(name), `${escaped(state)} since ${clock(sinceMs)} UTC`, String(restarts)]),
    )
    .join('');
  return `
<h2>Processes beside them</h2>
<table><tr><th>name</th><th>state</th><th>restarts</th></tr>${rows}</table>`;
}

const clock = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
