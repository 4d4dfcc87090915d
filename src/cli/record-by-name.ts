import { CodedError } from '../primitives/errors.ts';
import type { RecordId } from '../primitives/ids.ts';
import { type Headline, spokenName } from '../sdk/index.ts';
import { short, table } from './format.ts';

/** A record that can be called by what it is. */
export interface NamedRecord {
  readonly recordId: RecordId;
  readonly headline: Headline;
}

/**
 * The record whose name has all these words; one that is called exactly so goes before the others. Undefined: none.
 * Throws USAGE when several fit, after `show` got a table of them.
 */
export function recordByName(
  records: readonly NamedRecord[],
  words: string,
  show: (text: string) => void,
): RecordId | undefined {
  const asked = folded(words)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (asked.length === 0) return undefined;
  const fitting = records.filter(({ headline }) => {
    const name = folded(spokenName(headline));
    return asked.every((word) => name.includes(word));
  });
  const exact = fitting.filter(({ headline }) => folded(headline.name) === asked.join(' '));
  const found = exact.length > 0 ? exact : fitting;
  const [only, another] = found;
  if (another === undefined) return only?.recordId;
  show(choices(found));
  throw new CodedError('USAGE', { problem: `${found.length} records are called so: say its id` });
}

const maxShown = 20;

function choices(found: readonly NamedRecord[]): string {
  const newest = [...found].sort((a, b) =>
    a.headline.clinicalDate < b.headline.clinicalDate ? 1 : -1,
  );
  const rows = newest.slice(0, maxShown).map(({ recordId, headline }) => {
    const value = [headline.value, headline.unit].filter((it) => it !== '').join(' ');
    return [short(recordId), headline.clinicalDate.slice(0, 10), spokenName(headline), value];
  });
  const more = found.length > maxShown ? [`and ${found.length - maxShown} more`] : [];
  return [table([['record', 'date', 'what', 'value'], ...rows]), ...more].join('\n');
}

/** Without case and accents. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim();
}
