import { sha256 } from '../../../crypto/hash.ts';
import { concatBytes, utf8, utf8ToText } from '../../../primitives/bytes.ts';
import { isHttp, referenceName, withoutSlashes, withoutVersion } from '../address.ts';
import { JsonScanner, token } from '../json-scanner.ts';
import { lengthOfByteOrderMark } from '../media-type.ts';
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

/**
 * 16 bytes that are equal where two texts are equal as JSON: blanks and the order of fields aside, numbers by their
 * spelling. Of other bytes: of the bytes. Nothing recurses.
 */
export function jsonHash(bytes: Uint8Array, isJson: boolean): Uint8Array {
  const spelled = isJson ? utf8(plainJson(bytes)) : bytes;
  return sha256(spelled).subarray(0, 16);
}

function plainJson(bytes: Uint8Array): string {
  const scanner = new JsonScanner(bytes, lengthOfByteOrderMark(bytes));
  const open: { readonly close: '}' | ']'; readonly parts: string[]; name: string }[] = [];
  let whole = '';
  const put = (text: string): void => {
    const parent = open.at(-1);
    if (parent === undefined) whole = text;
    else parent.parts.push(parent.name + text);
  };
  for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
    const top = open.at(-1);
    if (kind === token.objectOpen) open.push({ close: '}', parts: [], name: '' });
    else if (kind === token.arrayOpen) open.push({ close: ']', parts: [], name: '' });
    else if (kind === token.key && top !== undefined) {
      top.name = `${JSON.stringify(scanner.keyText())}:`;
    } else if (kind === token.string) put(JSON.stringify(scanner.text()));
    else if (kind === token.number || kind === token.literal) put(spellingAt(scanner));
    else if (top !== undefined) {
      open.pop();
      const parts = top.close === '}' ? top.parts.toSorted() : top.parts;
      put(`${top.close === '}' ? '{' : '['}${parts.join(',')}${top.close}`);
    }
  }
  return whole;
}

const spellingAt = ({ bytes, start, end }: JsonScanner): string =>
  utf8ToText(bytes.subarray(start, end));
