import type { Route } from '../../../src/api/route.ts';
import type { Cbor } from '../../../src/primitives/cbor.ts';
import { sampleOf } from '../samples.ts';

export const obj = (fields: Readonly<Record<string, Cbor>>): Cbor => [
  'obj',
  ...Object.entries(fields),
];
export const json = (fields: Readonly<Record<string, Cbor>>): Cbor => ['json', obj(fields)];

/** A request of one route: `at` stands for the names in its path, in their order. */
export interface Seed {
  readonly route: Route;
  readonly who?: string;
  readonly hospital?: 'north' | 'south';
  readonly at?: readonly string[];
  readonly query?: string;
  readonly headers?: readonly Cbor[];
  readonly body?: Cbor;
}

/** The request as an input of the target: `[who, method, address, headers, body]`. */
export function requestIn(seed: Seed): Cbor {
  const { route, who = '', hospital = 'north', at = [], query = '', headers = [], body } = seed;
  const given = at[Symbol.iterator]();
  const path = route.path.replaceAll(/:\w+/g, () => given.next().value ?? '');
  return [who, route.method, `/${hospital}${path}${query}`, headers, body ?? null];
}

/** A request out of a route's schemas alone: of the right form, and of nothing that exists. */
export function sampleRequest(route: Route): Cbor {
  const { who, params, query, body, stream } = route;
  const named = Object.entries(Object(params === undefined ? {} : sampleOf(params)));
  const asked = Object.entries(Object(query === undefined ? {} : sampleOf(query)));
  const text = (pairs: [string, unknown][]) => pairs.map(([name, value]) => `${name}=${value}`);
  return requestIn({
    ...{ route, who: who === 'desk' ? '' : 'ana' },
    at: named.map(([, value]) => String(value)),
    ...(asked.length === 0 ? {} : { query: `?${text(asked).join('&')}` }),
    ...(who === 'desk' ? { headers: [['authorization', '{desk}']] } : {}),
    ...(stream === undefined
      ? {}
      : { headers: [['content-type', stream]], body: new Uint8Array(0) }),
    ...(body === undefined ? {} : { body: ['json', treeOf(sampleOf(body))] }),
  });
}

/** JSON as inputs spell it. */
function treeOf(value: unknown): Cbor {
  if (Array.isArray(value)) return ['list', ...value.map(treeOf)];
  if (typeof value === 'object' && value !== null) {
    return ['obj', ...Object.entries(value).map(([name, part]) => [name, treeOf(part)])];
  }
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}
