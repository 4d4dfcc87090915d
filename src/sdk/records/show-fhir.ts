import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { html, type SafeHtml } from './safe-html.ts';
import {
  type Around,
  codingsOf,
  conceptText,
  personName,
  shortened,
  showField,
  showState,
} from './show-values.ts';
import { absenceOf, missingFields, wordsOfField, wordsOfResource } from './show-words.ts';

/** Shown after everything else: they are about the record, not about the person. */
const technical = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'language',
  'identifier',
]);

type NameOf = Around['nameOf'];
const knowsNobody: NameOf = () => undefined;

/** One FHIR resource as headings, terms and values; nothing in it is taken for HTML. */
export function showResource(resource: JsonTree, level = 1, nameOf = knowsNobody): SafeHtml {
  const resourceType = textOf(fieldOf(resource, 'resourceType')) ?? '';
  if (resourceType === 'Bundle') return showBundle(resource, level);
  const around = aroundAt(level, nameOf);
  const all = resource.kind === 'object' ? [...resource.fields] : [];
  const fields = all.filter(([name]) => name !== 'text' && name !== 'contained');
  const rows = fields.filter(([name]) => !technical.has(name));
  const details = fields.filter(([name]) => technical.has(name));
  const missing = missingFields(
    resourceType,
    all.map(([name]) => name),
  ).map((name) => html`<dt>${wordsOfField(name)}</dt><dd>${showState('not recorded')}</dd>`);
  const words = wordsOfResource(resourceType);
  return html`<article>${heading(level, titleOf(resource, nameOf) ?? words)}
<p class="kind">${words}</p>
<dl>${rows.map((field) => showField(field, around))}${missing}</dl>
${listOf(fieldOf(resource, 'contained')).map(around.showResource)}
${narrativeOf(resource)}
<dl class="technical">${details.map((field) => showField(field, around))}</dl></article>
`;
}

function aroundAt(level: number, nameOf: NameOf): Around {
  return { nameOf, showResource: (inner) => showResource(inner, level + 1, nameOf) };
}

interface DocumentParts {
  readonly byReference: ReadonlyMap<string, JsonTree>;
  readonly nameOf: NameOf;
  readonly shown: Set<JsonTree>;
}

/** A document in the order of its sections; any other bundle resource by resource. */
function showBundle(bundle: JsonTree, level: number): SafeHtml {
  const byReference = new Map<string, JsonTree>();
  const resources: JsonTree[] = [];
  for (const entry of listOf(fieldOf(bundle, 'entry'))) {
    const resource = fieldOf(entry, 'resource');
    if (resource === undefined) continue;
    resources.push(resource);
    const fullUrl = textOf(fieldOf(entry, 'fullUrl'));
    if (fullUrl !== undefined) byReference.set(fullUrl, resource);
    const type = textOf(fieldOf(resource, 'resourceType'));
    byReference.set(`${type}/${textOf(fieldOf(resource, 'id'))}`, resource);
  }
  const nameOf: NameOf = (reference) => {
    const target = byReference.get(reference);
    return target === undefined ? undefined : titleOf(target, knowsNobody);
  };
  const composition = resources.find(
    (part) => textOf(fieldOf(part, 'resourceType')) === 'Composition',
  );
  if (composition === undefined) {
    return html`${resources.map((part) => showResource(part, level, nameOf))}`;
  }
  const document = { byReference, nameOf, shown: new Set([composition]) };
  const facts = ['date', 'author', 'subject', 'custodian'].flatMap((name) => {
    const value = fieldOf(composition, name);
    return value === undefined ? [] : showField([name, value], aroundAt(level, nameOf));
  });
  const sections = listOf(fieldOf(composition, 'section')).map((section) =>
    showSection(section, level + 1, document),
  );
  const rest = resources.filter((part) => !document.shown.has(part));
  return html`<article>${heading(level, titleOf(composition, nameOf) ?? 'Document')}
<dl>${facts}</dl>
${sections}${rest.length === 0 ? '' : heading(level + 1, 'Further parts')}
${rest.map((part) => showResource(part, level + 2, nameOf))}</article>`;
}

function showSection(section: JsonTree, level: number, document: DocumentParts): SafeHtml {
  const parts = listOf(fieldOf(section, 'entry')).flatMap((entry) => {
    const part = document.byReference.get(textOf(fieldOf(entry, 'reference')) ?? '');
    // A part may be named by several sections; it is shown with the first.
    if (part === undefined || document.shown.has(part)) return [];
    document.shown.add(part);
    return [showResource(part, level + 1, document.nameOf)];
  });
  const inner = listOf(fieldOf(section, 'section')).map((part) =>
    showSection(part, level + 1, document),
  );
  const narrative = narrativeOf(section);
  const absence = absenceOf(codingsOf(fieldOf(section, 'emptyReason')));
  const empty = parts.length === 0 && inner.length === 0 && narrative === undefined;
  const state = absence ?? (empty ? 'not recorded' : undefined);
  return html`<section>${heading(level, textOf(fieldOf(section, 'title')) ?? 'Section')}
${state === undefined ? '' : showState(state)}
${narrative}${parts}${inner}</section>`;
}

function heading(level: number, text: string): SafeHtml {
  if (level <= 1) return html`<h1>${text}</h1>`;
  return level === 2 ? html`<h2>${text}</h2>` : html`<h3>${text}</h3>`;
}

const entityWords: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

/** What the sender wrote for people, without its markup. */
function narrativeOf(tree: JsonTree): SafeHtml | undefined {
  const div = textOf(fieldOf(fieldOf(tree, 'text'), 'div'));
  if (div === undefined) return undefined;
  // No pattern here can look twice at the same text: a narrative may be megabytes of '<'.
  const text = div
    .replace(/<(br|\/p|\/div|\/tr|\/li|\/h\d)\b[^<>]*>/gi, '\n')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/&(nbsp|#160|lt|gt|quot|amp);/g, (_, name: string) => entityWords[name] ?? ' ')
    .split('\n')
    .map((line) => line.replace(/[ \t]+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
  if (text === '') return undefined;
  return html`<aside><p class="kind">As the sender wrote it</p><pre>${shortened(text)}</pre></aside>`;
}

/** What the record itself is called; an absence ("no known allergy") is a state and no name. */
function titleOf(resource: JsonTree, nameOf: NameOf): string | undefined {
  for (const name of [
    'code',
    'medicationCodeableConcept',
    'vaccineCode',
    'title',
    'name',
    'type',
  ]) {
    const [value] = listOf(fieldOf(resource, name));
    if (value === undefined || absenceOf(codingsOf(value)) !== undefined) continue;
    const text =
      value.kind === 'object' ? (conceptText(value) ?? personName(value)) : textOf(value);
    if (text !== undefined) return text;
  }
  const medicine = fieldOf(resource, 'medicationReference');
  return (
    textOf(fieldOf(medicine, 'display')) ?? nameOf(textOf(fieldOf(medicine, 'reference')) ?? '')
  );
}
