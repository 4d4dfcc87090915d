import { encodeSigned } from '../../../src/api/signed.ts';
import { type Label, labels } from '../../../src/crypto/labels.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { base64Of, freshValue, type Neighbourhood, textOf } from './http-people.ts';

/** A request as it is sent. */
export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer | undefined;
}

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'] as const;
const allLabels: readonly Label[] = Object.values(labels);
const isList = (value: Cbor | undefined): value is readonly Cbor[] => Array.isArray(value);

/**
 * A request out of `[who, method, address, headers [[name, value]...], body]`, so that what is signed is signed
 * after it was changed. `{name}` in an address, or the text `{name}` as a value, stands for what the neighbourhood
 * knows by that name. Anything that has another form than these is sent as it is, or left out.
 */
export async function requestOf(input: Cbor, known: Neighbourhood): Promise<Sent> {
  const [who, method, address, headers, body] = isList(input) ? input : [];
  const filled = await filledIn(textIn(address), known);
  const payload = await new Body(known).payload(body ?? null);
  const named: Record<string, string> = {};
  const type = isList(body) && body[0] === 'json' ? 'application/json' : 'application/octet-stream';
  if (payload !== undefined) named['content-type'] = type;
  const { token = '' } = known.people[textIn(who)] ?? {};
  if (token !== '') named.authorization = `Bearer ${token}`;
  for (const header of isList(headers) ? headers : []) {
    const [name, value] = isList(header) ? header : [];
    // Node's parser refuses other names and control characters before any of our code runs.
    if (!/^[a-zA-Z0-9-]{1,60}$/.test(textIn(name))) continue;
    named[textIn(name).toLowerCase()] = printable(await filledIn(textIn(value), known));
  }
  return {
    method: methods.find((one) => one === method) ?? 'GET',
    url: urlOf(filled),
    headers: named,
    payload,
  };
}

const textIn = (value: Cbor | undefined): string =>
  value === undefined || value === null ? '' : isList(value) ? '' : textOf(value);

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 8_000);

function urlOf(text: string): string {
  const escaped = text.replaceAll(
    /[^\x21-\x7e]/g,
    (one) => `%${(one.charCodeAt(0) & 255).toString(16).padStart(2, '0')}`,
  );
  // A test waits shorter than a client may ask for.
  const quick = escaped.replaceAll(/waitMs=\d+/g, 'waitMs=1500');
  const url = `/${quick.replace(/^\/+/, '')}`.slice(0, 8_000);
  return URL.canParse(url, 'http://localhost') ? url : '/';
}

async function filledIn(text: string, known: Neighbourhood): Promise<string> {
  let filled = text;
  for (const [whole, name = ''] of text.matchAll(/\{([\w.:]+)\}/g)) {
    const value = known.known.get(name) ?? (await freshValue(known, name));
    if (value !== undefined) filled = filled.replace(whole, () => textOf(value));
  }
  return filled;
}

/** The body of one request; a fresh value stays the same within it. */
class Body {
  readonly #known: Neighbourhood;
  readonly #fresh = new Map<string, Cbor>();

  constructor(known: Neighbourhood) {
    this.#known = known;
  }

  async payload(body: Cbor): Promise<Buffer | undefined> {
    if (body === null) return undefined;
    if (isList(body) && body[0] === 'json') {
      return Buffer.from(JSON.stringify(await this.#json(body[1] ?? null)));
    }
    if (isList(body) && body[0] === 'text')
      return Buffer.from(textIn(await this.#value(body[1] ?? '')));
    if (isList(body) && body[0] === 'seq') {
      const parts: Uint8Array[] = [];
      for (const part of body.slice(1)) parts.push(encodeCbor(await this.#value(part)));
      return Buffer.concat(parts);
    }
    const value = await this.#value(body);
    return Buffer.from(value instanceof Uint8Array ? value : encodeCbor(value));
  }

  /** `[name, value]` pairs after 'obj' make an object; 'list', 'b64', 'sign' and 'signature' see below. */
  async #json(value: Cbor): Promise<unknown> {
    if (!isList(value)) {
      const found = await this.#value(value);
      return found instanceof Uint8Array ? textOf(found) : found;
    }
    const [kind, ...rest] = value;
    switch (kind) {
      case 'obj': {
        const entries: [string, unknown][] = [];
        for (const pair of rest) {
          const [name, part] = isList(pair) ? pair : [];
          entries.push([textIn(name), await this.#json(part ?? null)]);
        }
        return Object.fromEntries(entries);
      }
      case 'b64':
        return base64Of(await this.#value(rest[0] ?? null));
      case 'sign': {
        const bytes = encodeCbor(await this.#value(rest[2] ?? null));
        const signature = await this.#signature(rest[0], rest[1], bytes);
        return base64Of(encodeSigned({ bytes, signature }));
      }
      case 'signature': {
        const bytes = encodeCbor(await this.#value(rest[2] ?? null));
        return base64Of(await this.#signature(rest[0], rest[1], bytes));
      }
      case 'tx': {
        const body = await this.#value(rest[1] ?? null);
        const bytes = encodeCbor(body);
        const signature = await this.#signature(labels.txSign, rest[0], bytes);
        const key = this.#known.keys.get(textIn(rest[0]))?.publicKey ?? new Uint8Array(32);
        return base64Of([body, [[key, signature]]]);
      }
      default: {
        const items: unknown[] = [];
        for (const part of kind === 'list' ? rest : value) items.push(await this.#json(part));
        return items;
      }
    }
  }

  async #signature(label: Cbor | undefined, who: Cbor | undefined, bytes: Uint8Array) {
    const key = this.#known.keys.get(textIn(who));
    const named = allLabels.find((one) => one === label);
    if (key === undefined || named === undefined) return new Uint8Array(64);
    return signLabelled(key, named, bytes);
  }

  async #value(value: Cbor): Promise<Cbor> {
    if (isList(value) && value[0] === 'signature') {
      const bytes = encodeCbor(await this.#value(value[3] ?? null));
      return this.#signature(value[1], value[2], bytes);
    }
    if (isList(value) && value[0] === 'cbor') {
      return encodeCbor(await this.#value(value[1] ?? null));
    }
    if (isList(value)) {
      const parts: Cbor[] = [];
      for (const part of value) parts.push(await this.#value(part));
      return parts;
    }
    const [, name] = typeof value === 'string' ? (/^\{([\w.:]+)\}$/.exec(value) ?? []) : [];
    if (name === undefined) return value;
    const known = this.#known.known.get(name) ?? this.#fresh.get(name);
    if (known !== undefined) return known;
    const fresh = await freshValue(this.#known, name);
    if (fresh === undefined) return value;
    this.#fresh.set(name, fresh);
    return fresh;
  }
}
