import { harmlessText, type TextOfItem } from '@salus/salus/sdk/browser';

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
export const itemText = ({ rows, paragraphs, attachments }: TextOfItem): ItemText => ({
  rows: rows.map(([label, text]) => [harmlessText(label), harmlessText(text)] as const),
  paragraphs: paragraphs.map(harmlessText),
  attachments: attachments.map((it) => ({
    ...it,
    fileName: harmlessText(it.fileName),
    contentType: harmlessText(it.contentType),
  })),
});
