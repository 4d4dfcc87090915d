import { fieldOf, type JsonTree, listOf, textOf } from '../json-tree.ts';
import { personName } from '../show-values.ts';
import { bestCode, codingsIn, conceptName } from './codes.ts';
import type { ReadableResource } from './readable-resource.ts';

/** What a resource is about: its name in words (undefined: it has none of its own) and its code (or empty). */
export interface Subject {
  readonly name: string | undefined;
  readonly code: string;
}

type NameRule = (resource: ReadableResource) => Subject;

/** The most telling first; of a type that has none of these, `title` and so on say what it is. */
const conceptFields = [
  'code',
  'medicationCodeableConcept',
  'vaccineCode',
  'title',
  'name',
  'type',
  'description',
  'display',
  'serviceType',
  'appointmentType',
  'procedureCode',
  'topic',
  'category',
  'reasonCode',
  'activity',
  'scope',
  'summary',
];

/** Types that are called by other fields than the general ones, or by several of them together. */
const rules: Readonly<Record<string, NameRule>> = {
  Binary: (it) => ({ name: said('file', it.text('contentType')), code: '' }),
  Claim: (it) => billed(it, 'Bill'),
  ExplanationOfBenefit: (it) => billed(it, 'Insurance payment'),
  Coverage: (it) => ({
    name: said('Insurance', it.text('type', 'text') ?? conceptName(it.field('type')) ?? payor(it)),
    code: bestCode(it.field('type')),
  }),
  Communication: (it) => ({
    name: text(first(it.field('payload')), 'contentString') ?? generalName(it),
    code: generalCode(it),
  }),
  Device: (it) => {
    const own = text(first(it.field('deviceName')), 'name');
    return { name: own ?? conceptName(it.field('type')), code: bestCode(it.field('type')) };
  },
  DocumentReference: (it) => {
    const attachment = fieldOf(first(it.field('content')), 'attachment');
    const name =
      conceptName(it.field('type')) ?? it.text('description') ?? text(attachment, 'title');
    return {
      name: name ?? conceptName(first(it.field('category'))),
      code: bestCode(it.field('type')),
    };
  },
  Encounter: (it) => {
    const [kind, reason] = [first(it.field('type')), first(it.field('reasonCode'))];
    const name = conceptName(kind) ?? conceptName(reason) ?? conceptName(it.field('serviceType'));
    return {
      name: name ?? said('Visit', visitClass(it)),
      code: bestCode(kind) || bestCode(reason),
    };
  },
  FamilyMemberHistory: familyHistory,
  Goal: (it) => ({
    name: conceptName(it.field('description')),
    code: bestCode(it.field('description')),
  }),
  ImagingStudy: (it) => {
    const [series, procedure] = [first(it.field('series')), first(it.field('procedureCode'))];
    const modality = fieldOf(series, 'modality') ?? first(it.field('modality'));
    const name = it.text('description') ?? conceptName(procedure) ?? text(series, 'description');
    return { name: name ?? said('Images', conceptName(modality)), code: bestCode(procedure) };
  },
  OperationOutcome: (it) => {
    const issue = first(it.field('issue'));
    const words = conceptName(fieldOf(issue, 'details')) ?? text(issue, 'diagnostics');
    return { name: said('Message of the source', words ?? text(issue, 'code')), code: '' };
  },
  Parameters: (it) => {
    const names = listOf(it.field('parameter')).flatMap((part) => text(part, 'name') ?? []);
    return { name: said('Parameters', names.join(', ')), code: '' };
  },
  QuestionnaireResponse: (it) => {
    const asked = it.text('questionnaire') ?? it.text('questionnaire', 'reference');
    const words = it.text('questionnaire', 'display') ?? asked?.split(/[/|]/).findLast(isNoVersion);
    return { name: said('Answers', words), code: '' };
  },
  Specimen: (it) => ({ name: conceptName(it.field('type')), code: bestCode(it.field('type')) }),
};

/**
 * What a resource calls its subject. Names that only the file around it knows, of a medicine in another
 * resource for one, are not among them: those come from outside.
 */
export function subjectOf(resource: ReadableResource, type: string): Subject {
  if (Object.hasOwn(rules, type)) return rules[type]?.(resource) ?? { name: undefined, code: '' };
  const medicine = medicineOf(resource);
  const name = generalName(resource);
  const code = generalCode(resource);
  return medicine === undefined || conceptName(resource.field('medicationCodeableConcept'))
    ? { name, code }
    : { name: medicine.name ?? name, code: medicine.code || code };
}

/** References that the name of a resource may hang on, when it has none of its own. */
export function namingReference(resource: ReadableResource): string | undefined {
  return (
    resource.text('medicationReference', 'reference') ??
    resource.text('medication', 'reference', 'reference') ??
    resource.text('medication', 'reference')
  );
}

/** Of a contained Medication, or of the words beside the reference. Undefined: no medicine is referred to. */
function medicineOf(resource: ReadableResource): Subject | undefined {
  const medication = resource.field('medication');
  const concept = fieldOf(medication, 'concept');
  if (concept !== undefined) return { name: conceptName(concept), code: bestCode(concept) };
  const reference = namingReference(resource);
  const display =
    resource.text('medicationReference', 'display') ??
    resource.text('medication', 'reference', 'display');
  if (reference?.startsWith('#') !== true) {
    return reference === undefined && display === undefined
      ? undefined
      : { name: display, code: '' };
  }
  const inside = listOf(resource.field('contained')).find(
    (part) => text(part, 'id') === reference.slice(1),
  );
  const code = fieldOf(inside, 'code');
  return { name: display ?? conceptName(code) ?? ingredients(inside), code: bestCode(code) };
}

function ingredients(medication: JsonTree | undefined): string | undefined {
  const names = listOf(fieldOf(medication, 'ingredient')).flatMap(
    (part) => conceptName(fieldOf(part, 'itemCodeableConcept') ?? fieldOf(part, 'item')) ?? [],
  );
  return names.length === 0 ? undefined : names.join(' + ');
}

/** `mother: Breast cancer, Asthma`. */
function familyHistory(resource: ReadableResource): Subject {
  const conditions = listOf(resource.field('condition'));
  const names = conditions.flatMap((part) => conceptName(fieldOf(part, 'code')) ?? []);
  const who = conceptName(resource.field('relationship')) ?? resource.text('name');
  const what =
    names.length > 0
      ? names.join(', ')
      : resource.text('status') === 'health-unknown'
        ? 'health unknown'
        : undefined;
  const name = who === undefined ? what : said(who, what ?? 'family history');
  return { name, code: bestCode(fieldOf(conditions[0], 'code')) };
}

function generalName(resource: ReadableResource): string | undefined {
  for (const field of conceptFields) {
    const value = first(resource.field(field));
    const name = conceptName(value) ?? (value === undefined ? undefined : personName(value));
    if (name !== undefined) return name;
  }
  return undefined;
}

function generalCode(resource: ReadableResource): string {
  for (const field of ['code', 'medicationCodeableConcept', 'vaccineCode', 'type']) {
    const value = first(resource.field(field));
    const code = value?.kind === 'object' ? bestCode(value) : '';
    if (code !== '') return code;
  }
  return '';
}

/** The first service that has words, since a code alone is no name; else the kind of the bill. */
function billed(resource: ReadableResource, word: string): Subject {
  const services = listOf(resource.field('item')).map((part) => fieldOf(part, 'productOrService'));
  const service = services.find((it) => {
    const words = text(it, 'text') ?? text(first(fieldOf(it, 'coding')), 'display');
    return words !== undefined;
  });
  const concept = service ?? resource.field('type');
  return { name: said(word, conceptName(concept)) ?? word, code: bestCode(concept) };
}

function payor(resource: ReadableResource): string | undefined {
  return text(first(resource.field('payor')), 'display');
}

function visitClass(resource: ReadableResource): string | undefined {
  const kind = first(resource.field('class'));
  const words = conceptName(kind);
  return words ?? codingsIn(kind)[0]?.code;
}

const said = (word: string, what: string | undefined): string | undefined =>
  what === undefined || what === '' ? undefined : `${word}: ${what}`;

const isNoVersion = (part: string): boolean => part !== '' && !/^[\d.]+$/.test(part);

const first = (tree: JsonTree | undefined): JsonTree | undefined => listOf(tree)[0];

const text = (tree: JsonTree | undefined, name: string): string | undefined => {
  const found = textOf(fieldOf(tree, name));
  return found === '' ? undefined : found;
};
