import { compareDecimals } from '../headline/decimal.ts';
import { judgedBy } from '../headline/flag.ts';
import { type Headline, type HeadlineMark, spokenName } from '../headline/headline.ts';
import { codeOf, dateOf, nameOf, valueIn, type Words } from './cda-values.ts';
import { allInside, attribute, inside, textInside, type XmlElement } from './xml.ts';

/** Sections by their LOINC codes. */
const allergySections = new Set(['48765-2']);
const vaccineSections = new Set(['11369-6']);
const problemSections = new Set(['11450-4', '10160-8', '46240-8', '11348-0']);
/** Observations inside these say something about them, and are no facts of their own. */
const assertion = new Set([
  'ASSERTION',
  '55607006',
  '64572001',
  '404684003',
  '418799008',
  '282291009',
]);

/** One entry of a section in one line. Undefined: it only holds others. */
export function headlineOfEntry(
  element: XmlElement,
  section: string,
  words: Words,
): Headline | undefined {
  switch (element.name) {
    case 'substanceAdministration':
      return medicine(element, vaccineSections.has(section), words);
    case 'procedure':
      return fact(element, { type: 'Procedure', subject: inside(element, 'code'), words });
    case 'observation':
      if (allergySections.has(section)) return allergy(element, words);
      return isAssertion(element, section) ? problem(element, words) : result(element, words);
    case 'organizer':
      return relative(element, words);
    default:
      return undefined;
  }
}

/** What is said of a relative is never the person's own: one line for all of it. Undefined: it is about the person. */
function relative(element: XmlElement, words: Words): Headline | undefined {
  const subject = inside(element, 'subject', 'relatedSubject');
  if (subject === undefined) return undefined;
  const who = nameOf(inside(subject, 'code'), words) ?? 'a relative';
  const facts = allInside(element, 'component').flatMap((component) => {
    const observation = inside(component, 'observation');
    return observation === undefined ? [] : [problem(observation, words)];
  });
  const [first] = facts;
  const what = facts.map((it) => spokenName(it)).join(', ');
  return {
    type: 'FamilyMemberHistory',
    code: first?.code ?? '',
    name: `${who}: ${what === '' ? 'family history' : what}`,
    clinicalDate: '',
    value: '',
    unit: '',
    flag: '',
    marks: [],
  };
}

/** Orders, proposals, appointments and goals: what is not so yet. */
const planned = new Set(['INT', 'RQO', 'PRP', 'PRMS', 'ARQ', 'APT', 'GOL']);

/** A problem says what it is in its value; a result in its code. */
function isAssertion(element: XmlElement, section: string): boolean {
  const code = attribute(inside(element, 'code'), 'code') ?? '';
  return problemSections.has(section) || assertion.has(code);
}

interface Fact {
  readonly type: string;
  readonly subject: XmlElement | undefined;
  readonly words: Words;
  readonly negated?: HeadlineMark;
}

function fact(element: XmlElement, { type, subject, words, negated = 'not-done' }: Fact): Headline {
  const marks: HeadlineMark[] = [];
  const status = attribute(inside(element, 'statusCode'), 'code');
  if (status === 'nullified') marks.push('entered-in-error');
  if (attribute(element, 'negationInd') === 'true') marks.push(negated);
  return {
    type,
    code: codeOf(subject),
    name: nameOf(subject, words) ?? (codeOf(subject) || type),
    clinicalDate:
      allInside(element, 'effectiveTime')
        .map(dateOf)
        .find((date) => date !== '') ?? '',
    value: planned.has(attribute(element, 'moodCode') ?? '') ? 'planned' : '',
    unit: '',
    flag: '',
    marks: marks.sort(),
  };
}

function problem(element: XmlElement, words: Words): Headline {
  const subject = inside(element, 'value');
  const headline = fact(element, { type: 'Condition', subject, words, negated: 'refuted' });
  const ended = attribute(inside(element, 'effectiveTime', 'high'), 'value') !== undefined;
  return { ...headline, value: ended ? 'resolved' : '' };
}

function allergy(element: XmlElement, words: Words): Headline {
  const substance = inside(element, 'participant', 'participantRole', 'playingEntity');
  const code = inside(substance, 'code');
  const kind = inside(element, 'value');
  const named = nameOf(code, words) ?? (textInside(inside(substance, 'name')) || undefined);
  const subject = named === undefined ? kind : code;
  const base = fact(element, { type: 'AllergyIntolerance', subject, words, negated: 'refuted' });
  // "Not an allergy to anything" is how CDA says that none is known.
  const isNone = named === undefined && base.marks.includes('refuted');
  if (isNone) return { ...base, name: `No known: ${base.name}`, marks: [] };
  const reaction = allInside(element, 'entryRelationship')
    .map((it) => inside(it, 'observation'))
    .find((it) => attribute(inside(it, 'code'), 'code') === 'ASSERTION');
  return { ...base, value: nameOf(inside(reaction, 'value'), words) ?? '' };
}

function medicine(element: XmlElement, isVaccine: boolean, words: Words): Headline {
  const material = inside(element, 'consumable', 'manufacturedProduct', 'manufacturedMaterial');
  const type = isVaccine ? 'Immunization' : 'MedicationStatement';
  // An order (INT) that is negated says what must not be given.
  const isOrder = attribute(element, 'moodCode') === 'INT';
  const negated = isVaccine ? 'not-done' : isOrder ? 'do-not-perform' : 'not-taken';
  const headline = fact(element, { type, subject: inside(material, 'code'), words, negated });
  const status = attribute(inside(element, 'statusCode'), 'code') ?? '';
  return { ...headline, value: isVaccine || status === 'nullified' ? '' : status };
}

function result(element: XmlElement, words: Words): Headline {
  const headline = fact(element, { type: 'Observation', subject: inside(element, 'code'), words });
  const said = valueIn(inside(element, 'value'), words);
  const judged = attribute(inside(element, 'interpretationCode'), 'code');
  if (said.value === '') return headline;
  return { ...headline, ...said, flag: judged ?? rangeFlag(element, said) };
}

function rangeFlag(
  element: XmlElement,
  said: { readonly value: string; readonly unit: string },
): string {
  const [range, another] = allInside(element, 'referenceRange');
  if (range === undefined || another !== undefined) return '';
  const limits = inside(range, 'observationRange', 'value');
  const [low, high] = [inside(limits, 'low'), inside(limits, 'high')];
  const isOther = [low, high].some(
    (it) => it !== undefined && (attribute(it, 'unit') ?? '') !== said.unit,
  );
  if (isOther) return '';
  const [toLow, toHigh] = [low, high].map((limit) => {
    const value = attribute(limit, 'value');
    return value === undefined ? undefined : compareDecimals(said.value, value);
  });
  return judgedBy(toLow, toHigh) ?? '';
}
