import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { referenceName } from '../address.ts';
import type { CutFile, FilePart } from '../fhir-file.ts';
import type { ResourceFacts } from '../resource-facts.ts';
import { aboutOf, plainName } from './identity.ts';

/** Whose records of a file are wanted: of one person by name, or everybody's. */
export type Persons = { readonly of: string } | 'all';

/** Somebody whom a file is about. */
interface Person {
  /** Undefined: only references name the person. */
  readonly name: string | undefined;
  readonly birthDate: string | undefined;
  /** What references of the file call the person. */
  readonly references: Set<string>;
  /** As `aboutOf` of the Patient, in hex. */
  readonly about: string;
}

interface Asked {
  readonly persons?: Persons | undefined;
  readonly known: { readonly patients: () => readonly string[] };
}

const maxTold = 20;

/**
 * The parts of a file that may be imported, and those that belong to other people.
 *
 * Throws FILE_PERSONS, which names them, when the file is about several people, or about somebody else than the chart, and
 * nobody said whose records are wanted; also when not exactly one of them has the name that was said.
 * Source: docs/protocol/items.md, rule I-17.
 */
export function partsOf(
  cut: CutFile,
  { persons, known }: Asked,
): { readonly parts: readonly FilePart[]; readonly others: readonly FilePart[] } {
  const { parts } = cut;
  if (persons === 'all') return { parts, others: [] };
  const found = personsOf(cut);
  if (persons === undefined) {
    const [person, another] = found;
    if (another !== undefined || (person !== undefined && isStranger(person, known.patients()))) {
      throw refusal(found);
    }
    return { parts, others: [] };
  }
  const [person, another] = found.filter((it) => isNamed(it, persons.of));
  if (person === undefined || another !== undefined) throw refusal(found);
  const [own, others]: [FilePart[], FilePart[]] = [[], []];
  const judged = new Map<readonly ResourceFacts[], boolean>();
  // A Binary has no subject of its own: it is hers whose document it is.
  const isNamedByHers = (namers: readonly ResourceFacts[]): boolean => {
    const isHers = judged.get(namers) ?? namers.some((facts) => belongsTo(person, facts));
    judged.set(namers, isHers);
    return isHers;
  };
  for (const part of parts) {
    const isHers = part.namers?.some(isNamedByHers) ?? belongsTo(person, part.facts);
    (isHers ? own : others).push(part);
  }
  return { parts: own, others };
}

function refusal(found: readonly Person[]): CodedError {
  const told = found.slice(0, maxTold).map(describe).join(', ');
  const more = found.length > maxTold ? `, and ${found.length - maxTold} more` : '';
  return new CodedError('FILE_PERSONS', { count: found.length, persons: told + more });
}

function personsOf({ parts, persons }: CutFile): readonly Person[] {
  const patients = [...parts.flatMap(({ facts }) => facts ?? []), ...persons];
  const found = new Map<string, Person>();
  for (const facts of patients) {
    if (facts.resourceType !== 'Patient') continue;
    const about = bytesToHex(aboutOf(facts));
    const name = facts.title === 'Patient' ? undefined : facts.title;
    const person = found.get(about) ?? {
      name: name ?? `Patient/${facts.id ?? ''}`,
      birthDate: facts.birthDate,
      references: new Set<string>(),
      about,
    };
    for (const it of namesOf(facts)) person.references.add(it);
    found.set(about, person);
  }
  // References alone tell people apart only where nobody is described.
  if (found.size > 0) return [...found.values()];
  for (const facts of patients) {
    const name = referenceName(facts.subject);
    if (!name.startsWith('Patient/') && !name.startsWith('urn:')) continue;
    found.set(name, {
      name: undefined,
      birthDate: undefined,
      references: new Set([name]),
      about: '',
    });
  }
  return [...found.values()];
}

function namesOf({ id, fullUrl }: ResourceFacts): readonly string[] {
  return [
    ...(id === undefined ? [] : [`Patient/${id}`]),
    ...(fullUrl === undefined ? [] : [referenceName(fullUrl)]),
  ];
}

/** Neither the name nor the birth date is that of a Patient whom the chart has. */
function isStranger({ name: called, about }: Person, chart: readonly string[]): boolean {
  if (called === undefined || chart.length === 0) return false;
  return !ofFirstPerson(chart, (it) => it).some((it) => isSamePerson(it, about));
}

/** By the birth date; where either lacks one, by the name. Both as `aboutOfPatient`, in hex. */
function isSamePerson(one: string, other: string): boolean {
  const dates = [one.slice(16), other.slice(16)];
  if (dates.includes('0'.repeat(16))) return one.slice(0, 16) === other.slice(0, 16);
  return dates[0] === dates[1];
}

/**
 * Of the Patients of a chart, in the order in which they came, those who are its person: the first, and whoever after it
 * is the same one. What came in later of somebody else, also because its owner wanted all of a file, changes nothing of
 * whose chart it is. Source: docs/protocol/items.md, rule I-17a.
 */
export function ofFirstPerson<T>(
  patients: readonly T[],
  aboutOf: (patient: T) => string,
): readonly T[] {
  const own: T[] = [];
  for (const it of patients) {
    const isHers = own.some((before) => isSamePerson(aboutOf(before), aboutOf(it)));
    if (own.length === 0 || isHers) own.push(it);
  }
  return own;
}

function isNamed({ name, references }: Person, wanted: string): boolean {
  if (references.has(wanted) || references.has(`Patient/${wanted}`)) return true;
  const words = plainName(wanted).split(' ');
  const own = plainName(name ?? '').split(' ');
  return wanted !== '' && words.every((word) => own.includes(word));
}

/** Hers is what names her as its subject, and what has no subject: practitioners, places, medicines. */
function belongsTo({ references, about }: Person, facts: ResourceFacts | undefined): boolean {
  if (facts === undefined) return true;
  if (facts.resourceType === 'Patient') return bytesToHex(aboutOf(facts)) === about;
  return facts.subject === undefined || references.has(referenceName(facts.subject));
}

function describe({ name, birthDate, references }: Person): string {
  if (name === undefined) return [...references][0] ?? 'somebody';
  return `${name} (${birthDate === undefined ? 'birth date not recorded' : `born ${birthDate}`})`;
}
