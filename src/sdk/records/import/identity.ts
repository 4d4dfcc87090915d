import { sha256 } from '../../../crypto/hash.ts';
import { concatBytes, utf8 } from '../../../primitives/bytes.ts';
import { isHttp, referenceName, withoutSlashes, withoutVersion } from '../address.ts';
import type { ResourceFacts } from '../resource-facts.ts';

/** Whose versions an item may be one of. Source: docs/protocol/items.md, rule I-14. */
export interface Identity {
  /**
   * The address without its version; `Type/id` where no server is known; `sha256:` and the hash of its bytes for what
   * has no id.
   */
  readonly key: string;
  /** `address` holds over all imports; `import` within one, and over several only where the versions say so. */
  readonly reach: 'address' | 'import' | 'content';
}

export function identityOf(facts: ResourceFacts | undefined, contentHash: string): Identity {
  const nameless = `sha256:${contentHash}`;
  if (facts === undefined || facts.resourceType === '') {
    return { key: nameless, reach: 'content' };
  }
  const { fullUrl, id } = facts;
  const bareKey = id === undefined ? nameless : `${facts.resourceType}/${id}`;
  if (isHttp(fullUrl)) return { key: withoutVersion(fullUrl), reach: 'address' };
  if (id === undefined) return { key: nameless, reach: 'content' };
  const server = isHttp(facts.source) ? facts.source.split(/[?#]/, 1)[0] : facts.base;
  if (server !== undefined && server !== '') {
    return { key: `${withoutSlashes(server)}/${bareKey}`, reach: 'address' };
  }
  // A urn tells resources of one file apart, and generators repeat it in others.
  const urn = fullUrl !== undefined && fullUrl !== `urn:uuid:${id}` ? ` ${fullUrl}` : '';
  return { key: `${bareKey}${urn}`, reach: 'import' };
}

/**
 * 16 bytes of what a record is about: subject and code. A Patient's are 8 of the name and 8 of the birth date: what tells
 * one person from another.
 */
export function aboutOf(facts: ResourceFacts | undefined): Uint8Array {
  if (facts === undefined) return new Uint8Array(16);
  if (facts.resourceType === 'Patient') {
    return aboutOfPatient(facts.title, facts.birthDate ?? '');
  }
  const codes = facts.codes.length > 0 ? facts.codes : [facts.title];
  return sha256(utf8([referenceName(facts.subject), ...codes].join('\n'))).subarray(0, 16);
}

/** 8 bytes of the name, however it is written, and 8 of the birth date: what tells one person from another. Zeros: not recorded. */
export const aboutOfPatient = (name: string, birthDate: string): Uint8Array =>
  concatBytes(shortHash(plainName(name)), shortHash(birthDate));

const shortHash = (text: string): Uint8Array =>
  text === '' ? new Uint8Array(8) : sha256(utf8(text)).subarray(0, 8);

/** Names of one person are written in several ways: large and small, first and last in either order. */
export function plainName(name: string): string {
  const words =
    name
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words.sort().join(' ');
}
