import { utf8ToText } from '../../primitives/bytes.ts';
import { type JsonScanner, token } from './json-scanner.ts';
import { resourceTypes } from './resource-types.ts';

/** Where one FHIR resource lies in a file, and the few fields that classing and listing need. */
export interface ResourceFacts {
  readonly offset: number;
  readonly length: number;
  readonly resourceType: string;
  readonly id: string | undefined;
  readonly versionId: string | undefined;
  readonly status: string | undefined;
  /** Codes of `category`, in order. */
  readonly categories: readonly string[];
  /** What a person would call it, from the record itself; the resource type when it says nothing. */
  readonly title: string;
  /** The clinically telling date, spelled as in the file. */
  readonly date: string | undefined;
  /** The reference in `subject`, `patient` or `beneficiary`. */
  readonly subject: string | undefined;
  /** `type` when the resource is a Bundle. */
  readonly bundleType: string | undefined;
}

/** The most telling first. */
const dateFields: readonly string[] = [
  'effectiveDateTime',
  'effectivePeriod',
  'effectiveInstant',
  'onsetDateTime',
  'onsetPeriod',
  'performedDateTime',
  'performedPeriod',
  'occurrenceDateTime',
  'occurrencePeriod',
  'authoredOn',
  'whenHandedOver',
  'period',
  'started',
  'billablePeriod',
  'servicedDate',
  'recordedDate',
  'dateAsserted',
  'date',
  'created',
  'issued',
  'recorded',
  'timestamp',
];
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
const wanted = new Set<string>([...dateFields, ...titleFields, ...subjectFields]);
for (const field of ['meta', 'category', 'status']) wanted.add(field);

/** A field that is larger cannot be a coding, a date or a name. */
const maxFieldBytes = 64 * 1024;
const maxTitleLength = 120;

/**
 * Reads the resource whose opening brace was read last, up to and with its closing brace. `onEntry` takes
 * over the value of a top-level field `entry`, which a Bundle keeps its resources in.
 *
 * Throws: RESOURCE_TYPE (not a resource of R4), RESOURCE_INVALID (`id`, `category`), and what the scanner
 * throws. Source: docs/protocol/items.md, rules I-5 and I-6.
 */
export function readResource(scanner: JsonScanner, onEntry?: () => void): ResourceFacts {
  const offset = scanner.start;
  let resourceType: string | undefined;
  let id: string | undefined;
  // Told only once it is clear that this is a resource: other JSON has ids of its own.
  let flawAt: number | undefined;
  const fields = new Map<string, unknown>();
  while (scanner.next() === token.key) {
    const key = scanner.keyText();
    if (key === 'resourceType') resourceType = readString(scanner);
    else if (key === 'id') {
      id = readString(scanner);
      if (id === undefined || !/^[A-Za-z0-9.-]{1,64}$/.test(id)) flawAt ??= scanner.start;
    } else if (key === 'entry' && onEntry !== undefined) onEntry();
    else {
      const [start, end] = scanner.skipValue();
      if (!wanted.has(key)) continue;
      if (end - start <= maxFieldBytes) fields.set(key, valueAt(scanner.bytes, start, end));
      // Skipping a category could put a record into a class that more people read.
      else if (key === 'category') flawAt ??= start;
    }
  }
  if (resourceType === undefined || !resourceTypes.has(resourceType)) {
    scanner.fail(offset, 'RESOURCE_TYPE');
  }
  if (flawAt !== undefined) scanner.fail(flawAt, 'RESOURCE_INVALID');
  return {
    offset,
    length: scanner.end - offset,
    resourceType,
    id,
    versionId: textOf(fieldOf(fields.get('meta'), 'versionId')),
    status: textOf(fields.get('status')),
    categories: listOf(fields.get('category')).flatMap(codesOf),
    title: (resourceType === 'Bundle' ? undefined : titleOf(fields)) ?? resourceType,
    date: firstOf(dateFields, (field) => dateOf(fields.get(field))),
    subject: firstOf(subjectFields, (field) => textOf(fieldOf(fields.get(field), 'reference'))),
    bundleType: resourceType === 'Bundle' ? textOf(fields.get('type')) : undefined,
  };
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

function dateOf(value: unknown): string | undefined {
  return textOf(value) ?? textOf(fieldOf(value, 'start'));
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
