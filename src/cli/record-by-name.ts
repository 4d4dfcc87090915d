import type { RecordId } from '../primitives/ids.ts';
import { momentOf, type RecordLine, spokenName } from '../sdk/index.ts';
import { Choosing } from './choosing.ts';
import { folded, valueText } from './record-lines.ts';
import type { Choice } from './refusal.ts';

/** A line that a name can be held against. */
type Named = Pick<RecordLine, 'recordId'> & {
  readonly headline: NonNullable<RecordLine['headline']>;
};

/**
 * The record whose name has all these words; one that is called exactly so goes before the others. Undefined: none.
 * Throws AMBIGUOUS when several fit.
 */
export function recordByName(lines: readonly RecordLine[], words: string): RecordId | undefined {
  const asked = folded(words)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (asked.length === 0) return undefined;
  const fitting = lines.flatMap(({ recordId, headline, isOlder }): readonly Named[] => {
    if (headline === undefined || isOlder) return [];
    const name = folded(spokenName(headline));
    return asked.every((word) => name.includes(word)) ? [{ recordId, headline }] : [];
  });
  const exact = fitting.filter(({ headline }) => folded(headline.name).trim() === asked.join(' '));
  const found = exact.length > 0 ? exact : fitting;
  const [only, another] = found;
  if (another === undefined) return only?.recordId;
  throw new Choosing('AMBIGUOUS', choicesOf(found));
}

/** The newest, so many at most. */
const mostShown = 20;

function choicesOf(found: readonly Named[]): readonly Choice[] {
  return [...found]
    .sort((a, b) => dateIn(b) - dateIn(a))
    .slice(0, mostShown)
    .map((it) => ({
      record: it.recordId,
      date: it.headline.clinicalDate.slice(0, 10),
      what: spokenName(it.headline),
      value: valueText(it),
    }));
}

const dateIn = ({ headline }: Named): number => momentOf(headline.clinicalDate) ?? 0;
