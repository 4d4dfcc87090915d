import type { Headline } from '../headline/headline.ts';
import { isXml } from '../media-type.ts';
import { headlineOfEntry } from './cda-entry.ts';
import { dateOf } from './cda-values.ts';
import { allInside, attribute, inside, parseXml, textInside, type XmlElement } from './xml.ts';

export interface CdaSection {
  readonly title: string;
  /** What the sender wrote for people. */
  readonly text: string;
  /** Its allergies, medicines, problems, results and so on, in one line each. */
  readonly headlines: readonly Headline[];
}

/** A clinical document (CDA, C-CDA) as far as it is shown. */
export interface CdaDocument {
  readonly title: string;
  /** As FHIR spells it. */
  readonly date: string;
  readonly patientName: string;
  readonly sections: readonly CdaSection[];
}

const maxSections = 200;
const maxHeadlines = 5_000;
/** Of the words that entries refer to: they become a name, and thousands of entries may refer to the same. */
const maxWordsLength = 1000;

/** Undefined for what is no CDA document, or goes beyond the limits of `parseXml`. Never throws. */
export function readCda(mediaType: string, bytes: Uint8Array): CdaDocument | undefined {
  if (!isXml(mediaType)) return undefined;
  const root = parseXml(bytes);
  if (root?.name !== 'ClinicalDocument') return undefined;
  const patient = inside(root, 'recordTarget', 'patientRole', 'patient', 'name');
  const found: XmlElement[] = [];
  sectionsIn(inside(root, 'component', 'structuredBody'), found);
  let room = maxHeadlines;
  const sections = found.map((section) => {
    const headlines = entriesOf(section, room);
    room -= headlines.length;
    const title =
      textInside(inside(section, 'title')) || attribute(inside(section, 'code'), 'displayName');
    return { title: title ?? 'Section', text: textInside(inside(section, 'text')), headlines };
  });
  const code = inside(root, 'code');
  return {
    title:
      textInside(inside(root, 'title')) || (attribute(code, 'displayName') ?? 'Clinical document'),
    date: dateOf(inside(root, 'effectiveTime')),
    patientName: textInside(patient).replace(/\n/g, ' '),
    sections,
  };
}

function sectionsIn(body: XmlElement | undefined, found: XmlElement[]): void {
  for (const component of allInside(body, 'component')) {
    const section = inside(component, 'section');
    if (section === undefined || found.length === maxSections) continue;
    found.push(section);
    sectionsIn(section, found);
  }
}

function entriesOf(section: XmlElement, room: number): readonly Headline[] {
  const kind = attribute(inside(section, 'code'), 'code') ?? '';
  const words = wordsById(inside(section, 'text'));
  const headlines: Headline[] = [];
  const take = (element: XmlElement): void => {
    if (headlines.length >= room) return;
    const headline = headlineOfEntry(element, kind, words);
    if (headline !== undefined) headlines.push(headline);
    else for (const child of element.children) if (typeof child !== 'string') take(child);
  };
  for (const entry of allInside(section, 'entry')) take(entry);
  return headlines;
}

/** Entries refer to the words in the text that people read. */
function wordsById(text: XmlElement | undefined): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  const look = (element: XmlElement): void => {
    const id = attribute(element, 'ID');
    if (id !== undefined) {
      words.set(id, textInside(element, maxWordsLength).replace(/\n/g, ' '));
    }
    for (const child of element.children) if (typeof child !== 'string') look(child);
  };
  if (text !== undefined) look(text);
  return words;
}
