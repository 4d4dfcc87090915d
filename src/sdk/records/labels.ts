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
