import { fieldOf, type JsonTree, listOf, textOf } from '../json-tree.ts';
import { absenceOf, type Coding } from '../show-words.ts';

/** The systems that have a short name; the first ones are told before the others. */
const systems: readonly (readonly [short: string, ...uris: readonly string[]])[] = [
  ['loinc', 'http://loinc.org', 'urn:oid:2.16.840.1.113883.6.1'],
  ['snomed', 'http://snomed.info/sct', 'urn:oid:2.16.840.1.113883.6.96'],
  ['rxnorm', 'http://www.nlm.nih.gov/research/umls/rxnorm', 'urn:oid:2.16.840.1.113883.6.88'],
  ['cvx', 'http://hl7.org/fhir/sid/cvx', 'urn:oid:2.16.840.1.113883.12.292'],
  ['atc', 'http://www.whocc.no/atc', 'urn:oid:2.16.840.1.113883.6.73'],
  ['icd10cm', 'http://hl7.org/fhir/sid/icd-10-cm', 'urn:oid:2.16.840.1.113883.6.90'],
  ['icd10', 'http://hl7.org/fhir/sid/icd-10', 'urn:oid:2.16.840.1.113883.6.3'],
  ['icd10gm', 'http://fhir.de/CodeSystem/bfarm/icd-10-gm'],
  ['icd10gm', 'http://fhir.de/CodeSystem/dimdi/icd-10-gm'],
  ['icd11', 'http://id.who.int/icd/release/11/mms'],
  ['icd9cm', 'http://hl7.org/fhir/sid/icd-9-cm', 'urn:oid:2.16.840.1.113883.6.103'],
  ['icd10pcs', 'http://www.cms.gov/Medicare/Coding/ICD10', 'urn:oid:2.16.840.1.113883.6.4'],
  ['icd10pcs', 'http://hl7.org/fhir/sid/icd-10-pcs'],
  ['ndc', 'http://hl7.org/fhir/sid/ndc', 'urn:oid:2.16.840.1.113883.6.69'],
  ['pzn', 'http://fhir.de/CodeSystem/ifa/pzn'],
  ['dmd', 'https://dmd.nhs.uk'],
  ['cpt', 'http://www.ama-assn.org/go/cpt', 'urn:oid:2.16.840.1.113883.6.12'],
  ['hcpcs', 'urn:oid:2.16.840.1.113883.6.285'],
  ['dicom', 'http://dicom.nema.org/resources/ontology/DCM'],
];
const shortOf = new Map(systems.flatMap(([short, ...uris]) => uris.map((uri) => [uri, short])));
const rankOf = new Map(systems.map(([short], rank) => [short, rank]));

/** A code this long names nothing that anybody would look for. */
const maxCodeLength = 64;

/** `loinc|718-7`; the code alone when its system has no short name. Undefined: no code. */
export function codeText({ system, code }: Coding): string | undefined {
  if (code === undefined || code === '' || code.length > maxCodeLength) return undefined;
  const short = shortOf.get(system ?? '');
  return short === undefined ? code : `${short}|${code}`;
}

/** The code a concept is best known by: LOINC, then SNOMED CT and so on, then the first. Empty: none. */
export function bestCode(concept: JsonTree | undefined): string {
  let best: string | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const { system, code } of codingsIn(concept)) {
    const text = codeText({ system, code });
    if (text === undefined || absenceOf([{ system, code }]) === 'not recorded') continue;
    const rank = rankOf.get(shortOf.get(system ?? '') ?? '') ?? systems.length;
    if (best !== undefined && rank >= bestRank) continue;
    best = text;
    bestRank = rank;
  }
  return best ?? '';
}

/** The codings of a CodeableConcept, a Coding, a CodeableReference (R5) or a plain code. */
export function codingsIn(concept: JsonTree | undefined): readonly Coding[] {
  if (concept?.kind === 'text') return [{ system: undefined, code: concept.text }];
  const inner = fieldOf(concept, 'concept') ?? concept;
  const codings = listOf(fieldOf(inner, 'coding'));
  return (codings.length > 0 ? codings : listOf(inner)).map((coding) => ({
    system: textOf(fieldOf(coding, 'system')),
    code: textOf(fieldOf(coding, 'code')),
  }));
}

/** The first of these codes that a concept has, whatever the system. */
export function hasCode(concept: JsonTree | undefined, codes: ReadonlySet<string>): boolean {
  return codingsIn(concept).some(({ code }) => code !== undefined && codes.has(code));
}

/**
 * What a concept is called: its text, the words of its codings, else its code with the system. Undefined when
 * it says that nobody wrote it down: an absence is a state and no name.
 */
export function conceptName(concept: JsonTree | undefined): string | undefined {
  if (concept === undefined) return undefined;
  if (concept.kind === 'text') return concept.text === '' ? undefined : concept.text;
  const inner = fieldOf(concept, 'concept') ?? concept;
  if (inner.kind !== 'object') return undefined;
  const codings = codingsIn(inner);
  if (absenceOf(codings) === 'not recorded') return undefined;
  const displays = [...listOf(fieldOf(inner, 'coding')), inner].map((coding) =>
    textOf(fieldOf(coding, 'display')),
  );
  const words = [textOf(fieldOf(inner, 'text')), ...displays].find(
    (text) => text !== undefined && text.trim() !== '',
  );
  return words ?? (bestCode(inner) || undefined);
}
