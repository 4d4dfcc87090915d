import { harmlessText, type TextOfItem } from '@salus/salus/sdk/browser';
import { unitShown } from '../boundary/units.ts';

/** What an entry says, in terms and words, and the documents inside it. */
export interface ItemText {
  readonly rows: readonly (readonly [label: string, text: string])[];
  readonly paragraphs: readonly string[];
  readonly attachments: readonly {
    readonly number: number;
    readonly fileName: string;
    readonly contentType: string;
    readonly bytes: number;
  }[];
}

/** With nothing in it that hides, or turns what stands beside it. */
export const itemText = ({ rows, results, paragraphs, attachments }: TextOfItem): ItemText => ({
  rows: rows.map(([label, text]) => [harmlessText(label), unitsIn(harmlessText(text), results)]),
  paragraphs: paragraphs.map(harmlessText),
  attachments: attachments.map((it) => ({
    ...it,
    fileName: harmlessText(it.fileName),
    contentType: harmlessText(it.contentType),
  })),
});

/** The units of its results as people write them, where a row ends with one; all else is the record's own text. */
function unitsIn(text: string, results: TextOfItem['results']): string {
  const unit = results.map((it) => it.unit).find((it) => it !== '' && text.endsWith(` ${it}`));
  return unit === undefined ? text : text.slice(0, -unit.length) + unitShown(unit);
}
