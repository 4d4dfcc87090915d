import { codingsIn } from './headline/codes.ts';
import type { JsonTree } from './json-tree.ts';

/**
 * Labels by which a source says that a record is more than ordinarily confidential: restricted and very
 * restricted of HL7's v3-Confidentiality, and the sensitivities of v3-ActCode that law or custom keep apart.
 */
const restricting: ReadonlySet<string> = new Set([
  'R',
  'V',
  '42CFRPart2',
  'HIV',
  'PSY',
  'ETH',
  'SUD',
]);

/** The labels among these codes that count, each once, in the order given. Source: docs/protocol/items.md, rule I-18. */
export function labelsAmong(codes: readonly string[]): readonly string[] {
  return [...new Set(codes.filter((code) => restricting.has(code)))];
}

/** Whether a record with these labels is left out of what a grant of its ordinary class opens. */
export function isRestricted(labels: readonly string[]): boolean {
  return labelsAmong(labels).length > 0;
}

/** Of a CDA document, as text: `<confidentialityCode code="R" ...>` wherever it stands. */
export function labelsOfCda(text: string): readonly string[] {
  const codes: string[] = [];
  for (const [, code = ''] of text.matchAll(
    /<(?:[\w-]+:)?confidentialityCode\b[^>]{0,1000}?\bcode\s{0,100}=\s{0,100}["']([A-Za-z0-9]{1,16})["']/g,
  )) {
    codes.push(code);
  }
  return labelsAmong(codes);
}

const labelFields = new Set(['security', 'securityLabel', 'confidentiality']);

/** Of FHIR that was taken apart already, wherever inside they stand. */
export function labelsOfTree(tree: JsonTree): readonly string[] {
  const codes: string[] = [];
  collect(tree, codes);
  return labelsAmong(codes);
}

function collect(tree: JsonTree, codes: string[]): void {
  if (tree.kind === 'array') for (const item of tree.items) collect(item, codes);
  if (tree.kind !== 'object') return;
  for (const [name, value] of tree.fields) {
    if (labelFields.has(name)) {
      const concepts = value.kind === 'array' ? value.items : [value];
      for (const it of concepts) codes.push(...codingsIn(it).flatMap(({ code }) => code ?? []));
    }
    collect(value, codes);
  }
}
