import { utf8ToText } from '../../primitives/bytes.ts';
import { base64ToBytes } from './base64.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { html, type SafeHtml } from './safe-html.ts';
import {
  type Absence,
  absenceOf,
  type Coding,
  missingFields,
  wordsOfField,
  wordsOfResource,
} from './show-words.ts';

/** Shown after everything else: they are about the record, not about the person. */
const technical = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'language',
  'identifier',
]);
const maxTextLength = 20_000;

/** One FHIR resource as headings, terms and values; nothing in it is taken for HTML. */
export function showResource(resource: JsonTree, level = 1): SafeHtml {
  const resourceType = textOf(fieldOf(resource, 'resourceType')) ?? '';
  if (resourceType === 'Bundle') return showBundle(resource, level);
  if (resource.kind !== 'object') return html`<p>${showValue(resource)}</p>`;
  const fields = [...resource.fields].filter(([name]) => name !== 'text' && name !== 'contained');
  const rows = fields.filter(([name]) => !technical.has(name)).map(rowOf);
  const missing = missingFields(resourceType, [...resource.fields.keys()]).map(
    (name) => html`<dt>${wordsOfField(name)}</dt><dd>${state('not recorded')}</dd>`,
  );
  const details = fields.filter(([name]) => technical.has(name)).map(rowOf);
  return html`<article>${heading(level, titleOf(resource) ?? wordsOfResource(resourceType))}
<p class="kind">${wordsOfResource(resourceType)}</p>
<dl>${rows}${missing}</dl>
${listOf(fieldOf(resource, 'contained')).map((part) => showResource(part, level + 1))}
${narrativeOf(resource)}
<dl class="technical">${details}</dl></article>
`;
}

/** A document in the order of its sections; any other bundle resource by resource. */
function showBundle(bundle: JsonTree, level: number): SafeHtml {
  const entries = listOf(fieldOf(bundle, 'entry'));
  const resources = entries.flatMap((entry) => fieldOf(entry, 'resource') ?? []);
  const composition = resources.find(
    (part) => textOf(fieldOf(part, 'resourceType')) === 'Composition',
  );
  if (composition === undefined) return html`${resources.map((part) => showResource(part, level))}`;
  const byReference = new Map<string, JsonTree>();
  for (const entry of entries) {
    const resource = fieldOf(entry, 'resource');
    if (resource === undefined) continue;
    const type = textOf(fieldOf(resource, 'resourceType'));
    byReference.set(textOf(fieldOf(entry, 'fullUrl')) ?? '', resource);
    byReference.set(`${type}/${textOf(fieldOf(resource, 'id'))}`, resource);
  }
  const shown = new Set<JsonTree>([composition]);
  const sections = listOf(fieldOf(composition, 'section')).map((section) =>
    showSection(section, level + 1, { byReference, shown }),
  );
  const rest = resources.filter((part) => !shown.has(part));
  return html`<article>${heading(level, titleOf(composition) ?? 'Document')}
<dl>${['date', 'author', 'subject', 'custodian'].flatMap((name) => {
    const value = fieldOf(composition, name);
    return value === undefined ? [] : rowOf([name, value]);
  })}</dl>
${sections}${rest.length === 0 ? '' : heading(level + 1, 'Further parts')}
${rest.map((part) => showResource(part, level + 2))}</article>`;
}

function showSection(
  section: JsonTree,
  level: number,
  document: { readonly byReference: ReadonlyMap<string, JsonTree>; readonly shown: Set<JsonTree> },
): SafeHtml {
  const parts = listOf(fieldOf(section, 'entry')).flatMap((entry) => {
    const part = document.byReference.get(textOf(fieldOf(entry, 'reference')) ?? '');
    // A part may be named by several sections; it is shown with the first.
    if (part === undefined || document.shown.has(part)) return [];
    document.shown.add(part);
    return [showResource(part, level + 1)];
  });
  const inner = listOf(fieldOf(section, 'section')).map((part) =>
    showSection(part, level + 1, document),
  );
  const narrative = narrativeOf(section);
  const absence = absenceOf(codingsOf(fieldOf(section, 'emptyReason')));
  const empty = parts.length === 0 && inner.length === 0 && narrative === undefined;
  return html`<section>${heading(level, textOf(fieldOf(section, 'title')) ?? 'Section')}
${absence === undefined ? (empty ? state('not recorded') : '') : state(absence)}
${narrative}${parts}${inner}</section>`;
}

function heading(level: number, text: string): SafeHtml {
  if (level <= 1) return html`<h1>${text}</h1>`;
  return level === 2 ? html`<h2>${text}</h2>` : html`<h3>${text}</h3>`;
}

function state(words: Absence): SafeHtml {
  return words === 'none known'
    ? html`<span class="none">none known</span>`
    : html`<span class="absent">not recorded</span>`;
}

function rowOf([name, value]: readonly [string, JsonTree]): SafeHtml {
  if (!name.startsWith('_')) {
    return html`<dt>${wordsOfField(name)}</dt><dd>${showValue(value)}</dd>
`;
  }
  // `_birthDate` carries what is said about `birthDate`, for one why it is missing.
  const reason = listOf(fieldOf(value, 'extension')).find((extension) =>
    textOf(fieldOf(extension, 'url'))?.endsWith('/data-absent-reason'),
  );
  const words = wordsOfField(name.slice(1));
  if (reason === undefined) return html`<dt>${words}, remarks</dt><dd>${showValue(value)}</dd>`;
  const code = textOf(fieldOf(reason, 'valueCode'));
  return html`<dt>${words}</dt><dd>${state('not recorded')} <span class="code">${code}</span></dd>`;
}

function showValue(value: JsonTree): SafeHtml {
  if (value.kind === 'text') return html`${readable(value.text)}`;
  if (value.kind === 'number') return html`${value.spelling}`;
  if (value.kind === 'literal') return html`${literalWords[value.word] ?? value.word}`;
  if (value.kind === 'object') return showObject(value);
  const [first] = value.items;
  if (first === undefined) return state('not recorded');
  if (value.items.length === 1) return showValue(first);
  return html`<ul>${value.items.map((item) => html`<li>${showValue(item)}</li>`)}</ul>`;
}

const literalWords: Readonly<Record<string, string>> = { true: 'yes', false: 'no', null: '' };

type JsonObject = Extract<JsonTree, { kind: 'object' }>;

function showObject(object: JsonObject): SafeHtml {
  const absence = absenceOf(codingsOf(object));
  if (absence !== undefined) {
    const words = conceptText(object);
    return html`${state(absence)}${words === undefined ? '' : html` <span class="code">${words}</span>`}`;
  }
  const text = fieldOf(object, 'resourceType') === undefined ? knownShape(object) : undefined;
  if (text !== undefined) return text;
  if (fieldOf(object, 'resourceType') !== undefined) return showResource(object, 3);
  return html`<dl>${[...object.fields].map(rowOf)}</dl>`;
}

/** The data types of FHIR that read better as one line. Anything with more in it is shown field by field. */
function knownShape(object: JsonObject): SafeHtml | undefined {
  const names = [...object.fields.keys()];
  const only = (...allowed: readonly string[]) => names.every((name) => allowed.includes(name));
  const get = (name: string) => textOf(object.fields.get(name));
  if (
    only('coding', 'text') ||
    (only('system', 'version', 'code', 'display', 'userSelected') &&
      names.includes('code') &&
      !names.includes('value'))
  ) {
    return showConcept(object);
  }
  if (names.includes('value') && only('value', 'comparator', 'unit', 'system', 'code')) {
    const unit = get('unit') ?? (get('system')?.includes('ucum') ? get('code') : undefined);
    return html`${[get('comparator'), get('value'), unit].filter(Boolean).join(' ')}`;
  }
  if (only('start', 'end')) {
    return html`${readable(get('start') ?? 'start not recorded')} to ${readable(get('end') ?? 'end not recorded')}`;
  }
  if (names.includes('reference') && only('reference', 'type', 'display')) {
    const display = get('display');
    return display === undefined
      ? html`<span class="code">${get('reference')}</span>`
      : html`${display} <span class="code">${get('reference')}</span>`;
  }
  const name = nameOf(object);
  if (name !== undefined && only('use', 'text', 'family', 'given', 'prefix', 'suffix')) {
    return html`${name}`;
  }
  const [value] = [...object.fields].filter(([field]) => field.startsWith('value'));
  if (value !== undefined && names.length === 2 && names.includes('url')) {
    return html`${get('url')?.split('/').at(-1)}: ${showValue(value[1])}`;
  }
  if (names.includes('data') && names.includes('contentType')) return showAttachment(object);
  return undefined;
}

function nameOf(object: JsonObject): string | undefined {
  if (!object.fields.has('family') && !object.fields.has('given')) return undefined;
  const parts = ['prefix', 'given', 'family', 'suffix'].flatMap((part) =>
    listOf(fieldOf(object, part)).flatMap((word) => textOf(word) ?? []),
  );
  return textOf(fieldOf(object, 'text')) ?? parts.join(' ');
}

function showConcept(object: JsonObject): SafeHtml {
  const codings = object.fields.has('coding') ? listOf(fieldOf(object, 'coding')) : [object];
  const codes = codings.flatMap((coding) => {
    const code = textOf(fieldOf(coding, 'code'));
    const system = textOf(fieldOf(coding, 'system'))?.replace(/^https?:\/\//, '');
    return code === undefined ? [] : [system === undefined ? code : `${code}, ${system}`];
  });
  const text = conceptText(object) ?? codes[0] ?? '';
  return html`${text}${codes.map((code) => html` <span class="code">(${code})</span>`)}`;
}

function conceptText(object: JsonTree): string | undefined {
  const displays = [...listOf(fieldOf(object, 'coding')), object].flatMap(
    (coding) => textOf(fieldOf(coding, 'display')) ?? [],
  );
  return textOf(fieldOf(object, 'text')) ?? displays[0];
}

function codingsOf(concept: JsonTree | undefined): Coding[] {
  return listOf(fieldOf(concept, 'coding')).map((coding) => ({
    system: textOf(fieldOf(coding, 'system')),
    code: textOf(fieldOf(coding, 'code')),
  }));
}

/** A note that lies in the record as base64: text is shown, anything else named. */
function showAttachment(object: JsonObject): SafeHtml {
  const contentType = textOf(object.fields.get('contentType')) ?? '';
  const data = base64ToBytes(textOf(object.fields.get('data')) ?? '');
  const others = [...object.fields].filter(([name]) => name !== 'data').map(rowOf);
  let text: string | undefined;
  if (contentType.startsWith('text/plain') && data !== undefined) {
    try {
      text = utf8ToText(data);
    } catch {}
  }
  const note =
    text === undefined ? html`${data?.length ?? 0} bytes` : html`<pre>${shortened(text)}</pre>`;
  return html`<dl>${others}</dl>${note}`;
}

/** What the sender wrote for people, without its markup. */
function narrativeOf(tree: JsonTree): SafeHtml | undefined {
  const div = textOf(fieldOf(fieldOf(tree, 'text'), 'div'));
  if (div === undefined) return undefined;
  const text = div
    .replace(/<(br|\/p|\/div|\/tr|\/li|\/h\d)\b[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;|&#160;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/[ \t]+/g, ' ')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
  if (text === '') return undefined;
  return html`<aside><p class="kind">As the sender wrote it</p><pre>${shortened(text)}</pre></aside>`;
}

function titleOf(resource: JsonTree): string | undefined {
  for (const name of ['code', 'medicationCodeableConcept', 'vaccineCode', 'title', 'type']) {
    const [value] = listOf(fieldOf(resource, name));
    const text = value?.kind === 'object' ? conceptText(value) : textOf(value);
    if (text !== undefined && absenceOf(value === undefined ? [] : codingsOf(value)) === undefined)
      return text;
  }
  return undefined;
}

/** Dates and times read better with a blank; nothing else is changed. */
function readable(text: string): string {
  return shortened(text).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/, '$1 $2');
}

export function shortened(text: string): string {
  return text.length <= maxTextLength
    ? text
    : `${text.slice(0, maxTextLength)} … (${text.length} characters in all)`;
}
