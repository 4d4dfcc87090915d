import {
  contentOf,
  html,
  type OpenedRecord,
  type SafeHtml,
  spokenName,
  standAlonePage,
  type TextOfItem,
  textOfItem,
} from '@salus/salus/sdk/browser';
import { keyOf } from '../boundary/sdk-words.ts';
import { isPicture } from './item-view.ts';

/** Words of the page's language: what is saved is read without the app. */
export interface ExportWords {
  /** `es`, and as `Intl` takes it. */
  readonly language: string;
  readonly locale: string;
  readonly isRightToLeft: boolean;
  readonly title: string;
  /** `Made on this device, Sat 28 Nov 2026, 09:40 EST`. */
  readonly made: string;
  readonly born: string;
  readonly inside: string;
  readonly notOpened: string;
  readonly classes: Readonly<Record<string, string>>;
  /** What the SDK says in English: terms, its own answers, and what turns the meaning of a name; `boundary/sdk-words.ts`. */
  readonly fields: Readonly<Record<string, string>>;
  readonly said: Readonly<Record<string, string>>;
  readonly marks: Readonly<Record<string, string>>;
}

const style = `
body { max-width: 48rem; } h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; border-bottom: 2px solid var(--ink); margin-top: 2rem; }
h3 { font-size: 1.05rem; margin: 1rem 0 0; unicode-bidi: plaintext; } .kind { color: var(--soft); font-size: .875rem; margin: 0; }
article { border-top: 1px solid var(--line); break-inside: avoid-page; }
dl { display: grid; grid-template-columns: minmax(7rem, 1fr) 3fr; gap: .125rem 1rem; margin: .25rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: plaintext; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .25rem 0; unicode-bidi: plaintext; } img { max-width: 100%; }
`;

/** A picture that stands in the page; larger ones, and those beyond the whole, are in their files alone. */
const mostPicture = 2 * 1024 * 1024;
const mostPictures = 40 * 1024 * 1024;

/** Gathers entries, and puts them into one page that needs nobody: newest first, a heading for each year. */
export class ExportPage {
  readonly #words: ExportWords;
  readonly #entries: { readonly date: string; readonly shown: SafeHtml }[] = [];
  #pictures = 0;

  constructor(words: ExportWords) {
    this.#words = words;
  }

  add(opened: OpenedRecord, file: string): void {
    const { head, bytes } = contentOf(opened);
    const { headline, rows, paragraphs, attachments } = textOfItem({ ...head, bytes });
    const title = this.#titleOf(headline);
    const kind = this.#words.classes[head.recordClass] ?? head.recordClass;
    const date = headline.clinicalDate || new Date(head.writtenMs).toISOString().slice(0, 10);
    const shown = html`<article><h3>${title}</h3>
<p class="kind">${[kind, this.#dayOf(date), file].join(' · ')}</p>
<dl>${rows.map(([label, text]) => html`<dt>${this.#termOf(label)}</dt><dd>${this.#saidOf(text)}</dd>`)}</dl>
${paragraphs.map((it) => html`<pre>${it}</pre>`)}
${this.#picture(head.mediaType, bytes, title)}
${attachments.map((it) => html`<p class="kind">${this.#words.inside}: ${it.fileName}</p>`)}</article>
`;
    this.#entries.push({ date, shown });
  }

  finish(
    patient: { readonly name: string; readonly born: string | undefined },
    failures: readonly { readonly name: string; readonly code: string }[],
  ): Blob {
    const byYear = new Map<string, SafeHtml[]>();
    const sorted = this.#entries.toSorted((a, b) => (a.date < b.date ? 1 : -1));
    for (const { date, shown } of sorted) {
      const year = date.slice(0, 4);
      byYear.set(year, [...(byYear.get(year) ?? []), shown]);
    }
    const years = [...byYear].map(([year, all]) => html`<h2>${year}</h2>${all}`);
    const missing = failures.map((it) => html`<p>${it.name} (${it.code})</p>`);
    const { title, made, born, notOpened, language, isRightToLeft } = this.#words;
    const bornLine = patient.born === undefined ? '' : `${born} ${this.#dayOf(patient.born)}`;
    const body = html`<h1>${title}: ${patient.name}</h1><p class="kind">${bornLine}</p><p class="kind">${made}</p>
${failures.length === 0 ? '' : html`<h2>${notOpened}</h2>${missing}`}
${years}`;
    const look = { style, hasPictures: true, language, isRightToLeft };
    const page = standAlonePage({ title, body, ...look });
    return new Blob([page], { type: 'application/octet-stream' });
  }

  /** What turns its meaning stands beside it in the language of the page. */
  #titleOf(headline: TextOfItem['headline']): string {
    const name = spokenName({ ...headline, marks: [] });
    const marks = headline.marks.flatMap((it) => wordOf(this.#words.marks, it) ?? []);
    return marks.length === 0 ? name : `${name} (${marks.join(' · ')})`;
  }

  /** A day or a month as it is, in letters; of a moment the day that its source wrote. */
  #dayOf(date: string): string {
    const day = date.slice(0, 10);
    const ms = /^\d{4}-\d\d-\d\d$/u.test(day) ? Date.parse(day) : Number.NaN;
    if (Number.isNaN(ms)) return day;
    const letters = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' } as const;
    return new Intl.DateTimeFormat(this.#words.locale, letters).format(ms);
  }

  #termOf(label: string): string {
    return wordOf(this.#words.fields, keyOf(label)) ?? label;
  }

  #saidOf(text: string): string {
    return wordOf(this.#words.said, keyOf(text)) ?? text;
  }

  #picture(mediaType: string, bytes: Uint8Array, title: string): SafeHtml | '' {
    if (!isPicture(mediaType) || bytes.length > mostPicture) return '';
    if (this.#pictures + bytes.length > mostPictures) return '';
    this.#pictures += bytes.length;
    const type = mediaType.split(';', 1)[0] ?? '';
    return html`<p><img alt="${title}" src="data:${type};base64,${base64Of(bytes)}"></p>`;
  }
}

/** A record may say `constructor`. */
const wordOf = (words: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(words, key) ? words[key] : undefined;

function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 32_768) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  }
  return btoa(binary);
}
