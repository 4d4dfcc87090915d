import { resourceTypes } from './resource-types.ts';

export const isHttp = (address: string | undefined): address is string =>
  address !== undefined && /^https?:\/\//i.test(address);

/** `https://a.example/fhir` of `https://a.example/fhir/Observation?patient=1` and of `.../Patient/1/$everything`. */
export function baseOf(self: string | undefined): string | undefined {
  if (!isHttp(self)) return undefined;
  const [path = ''] = self.split(/[?#]/, 1);
  const parts = path.split('/');
  const type = parts.findIndex((part, i) => i > 2 && resourceTypes.has(part));
  return withoutSlashes((type < 0 ? parts : parts.slice(0, type)).join('/'));
}

/** Without those at its end. No pattern: of a text of slashes it would look at each end of each run. */
export function withoutSlashes(address: string): string {
  let end = address.length;
  while (address[end - 1] === '/') end--;
  return address.slice(0, end);
}

/** Of a resource, whichever of its versions it names. */
export function withoutVersion(address: string): string {
  const [path = ''] = address.split(/[?#]/, 1);
  const end = path.search(/\/_history(?:\/|$)/);
  return withoutSlashes(end < 0 ? path : path.slice(0, end));
}

/** `Patient/1` of an address, a reference with a version, and itself. */
export function referenceName(reference: string | undefined): string {
  if (reference === undefined) return '';
  const bare = withoutVersion(reference);
  return isHttp(bare) ? bare.split('/').slice(-2).join('/') : bare;
}
