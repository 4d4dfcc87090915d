import { type JsonScanner, token } from './json-scanner.ts';
import { recordLimits } from './limits.ts';
import { type ResourceFacts, readResource } from './resource-facts.ts';

const bundleTypes = new Set([
  'document',
  'message',
  'transaction',
  'transaction-response',
  'batch',
  'batch-response',
  'history',
  'searchset',
  'collection',
]);

interface EntryFacts {
  readonly resource: ResourceFacts;
  readonly fullUrl: string | undefined;
}

/**
 * Reads the field `entry` of what may turn out to be a Bundle: `resourceType` may come after it. So a wrong
 * shape is remembered, and refused by `check` once it is clear that it is a Bundle.
 *
 * Throws: RESOURCE_TYPE, RESOURCE_INVALID, BUNDLE_TOO_MANY, BUNDLE_DUPLICATE_ID.
 * Source: docs/protocol/items.md, rules I-8 to I-10.
 */
export class BundleEntries {
  readonly #scanner: JsonScanner;
  readonly #entries: EntryFacts[] = [];
  #flawAt: number | undefined;

  constructor(scanner: JsonScanner) {
    this.#scanner = scanner;
  }

  get resources(): readonly ResourceFacts[] {
    return this.#entries.map((entry) => entry.resource);
  }

  /** The scanner stands before the value of `entry`. */
  read(): void {
    const scanner = this.#scanner;
    const kind = scanner.next();
    if (kind !== token.arrayOpen) {
      this.#flaw(kind);
      return;
    }
    for (let next = scanner.next(); next !== token.arrayClose; next = scanner.next()) {
      if (next === token.objectOpen) this.#readEntry();
      else this.#flaw(next);
    }
  }

  check(bundleType: string | undefined, bundleAt: number): void {
    const scanner = this.#scanner;
    if (this.#flawAt !== undefined) scanner.fail(this.#flawAt, 'RESOURCE_INVALID');
    // A history lists the versions of one resource: there the same id is the point.
    if (bundleType !== 'history') this.#refuseDuplicates();
    if (bundleType === undefined || !bundleTypes.has(bundleType)) {
      scanner.fail(bundleAt, 'RESOURCE_INVALID');
    }
  }

  #flaw(kind: number): void {
    this.#flawAt ??= this.#scanner.start;
    if (kind === token.objectOpen || kind === token.arrayOpen) this.#scanner.skipRest();
  }

  #readEntry(): void {
    const scanner = this.#scanner;
    let resource: ResourceFacts | undefined;
    let fullUrl: string | undefined;
    while (scanner.next() === token.key) {
      const key = scanner.keyText();
      if (key !== 'resource' && key !== 'fullUrl') {
        scanner.skipValue();
        continue;
      }
      const kind = scanner.next();
      if (key === 'resource' && kind === token.objectOpen) resource = readResource(scanner);
      else if (key === 'fullUrl' && kind === token.string) fullUrl = scanner.text();
      else this.#flaw(kind);
    }
    // An entry may be a bare request, a deletion for one.
    if (resource === undefined) return;
    if (this.#entries.length === recordLimits.maxItemsPerFile) {
      scanner.fail(resource.offset, 'BUNDLE_TOO_MANY');
    }
    this.#entries.push({ resource, fullUrl });
  }

  #refuseDuplicates(): void {
    const seen = new Set<string>();
    for (const { resource, fullUrl } of this.#entries) {
      if (resource.id === undefined) continue;
      const { resourceType, id, versionId = '' } = resource;
      // Two servers may use the same id; other addresses (urn:uuid:...) do not tell resources apart.
      const address = fullUrl !== undefined && /^https?:/.test(fullUrl) ? fullUrl : '';
      const name = `${resourceType}/${id}/${versionId} ${address}`;
      if (seen.has(name)) this.#scanner.fail(resource.offset, 'BUNDLE_DUPLICATE_ID');
      seen.add(name);
    }
  }
}
