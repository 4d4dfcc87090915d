import type { JsonTree } from '../json-tree.ts';
import { textOf } from '../json-tree.ts';

/**
 * Words for codes of health cards, which come without any so that a card fits into a QR code: vaccines (CVX), the most
 * asked-for tests (LOINC) and their results (SNOMED CT). What is not here is shown by its code.
 */
const wordsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'http://hl7.org/fhir/sid/cvx': {
    '03': 'Measles, mumps, rubella (MMR)',
    '08': 'Hepatitis B',
    '10': 'Polio (IPV)',
    '20': 'Diphtheria, tetanus, pertussis (DTaP)',
    '21': 'Chickenpox (varicella)',
    '33': 'Pneumococcal polysaccharide (PPSV23)',
    '37': 'Yellow fever',
    '43': 'Hepatitis B, adult',
    '52': 'Hepatitis A, adult',
    '62': 'Papillomavirus (HPV4)',
    '83': 'Hepatitis A',
    '88': 'Influenza',
    '94': 'Measles, mumps, rubella, chickenpox (MMRV)',
    '110': 'DTaP, hepatitis B, polio',
    '114': 'Meningococcal (MCV4P)',
    '115': 'Tetanus, diphtheria, pertussis (Tdap)',
    '133': 'Pneumococcal conjugate (PCV13)',
    '135': 'Influenza, high dose',
    '140': 'Influenza, seasonal',
    '141': 'Influenza, seasonal',
    '150': 'Influenza, seasonal (four strains)',
    '165': 'Papillomavirus (HPV9)',
    '187': 'Shingles (recombinant)',
    '207': 'COVID-19, Moderna',
    '208': 'COVID-19, Pfizer-BioNTech',
    '210': 'COVID-19, AstraZeneca',
    '211': 'COVID-19, Novavax',
    '212': 'COVID-19, Janssen',
    '213': 'COVID-19, not said which',
    '217': 'COVID-19, Pfizer-BioNTech',
    '218': 'COVID-19, Pfizer-BioNTech (5 to 11 years)',
    '219': 'COVID-19, Pfizer-BioNTech (6 months to 4 years)',
    '221': 'COVID-19, Moderna',
    '229': 'COVID-19, Moderna (bivalent)',
    '300': 'COVID-19, Pfizer-BioNTech (bivalent)',
  },
  'http://loinc.org': {
    '94500-6': 'SARS-CoV-2 RNA',
    '94531-1': 'SARS-CoV-2 RNA',
    '94558-4': 'SARS-CoV-2 antigen (rapid test)',
    '94559-2': 'SARS-CoV-2 RNA',
    '97097-0': 'SARS-CoV-2 antigen (rapid test)',
  },
  'http://snomed.info/sct': {
    '10828004': 'positive',
    '260373001': 'detected',
    '260385009': 'negative',
    '260415000': 'not detected',
  },
};

/** The same record, each coding without words with those that are known here. */
export function withDisplays(tree: JsonTree): JsonTree {
  if (tree.kind === 'array') return { kind: 'array', items: tree.items.map(withDisplays) };
  if (tree.kind !== 'object') return tree;
  const fields = new Map([...tree.fields].map(([name, value]) => [name, withDisplays(value)]));
  const [system = '', code = ''] = ['system', 'code'].map((name) => textOf(fields.get(name)));
  const known = Object.hasOwn(wordsOf, system) ? wordsOf[system] : undefined;
  const words = known !== undefined && Object.hasOwn(known, code) ? known[code] : undefined;
  if (words !== undefined && !fields.has('display'))
    fields.set('display', { kind: 'text', text: words });
  return { kind: 'object', fields };
}
