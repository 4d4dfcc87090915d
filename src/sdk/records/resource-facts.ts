import { utf8ToText } from '../../primitives/bytes.ts';
import { type JsonScanner, token } from './json-scanner.ts';
import { labelsAmong } from './labels.ts';

/** Where one FHIR resource lies in a file, and the few fields that classing and listing need. */
export interface ResourceFacts {
  readonly offset: number;
  readonly length: number;
  readonly resourceType: string;
  readonly id: string | undefined;
  readonly versionId: string | undefined;
  /** Codes of `category`, in order. */
  readonly categories: readonly string[];
  /** What a person would call it, from the record itself; the resource type when it says nothing. */
  readonly title: string;
  /** The reference in `subject`, `patient` or `beneficiary`. */
  readonly subject: string | undefined;
  /** `type` when the resource is a Bundle. */
  readonly bundleType: string | undefined;
  /** `meta.lastUpdated`, as spelled. */
  readonly lastUpdated: string | undefined;
  /** `meta.source`: the server that the resource comes from, as the file says. */
  readonly source: string | undefined;
  /** Labels of the source that restrict it (`labels.ts`). */
  readonly labels: readonly string[];
  /** Codes of what it is about, `system|code` each, else the words for it. */
  readonly codes: readonly string[];
  /** What a document of it lies under, where it is not inside: addresses of Binary resources. */
  readonly attachments: readonly string[];
  /** The medicine that it is about, where that is a resource of its own: a reference. */
  readonly medicine: string | undefined;
  /** Of a Patient, as spelled. */
  readonly birthDate: string | undefined;
  /** What of its fields cannot be read as R4 has them; undefined: nothing. `at` is a place in the file. */
  readonly flaw: { readonly at: number; readonly field: string } | undefined;
  /** The address it came under, `fullUrl` of its entry; only where it stood in a Bundle. */
  readonly fullUrl?: string | undefined;
  /** The server that the Bundle around it was asked from, by its link `self`. */
  readonly base?: string | undefined;
  /** The number of its entry, from 1, or of its line. */
  readonly entry?: number;
}

/** Not of a Bundle: its `type` names no content. */
const titleFields: readonly string[] = [
  'code',
  'medicationCodeableConcept',
  'vaccineCode',
  'title',
  'type',
  'name',
  'description',
  'display',
];
const subjectFields: readonly string[] = ['subject', 'patient', 'beneficiary'];
const wanted = new Set<string>([...titleFields, ...subjectFields]);
for (const field of ['meta', 'category', 'birthDate', 'securityLabel']) wanted.add(field);
for (const field of ['confidentiality', 'medicationReference']) wanted.add(field);
for (const field of ['content', 'presentedForm']) wanted.add(field);
/** What the identity of a record without an address is compared by. */
const codeFields: readonly string[] = [
  'code',
  'medicationCodeableConcept',
  'vaccineCode',
  'medicationReference',
  'type',
];

/** A field that is larger cannot be a coding, a date or a name. */
const maxFieldBytes = 64 * 1024;
const maxTitleLength = 120;

/** What may stand in a resource and holds resources itself; each takes over the value of its field. */
export interface Inside {
  readonly onEntry: () => void;
  readonly onParameter: () => void;
  readonly onLink: () => void;
  readonly onTotal: () => void;
  /** Told of every field. */
  readonly onField: (key: string) => void;
}

/**
 * Reads the resource whose opening brace was read last, up to and with its closing brace. `inside` takes over
 * the values of the fields that a Bundle or Parameters keep their resources in.
 *
 * What is sloppy but readable is kept: an id of odd letters stays, and `flaw` names a field that is not as R4
 * has it. Without a type, or of a type that R4 has not, `resourceType` says so: the caller decides.
 * Throws what the scanner throws. Source: docs/protocol/items.md, rules I-5 and I-6.
 */
export function readResource(scanner: JsonScanner, inside: Inside): ResourceFacts {
  const offset = scanner.start;
  let resourceType = '';
  let id: string | undefined;
  let flaw: ResourceFacts['flaw'];
  const fields = new Map<string, unknown>();
  while (scanner.next() === token.key) {
    const key = scanner.keyText();
    inside.onField(key);
    if (key === 'resourceType') resourceType = readString(scanner) ?? '';
    else if (key === 'id') {
      id = readString(scanner);
      if (id === undefined || !/^[A-Za-z0-9.-]{1,64}$/.test(id)) {
        flaw ??= { at: scanner.start, field: 'id' };
      }
      if (id === '' || (id?.length ?? 0) > maxIdLength) id = undefined;
    } else if (key === 'entry') inside.onEntry();
    else if (key === 'parameter') inside.onParameter();
    else if (key === 'total') inside.onTotal();
    else if (key === 'link') inside.onLink();
    else {
      const [start, end] = scanner.skipValue();
      if (!wanted.has(key)) continue;
      if (end - start <= maxFieldBytes) fields.set(key, valueAt(scanner.bytes, start, end));
      // Skipping a category or a label could put a record into a class that more people read.
      else if (judged.has(key)) flaw ??= { at: start, field: key };
    }
  }
  return {
    offset,
    length: scanner.end - offset,
    resourceType,
    id,
    flaw,
    ...factsOf(resourceType, fields),
  };
}

const judged: ReadonlySet<string> = new Set(['category', 'meta', 'securityLabel']);
/** Servers make ids of well over the 64 letters of R4; a key of the index is a hash all the same. */
const maxIdLength = 1024;

function factsOf(
  resourceType: string,
  fields: ReadonlyMap<string, unknown>,
): Omit<ResourceFacts, 'offset' | 'length' | 'resourceType' | 'id' | 'flaw'> {
  const meta = fields.get('meta');
  const isBundle = resourceType === 'Bundle';
  return {
    versionId: textOf(fieldOf(meta, 'versionId')),
    categories: listOf(fields.get('category')).flatMap(codesOf),
    title: (isBundle ? undefined : titleOf(fields)) ?? resourceType,
    subject: firstOf(subjectFields, (field) => textOf(fieldOf(fields.get(field), 'reference'))),
    bundleType: isBundle ? textOf(fields.get('type')) : undefined,
    lastUpdated: textOf(fieldOf(meta, 'lastUpdated')),
    source: textOf(fieldOf(meta, 'source')),
    labels: labelsAmong([
      ...listOf(fieldOf(meta, 'security')).flatMap((it) => textOf(fieldOf(it, 'code')) ?? []),
      ...listOf(fields.get('securityLabel')).flatMap(codesOf),
      textOf(fields.get('confidentiality')) ?? '',
    ]),
    codes: isBundle ? [] : whatAbout(fields),
    attachments: listOf(
      fields.get(resourceType === 'DiagnosticReport' ? 'presentedForm' : 'content'),
    )
      .flatMap((it) => textOf(fieldOf(fieldOf(it, 'attachment') ?? it, 'url')) ?? [])
      .slice(0, 100),
    medicine: textOf(fieldOf(fields.get('medicationReference'), 'reference')),
    birthDate: resourceType === 'Patient' ? textOf(fields.get('birthDate')) : undefined,
  };
}

function whatAbout(fields: ReadonlyMap<string, unknown>): readonly string[] {
  return codeFields.flatMap((field) => {
    const value = listOf(fields.get(field))[0];
    const codings = listOf(fieldOf(value, 'coding')).flatMap((coding) => {
      const code = textOf(fieldOf(coding, 'code'));
      return code === undefined ? [] : [`${textOf(fieldOf(coding, 'system')) ?? ''}|${code}`];
    });
    if (codings.length > 0) return codings;
    const words = textOf(fieldOf(value, 'text')) ?? textOf(fieldOf(value, 'reference'));
    return words === undefined ? [] : [words];
  });
}

function readString(scanner: JsonScanner): string | undefined {
  const kind = scanner.next();
  if (kind === token.string) return scanner.text();
  if (kind === token.objectOpen || kind === token.arrayOpen) scanner.skipRest();
  return undefined;
}

/** Strings and codings only are taken from the answer: JSON.parse would change numbers. */
function valueAt(bytes: Uint8Array, start: number, end: number): unknown {
  return JSON.parse(utf8ToText(bytes.subarray(start, end)));
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function codesOf(concept: unknown): string[] {
  return listOf(fieldOf(concept, 'coding')).flatMap(
    (coding) => textOf(fieldOf(coding, 'code')) ?? [],
  );
}

function titleOf(fields: ReadonlyMap<string, unknown>): string | undefined {
  const title = firstOf(titleFields, (field) => nameOf(listOf(fields.get(field))[0]));
  return title === undefined ? undefined : [...title].slice(0, maxTitleLength).join('');
}

/** Of a plain text, a CodeableConcept or a HumanName. */
function nameOf(value: unknown): string | undefined {
  const codings = listOf(fieldOf(value, 'coding'));
  const given = listOf(fieldOf(value, 'given')).flatMap((part) => textOf(part) ?? []);
  const family = textOf(fieldOf(value, 'family'));
  return (
    textOf(value) ??
    textOf(fieldOf(value, 'text')) ??
    firstOf(codings, (coding) => textOf(fieldOf(coding, 'display'))) ??
    firstOf(codings, (coding) => textOf(fieldOf(coding, 'code'))) ??
    (family === undefined ? undefined : [...given, family].join(' '))
  );
}

function firstOf<Item>(
  items: readonly Item[],
  read: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const found = read(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
