import { withoutVersion } from './address.ts';
import { fieldOf, type JsonTree, listOf, textOf } from './json-tree.ts';

/** The resources of a Bundle, as it is shown. */
export interface BundleParts {
  readonly resources: readonly JsonTree[];
  /** By `Type/id` and by `fullUrl`, whichever version is named. */
  readonly find: (reference: string) => JsonTree | undefined;
  /** What makes a document of it. */
  readonly composition: JsonTree | undefined;
}

export function bundleParts(bundle: JsonTree): BundleParts {
  const byReference = new Map<string, JsonTree>();
  const resources: JsonTree[] = [];
  for (const entry of listOf(fieldOf(bundle, 'entry'))) {
    const resource = fieldOf(entry, 'resource');
    if (resource === undefined) continue;
    resources.push(resource);
    const fullUrl = textOf(fieldOf(entry, 'fullUrl'));
    if (fullUrl !== undefined) byReference.set(fullUrl, resource);
    const [type, id] = ['resourceType', 'id'].map((name) => textOf(fieldOf(resource, name)));
    byReference.set(`${type}/${id}`, resource);
  }
  const composition = resources.find((it) => textOf(fieldOf(it, 'resourceType')) === 'Composition');
  const find = (reference: string): JsonTree | undefined =>
    byReference.get(reference) ?? byReference.get(withoutVersion(reference));
  return { resources, find, composition };
}
