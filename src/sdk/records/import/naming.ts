import { withoutVersion } from '../address.ts';
import type { FilePart } from '../fhir-file.ts';
import type { ResourceFacts } from '../resource-facts.ts';

/**
 * What other parts of the same file say of a part that does not say it itself: whose document a Binary is and what
 * restricts it, and what the medicine of a prescription is called.
 * Source: docs/protocol/items.md, rules I-10b and I-51.
 */
export function withNaming(parts: readonly FilePart[]): readonly FilePart[] {
  const documents = new Map<string, Documents>();
  const medicines = new Map<string, string | undefined>();
  for (const { facts } of parts) {
    if (facts === undefined) continue;
    for (const url of facts.attachments) {
      const address = withoutVersion(url);
      const naming = documents.get(address) ?? { all: [], labels: new Set() };
      documents.set(address, naming);
      naming.all.push(facts);
      for (const label of facts.labels) naming.labels.add(label);
    }
    if (facts.resourceType !== 'Medication') continue;
    for (const address of addressesOf(facts)) {
      // Two servers may have two medicines under one id: then nobody knows which is meant.
      const isOther = medicines.has(address) && medicines.get(address) !== facts.title;
      medicines.set(address, isOther ? undefined : facts.title);
    }
  }
  return parts.map((part) => {
    const { facts } = part;
    if (facts?.resourceType === 'Binary') return withNamers(part, facts, documents);
    if (facts?.medicine === undefined || facts.title !== facts.resourceType) return part;
    const title = medicines.get(withoutVersion(facts.medicine));
    return title === undefined ? part : { ...part, facts: { ...facts, title } };
  });
}

/** What names one address as its document. */
interface Documents {
  readonly all: ResourceFacts[];
  readonly labels: Set<string>;
}

function withNamers(
  part: FilePart,
  facts: ResourceFacts,
  documents: ReadonlyMap<string, Documents>,
): FilePart {
  const found = addressesOf(facts).flatMap((address) => documents.get(address) ?? []);
  if (found.length === 0) return part;
  const labels = [...new Set([facts, ...found].flatMap((it) => [...it.labels]))];
  // Lists that all versions of a Binary share: a file may hold thousands of both.
  return { ...part, facts: { ...facts, labels }, namers: found.map(({ all }) => all) };
}

function addressesOf({ resourceType, id, fullUrl }: ResourceFacts): readonly string[] {
  return [
    ...(id === undefined ? [] : [`${resourceType}/${id}`]),
    ...(fullUrl === undefined ? [] : [withoutVersion(fullUrl)]),
  ];
}
