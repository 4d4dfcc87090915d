import { bareMediaType, lengthOfByteOrderMark } from '../media-type.ts';
import { wordsOfResource } from '../show-words.ts';
import { clinicalDateOf } from './clinical-date.ts';
import type { Headline } from './headline.ts';
import { marksOf } from './marks.ts';
import { namingReference, subjectOf } from './name.ts';
import { QuickResource } from './quick-resource.ts';
import type { ReadableResource } from './readable-resource.ts';
import { headlineValueOf } from './value.ts';

/** Of this derivation. A change of what it gives for any bytes is a new version; the old ones stay. */
export const headlineVersion = 1;

/** An item as far as its headline needs it. */
export interface HeadlineSource {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** What those call it who brought it: the name of a file, or what another resource of the file is called. */
  readonly name?: string | undefined;
}

export interface DerivedHeadline extends Headline {
  /** The bytes alone do not say the name: a reader takes it from the head, and says that nothing proves it. */
  readonly nameIsFromOutside: boolean;
}

/** Longer than any of these is no single line. They are cut here, and at bytes where the headline is sealed. */
const limits = { type: 64, code: 64, name: 160, date: 40, value: 120, unit: 32, flag: 16 } as const;

/**
 * A record in one line, from its own bytes. What is no FHIR resource has no type and the name it was brought
 * with. Numbers and dates keep their spelling.
 *
 * Never throws: what cannot be read is a file. Source: docs/protocol/items.md, rules I-50 to I-55.
 */
export function deriveHeadline(source: HeadlineSource): DerivedHeadline {
  const resource = /[/+]json$/.test(bareMediaType(source.mediaType))
    ? resourceOf(source.bytes)
    : undefined;
  const type = resource?.text('resourceType');
  if (resource === undefined || type === undefined) return fileHeadline(source);
  return type === 'Bundle'
    ? bundleHeadline(resource, source)
    : resourceHeadline(resource, type.slice(0, limits.type), source);
}

/** As people see it: what was brought under its bare type is called by the type's words. */
export function shownHeadline(source: HeadlineSource): DerivedHeadline {
  const headline = deriveHeadline(source);
  const isBare = headline.nameIsFromOutside && headline.name === headline.type;
  return isBare ? deriveHeadline({ ...source, name: '' }) : headline;
}

function resourceOf(bytes: Uint8Array): QuickResource | undefined {
  try {
    return QuickResource.read(bytes, lengthOfByteOrderMark(bytes));
  } catch {
    return undefined;
  }
}

function fileHeadline({ name = '' }: HeadlineSource): DerivedHeadline {
  return {
    type: '',
    code: '',
    name: oneLine(name, limits.name),
    clinicalDate: '',
    value: '',
    unit: '',
    flag: '',
    marks: [],
    nameIsFromOutside: true,
  };
}

/** Of a resource that was taken apart already, by what it says itself. */
export function headlineOfResource(resource: ReadableResource): Headline {
  const type = (resource.text('resourceType') ?? '').slice(0, limits.type);
  const { nameIsFromOutside: _, ...headline } = resourceHeadline(resource, type, {});
  return headline;
}

function resourceHeadline(
  resource: ReadableResource,
  type: string,
  { name: brought }: Pick<HeadlineSource, 'name'>,
): DerivedHeadline {
  const subject = subjectOf(resource, type);
  const own = oneLine(subject.name ?? '', limits.name);
  const isNamedElsewhere = own === '' && namingReference(resource) !== undefined;
  const outside = isNamedElsewhere ? (brought ?? '') : '';
  const { value, unit, flag } = headlineValueOf(resource, type);
  return {
    type,
    code: oneLine(subject.code, limits.code),
    name: own || oneLine(outside, limits.name) || wordsOfResource(type),
    clinicalDate: oneLine(clinicalDateOf(resource, type), limits.date),
    value: oneLine(value, limits.value),
    unit: oneLine(unit, limits.unit),
    flag: oneLine(flag, limits.flag),
    marks: marksOf(resource, type),
    nameIsFromOutside: outside !== '',
  };
}

/** A document is called what its Composition is called, and stands at the Composition's date. */
function bundleHeadline(bundle: QuickResource, source: HeadlineSource): DerivedHeadline {
  const { first, count } = bundle.entries();
  const kind = bundle.text('type') ?? 'collection';
  const isDocument = kind === 'document' && first?.text('resourceType') === 'Composition';
  if (isDocument) {
    const document = resourceHeadline(first, 'Composition', source);
    const clinicalDate = document.clinicalDate || clinicalDateOf(bundle, 'Bundle');
    return { ...document, type: 'Bundle', clinicalDate };
  }
  const records = count === 1 ? '1 record' : `${count} records`;
  return {
    ...fileHeadline(source),
    type: 'Bundle',
    name: `Bundle of ${records} (${oneLine(kind, 32)})`,
    clinicalDate: clinicalDateOf(bundle, 'Bundle'),
    marks: marksOf(bundle, 'Bundle'),
    nameIsFromOutside: false,
  };
}

/** Without controls and line ends, cut between characters. */
function oneLine(text: string, limit: number): string {
  // The head of a long text first: a note may be megabytes.
  const short = text
    .slice(0, limit * 4)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim();
  const characters = [...short];
  if (characters.length <= limit) return short;
  return `${characters
    .slice(0, limit - 1)
    .join('')
    .trimEnd()}…`;
}
