import { type Absence, absenceOf, harmlessText } from '@salus/salus/sdk/browser';

/** JSON as it was written: a number is the text that spelled it, so that `12.0` stays `12.0`. */
type Spelled = string | boolean | null | readonly Spelled[] | { readonly [key: string]: Spelled };

/** Of a resource's modifiers and details, what a chart shows beside its line. Undefined: it does not say. */
export interface Facts {
  readonly type: string;
  readonly absence: Absence | undefined;
  /** `active`, `resolved`, `stopped`; lower case, as the source codes it. */
  readonly status: string | undefined;
  /** `low`, `high`, `unable-to-assess`; of an allergy. */
  readonly criticality: string | undefined;
  /** `food`, `medication`, `environment`, `biologic`; of an allergy. */
  readonly categories: readonly string[];
  /** What it does, as the source says it; of an allergy. */
  readonly reactions: readonly string[];
  /** As the source says it; of a medicine. */
  readonly dosage: string | undefined;
  readonly isAsNeeded: boolean;
  readonly ranges: readonly RangeFacts[];
  /** What a person wrote beside it. */
  readonly notes: readonly string[];
  readonly person: PersonFacts | undefined;
  /** Its code of SNOMED CT; empty: it has none. */
  readonly snomed: string;
  /** The first note, whole; empty: there is none. */
  readonly wholeNote: string;
}

/** A reference range, numbers as spelled. */
export interface RangeFacts {
  readonly low: string | undefined;
  readonly high: string | undefined;
  readonly text: string | undefined;
}

export interface PersonFacts {
  readonly family: string;
  readonly given: string;
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; empty: it does not say. */
  readonly born: string;
  /** `female`, `male`, `other`, `unknown`. */
  readonly sex: string | undefined;
  /** A date, or `yes` where it says no more. */
  readonly died: string | undefined;
}

const longest = 300;

/** Undefined: it is no JSON of a resource. Never throws for what an item holds. */
export function factsOf(item: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}): Facts | undefined {
  if (!/[/+]json(;|$)/u.test(item.mediaType)) return undefined;
  const resource = spelled(item.bytes);
  const type = textOf(fieldOf(resource, 'resourceType'));
  if (type === undefined) return undefined;
  const [dosage] = listOf(fieldOf(resource, 'dosageInstruction') ?? fieldOf(resource, 'dosage'));
  const clinical = fieldOf(resource, 'clinicalStatus');
  return {
    type,
    absence: absenceOf([
      ...codingsOf(fieldOf(resource, 'code')),
      ...codingsOf(fieldOf(resource, 'medicationCodeableConcept')),
    ]),
    status: (clinical === undefined ? textOf(fieldOf(resource, 'status')) : codeOf(clinical))
      ?.toLowerCase()
      .slice(0, 40),
    criticality: textOf(fieldOf(resource, 'criticality'))?.toLowerCase(),
    categories: listOf(fieldOf(resource, 'category')).flatMap((it) => textOf(it) ?? []),
    reactions: listOf(fieldOf(resource, 'reaction')).flatMap((it) =>
      listOf(fieldOf(it, 'manifestation')).flatMap((what) => conceptText(what) ?? []),
    ),
    dosage: textOf(fieldOf(dosage, 'text')),
    isAsNeeded: fieldOf(dosage, 'asNeededBoolean') === true,
    ranges: listOf(fieldOf(resource, 'referenceRange')).map(rangeOf),
    notes: listOf(fieldOf(resource, 'note')).flatMap((it) => textOf(fieldOf(it, 'text')) ?? []),
    person: type === 'Patient' ? personOf(resource) : undefined,
    snomed:
      codingsOf(fieldOf(resource, 'code')).find((it) => it.system === 'http://snomed.info/sct')
        ?.code ?? '',
    wholeNote: wholeText(fieldOf(listOf(fieldOf(resource, 'note'))[0], 'text')),
  };
}

function personOf(resource: Spelled | undefined): PersonFacts {
  const names = listOf(fieldOf(resource, 'name'));
  const name = names.find((it) => textOf(fieldOf(it, 'use')) === 'official') ?? names[0];
  const family = textOf(fieldOf(name, 'family')) ?? '';
  const given = listOf(fieldOf(name, 'given')).flatMap((it) => textOf(it) ?? []);
  const born = textOf(fieldOf(resource, 'birthDate')) ?? '';
  const died = fieldOf(resource, 'deceasedDateTime') ?? fieldOf(resource, 'deceasedBoolean');
  return {
    family,
    given: given.join(' '),
    born: /^\d{4}(-\d\d(-\d\d)?)?$/u.test(born) ? born : '',
    sex: textOf(fieldOf(resource, 'gender'))?.toLowerCase(),
    died: died === true ? 'yes' : textOf(died),
  };
}

function rangeOf(range: Spelled): RangeFacts {
  const limit = (name: string): string | undefined =>
    textOf(fieldOf(fieldOf(range, name), 'value'));
  return { low: limit('low'), high: limit('high'), text: textOf(fieldOf(range, 'text')) };
}

function codingsOf(concept: Spelled | undefined) {
  return listOf(fieldOf(concept, 'coding')).map((it) => ({
    system: textOf(fieldOf(it, 'system')),
    code: textOf(fieldOf(it, 'code')),
  }));
}

/** The code of a concept; of releases before R4 the status was a code alone. */
function codeOf(concept: Spelled): string | undefined {
  return textOf(concept) ?? codingsOf(concept)[0]?.code ?? textOf(fieldOf(concept, 'text'));
}

function conceptText(concept: Spelled): string | undefined {
  const [coding] = listOf(fieldOf(concept, 'coding'));
  return textOf(fieldOf(concept, 'text')) ?? textOf(fieldOf(coding, 'display'));
}

function fieldOf(it: Spelled | undefined, name: string): Spelled | undefined {
  if (it === undefined || it === null || typeof it !== 'object' || Array.isArray(it)) {
    return undefined;
  }
  return Object.hasOwn(it, name) ? (it as { readonly [key: string]: Spelled })[name] : undefined;
}

function listOf(it: Spelled | undefined): readonly Spelled[] {
  if (it === undefined || it === null) return [];
  return Array.isArray(it) ? it : [it];
}

/** For a face: what turns the direction of writing around it is taken out of it. */
const textOf = (it: Spelled | undefined): string | undefined =>
  typeof it === 'string' && it !== '' ? harmlessText(it.slice(0, longest)) : undefined;

const wholeText = (it: Spelled | undefined): string => (typeof it === 'string' ? it : '');

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function spelled(bytes: Uint8Array): Spelled | undefined {
  // Browsers give the source of a number; one that does not yet gives the number.
  const keep: Reviver = (_key, value, context) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value;
  try {
    return JSON.parse(new TextDecoder().decode(bytes), keep as never) as Spelled;
  } catch {
    return undefined;
  }
}
