import { bundleParts } from './bundle-parts.ts';
import { headlineOfResource } from './headline/derive.ts';
import type { Headline } from './headline/headline.ts';
import { readTree } from './headline/readable-resource.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';
import { headlineWords, readableDate } from './plain-text.ts';

/** What the list and the class of such a file are made of. */
export interface FhirXmlFacts {
  readonly title: string;
  readonly resourceType: string;
  readonly categories: readonly string[];
  readonly bundleType: string | undefined;
  /** Resources inside, of a Bundle. */
  readonly count: number;
}

export function fhirXmlFacts(tree: JsonTree): FhirXmlFacts {
  const categories = listOf(fieldOf(tree, 'category')).flatMap((concept) =>
    listOf(fieldOf(concept, 'coding')).flatMap((it) => textOf(fieldOf(it, 'code')) ?? []),
  );
  return {
    title: titleOf(tree),
    resourceType: textOf(fieldOf(tree, 'resourceType')) ?? '',
    categories,
    bundleType: textOf(fieldOf(tree, 'type')),
    count: bundleParts(tree).resources.length,
  };
}

/** `Potassium: 4.2 mmol/L (2021-03-04)`; a document is called what its Composition is called. */
function titleOf(tree: JsonTree): string {
  const { composition, resources } = bundleParts(tree);
  if (composition !== undefined) return headlineOfFhir(composition).name;
  if (textOf(fieldOf(tree, 'resourceType')) === 'Bundle') {
    const kind = textOf(fieldOf(tree, 'type')) ?? 'collection';
    return `Bundle of ${resources.length === 1 ? '1 record' : `${resources.length} records`} (${kind})`;
  }
  const headline = headlineOfFhir(tree);
  const date = readableDate(headline.clinicalDate.slice(0, 10));
  return date === '' ? headlineWords(headline) : `${headlineWords(headline)} (${date})`;
}

const headlineOfFhir = (tree: JsonTree): Headline => headlineOfResource(readTree(tree));

/** The line of a whole file of FHIR in XML, as it is shown once it was opened. */
export function headlineOfFhirXml(tree: JsonTree): Headline {
  const { composition } = bundleParts(tree);
  const own = headlineOfFhir(tree);
  if (composition !== undefined) {
    const { name, clinicalDate } = headlineOfFhir(composition);
    return { ...own, name, clinicalDate };
  }
  return own.type === 'Bundle' ? { ...own, name: titleOf(tree) } : own;
}
