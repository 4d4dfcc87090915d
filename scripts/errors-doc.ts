// Writes docs/errors.md from the tables of codes; `--check` only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { catalogue, type Kind } from '../src/codes/index.ts';
import { refusals } from '../src/ledger/refusals.ts';

const kinds: Readonly<Record<Kind, string>> = {
  'not-shared': 'Not shared: ask the patient. Exit code 3.',
  'no-key': 'Key not here: open it where the key is. Exit code 3.',
  'not-trusted': 'Not trusted: do not believe it. Exit code 3.',
  'not-valid': 'Not valid: mend the request. Exit code 3.',
  usage: 'Usage: mend the command. Exit code 2.',
  verification: 'Verification failed: something was changed. Exit code 4.',
  unavailable: 'Unavailable: try again later. Exit code 5.',
  fault: 'Fault: something broke here. Exit code 1.',
};

const path = new URL('../docs/errors.md', import.meta.url);

/**
 * The text of docs/errors.md: one table per kind. A code keeps its place on the page for ever, wherever its
 * line stands in the house; one that is not there yet comes last.
 */
export function errorsDocument(): string {
  const page = readFileSync(path, 'utf8');
  const placeOf = (code: string) => {
    const at = page.indexOf(`\n| \`${code}\` |`);
    return at === -1 ? page.length : at;
  };
  const parts = [
    '# Errors',
    '',
    'Generated from `src/codes` by `node scripts/errors-doc.ts`; do not edit.',
    'With `--json` a refusal is `{ok:false, code, kind, sentence}`.',
  ];
  for (const [kind, meaning] of Object.entries(kinds)) {
    const rows = Object.entries(catalogue)
      .filter(([, entry]) => entry.kind === kind)
      .sort(([a], [b]) => placeOf(a) - placeOf(b));
    parts.push('', `## ${meaning}`, '', '| code | sentence |', '|---|---|');
    for (const [code, entry] of rows) parts.push(`| \`${code}\` | ${entry.sentence} |`);
  }
  parts.push('', '## Numbers of refusals in results and receipts', '');
  parts.push('0 is accepted.', '', '| number | code |', '|---|---|');
  for (const { number, code } of refusals) parts.push(`| ${number} | \`${code}\` |`);
  return `${parts.join('\n')}\n`;
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    process.exitCode = readFileSync(path, 'utf8') === errorsDocument() ? 0 : 1;
  } else writeFileSync(path, errorsDocument());
}
