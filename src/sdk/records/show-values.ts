import {
  type Attachment,
  bytesOfAttachment,
  sizeOfAttachment,
  textOfAttachment,
} from './attachments.ts';
import { codingsIn } from './headline/codes.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { html, type SafeHtml } from './safe-html.ts';
import { type Absence, absenceOf, wordsOfField } from './show-words.ts';

/** What showing a value needs to know of the record around it. */
export interface Around {
  /** What a reference leads to, in words, when it lies in the same bundle. */
  readonly nameOf: (reference: string) => string | undefined;
  readonly showResource: (resource: JsonTree) => SafeHtml;
  /** The document that an object of the record holds, and the link that saves it as long as there is room. */
  readonly attachmentOf: (object: JsonTree) => Attachment | undefined;
  readonly linkTo: (attachment: Attachment, bytes: Uint8Array | undefined) => SafeHtml;
}

type JsonObject = Extract<JsonTree, { kind: 'object' }>;
export type Field = readonly [name: string, value: JsonTree];

const maxTextLength = 20_000;
const maxDecodedBytes = 8 * 1024 * 1024;
const literalWords: Readonly<Record<string, string>> = { true: 'yes', false: 'no', null: '' };

/** One field as a term and its value. */
export function showField([name, value]: Field, around: Around): SafeHtml {
  if (!name.startsWith('_')) {
    return html`<dt>${wordsOfField(name)}</dt><dd>${showValue(value, around)}</dd>
`;
  }
  // `_birthDate` carries what is said about `birthDate`, for one why it is missing.
  const reason = listOf(fieldOf(value, 'extension')).find((extension) =>
    textOf(fieldOf(extension, 'url'))?.endsWith('/data-absent-reason'),
  );
  const words = wordsOfField(name.slice(1));
  if (reason === undefined) {
    return html`<dt>${words}, remarks</dt><dd>${showValue(value, around)}</dd>`;
  }
  const code = textOf(fieldOf(reason, 'valueCode'));
  return html`<dt>${words}</dt><dd>${showState('not recorded')} <span class="code">${code}</span></dd>`;
}

/** That nothing is recorded, and that it is recorded that there is nothing, never look the same. */
export function showState(state: Absence): SafeHtml {
  return state === 'none known'
    ? html`<span class="none">none known</span>`
    : html`<span class="absent">not recorded</span>`;
}

function showValue(value: JsonTree, around: Around): SafeHtml {
  if (value.kind === 'text') return html`${readable(value.text)}`;
  if (value.kind === 'number') return html`${value.spelling}`;
  if (value.kind === 'literal') return html`${literalWords[value.word] ?? value.word}`;
  if (value.kind === 'object') return showObject(value, around);
  const [first] = value.items;
  if (first === undefined) return showState('not recorded');
  if (value.items.length === 1) return showValue(first, around);
  return html`<ul>${value.items.map((item) => html`<li>${showValue(item, around)}</li>`)}</ul>`;
}

function showObject(object: JsonObject, around: Around): SafeHtml {
  if (object.fields.has('resourceType')) return around.showResource(object);
  const absence = absenceOf(codingsIn(object));
  if (absence !== undefined) {
    const words = conceptText(object);
    return html`${showState(absence)}${words === undefined ? '' : html` <span class="code">${words}</span>`}`;
  }
  for (const show of shapes) {
    const shown = show(object, around);
    if (shown !== undefined) return shown;
  }
  return html`<dl>${[...object.fields].map((field) => showField(field, around))}</dl>`;
}

/** The data types of FHIR that read better as one line; with anything more in it, field by field. */
const shapes: readonly ((object: JsonObject, around: Around) => SafeHtml | undefined)[] = [
  (object) => {
    const isCoding = object.fields.has('code') && !object.fields.has('value');
    const isConcept = has(object, ['coding', 'text']);
    return isConcept || (isCoding && has(object, codingFields)) ? showConcept(object) : undefined;
  },
  (object) => {
    if (!object.fields.has('value') || !has(object, quantityFields)) return undefined;
    const unit = get(object, 'unit') ?? get(object, 'code');
    return html`${[get(object, 'comparator'), get(object, 'value'), unit].filter(Boolean).join(' ')}`;
  },
  (object) => (has(object, ['start', 'end']) ? html`${periodText(object)}` : undefined),
  (object, around) => {
    const reference = get(object, 'reference');
    if (reference === undefined || !has(object, ['reference', 'type', 'display'])) return undefined;
    const words = get(object, 'display') ?? around.nameOf(reference);
    const code = html`<span class="code">${reference}</span>`;
    return words === undefined ? code : html`${words} ${code}`;
  },
  (object) => {
    const name = personName(object);
    return name === undefined || !has(object, nameFields) ? undefined : withUse(object, name);
  },
  (object) => {
    const value = get(object, 'value');
    return value === undefined || !has(object, contactFields) ? undefined : withUse(object, value);
  },
  (object) => {
    if (!has(object, addressFields) || !(object.fields.has('line') || object.fields.has('city'))) {
      return undefined;
    }
    const lines = ['line', 'postalCode', 'city', 'district', 'state', 'country'].flatMap((name) =>
      listOf(fieldOf(object, name)).flatMap((line) => textOf(line) ?? []),
    );
    return withUse(object, get(object, 'text') ?? lines.join(', '));
  },
  (object, around) => {
    const [value] = [...object.fields].filter(([name]) => name.startsWith('value'));
    if (value === undefined || object.fields.size !== 2) return undefined;
    const url = get(object, 'url');
    return url === undefined
      ? undefined
      : html`${url.split('/').at(-1)}: ${showValue(value[1], around)}`;
  },
  (object, around) =>
    around.attachmentOf(object) === undefined ? undefined : showAttachment(object, around),
];

const codingFields = ['system', 'version', 'code', 'display', 'userSelected'];
const quantityFields = ['value', 'comparator', 'unit', 'system', 'code'];
const nameFields = ['use', 'text', 'family', 'given', 'prefix', 'suffix', 'period'];
/** Of a ContactPoint, and of an Identifier. */
const contactFields = ['use', 'system', 'value', 'rank', 'period', 'type', 'assigner'];
const addressFields = [
  'use',
  'type',
  'text',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
  'period',
];

/** Whether the object has no other fields than these. */
function has(object: JsonObject, allowed: readonly string[]): boolean {
  return [...object.fields.keys()].every((name) => allowed.includes(name));
}

const get = (object: JsonTree, name: string): string | undefined => textOf(fieldOf(object, name));

function withUse(object: JsonObject, text: string): SafeHtml {
  const period = fieldOf(object, 'period');
  const uses = [get(object, 'use'), period === undefined ? undefined : periodText(period)];
  const remark = uses.filter((use) => use !== undefined && use !== 'official').join(', ');
  return html`${text}${remark === '' ? '' : html` <span class="code">(${remark})</span>`}`;
}

/** An end that is not written down may mean that it goes on, or that nobody knows. */
function periodText(period: JsonTree): string {
  const start = get(period, 'start');
  const end = get(period, 'end');
  if (start === undefined) return end === undefined ? '' : `until ${readable(end)}`;
  return end === undefined ? `since ${readable(start)}` : `${readable(start)} to ${readable(end)}`;
}

/** The text that was written, else its words; undefined: no name. */
export function personName(object: JsonTree): string | undefined {
  const parts = ['prefix', 'given', 'family', 'suffix'].flatMap((part) =>
    listOf(fieldOf(object, part)).flatMap((word) => textOf(word) ?? []),
  );
  return parts.length === 0 ? undefined : (get(object, 'text') ?? parts.join(' '));
}

function showConcept(object: JsonObject): SafeHtml {
  const codings = object.fields.has('coding') ? listOf(fieldOf(object, 'coding')) : [object];
  const words = conceptText(object);
  const codes = codings.flatMap((coding) => {
    const code = get(coding, 'code');
    const system = get(coding, 'system')?.replace(/^https?:\/\//, '');
    const shown = words === undefined ? undefined : code;
    const inside = [shown, system].filter((part) => part !== undefined).join(', ');
    return code === undefined || inside === ''
      ? []
      : [html` <span class="code">(${inside})</span>`];
  });
  const first = codings[0];
  return html`${words ?? (first === undefined ? '' : get(first, 'code'))}${codes}`;
}

/** What a concept says in words. */
export function conceptText(object: JsonTree): string | undefined {
  const displays = [...listOf(fieldOf(object, 'coding')), object].flatMap(
    (coding) => get(coding, 'display') ?? [],
  );
  return get(object, 'text') ?? displays[0];
}

/** A document that lies in the record as base64: what it says when it is text, and a link that saves it. */
export function showAttachment(object: JsonObject, around: Around): SafeHtml {
  const attachment = around.attachmentOf(object);
  const others = [...object.fields].filter(([name]) => name !== 'data');
  const rows = html`<dl>${others.map((field) => showField(field, around))}</dl>`;
  return attachment === undefined ? rows : html`${rows}${showDocument(attachment, around)}`;
}

/** Of a large one nothing is decoded: a page stays as small as it was. */
export function showDocument(attachment: Attachment, around: Around): SafeHtml {
  const isLarge = sizeOfAttachment(attachment) > maxDecodedBytes;
  const bytes = isLarge ? undefined : bytesOfAttachment(attachment);
  const text = bytes === undefined ? undefined : textOfAttachment(attachment, bytes);
  const note = text === undefined ? '' : html`<pre>${shortened(text)}</pre>`;
  return html`${note}${around.linkTo(attachment, bytes)}`;
}

/** Dates and times read better with a blank; nothing else is changed. */
function readable(text: string): string {
  return shortened(text).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/, '$1 $2');
}

/** Says how much there is when it does not show all. */
export function shortened(text: string): string {
  return text.length <= maxTextLength
    ? text
    : `${text.slice(0, maxTextLength)} … (${text.length} characters in all)`;
}
