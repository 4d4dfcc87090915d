import assert from 'node:assert/strict';
import type { Code } from '../../src/codes/index.ts';
import { type CodedError, isCoded } from '../../src/primitives/errors.ts';
import { Person } from '../../src/sdk/index.ts';
import { type Enrolled, passphrase } from '../e2e/consortium.ts';

export interface MiddleCall {
  /** `GET /v1/state/accounts/…?proof=1`: the hospital's own part of the address is left out. */
  readonly name: string;
  readonly body: unknown;
}

export type Json = Record<string, unknown>;

/** Gives other bytes, or undefined: what the honest gateway said. */
export type Lie = (
  call: MiddleCall,
  honest: Uint8Array,
) => Uint8Array | Promise<Uint8Array | undefined> | undefined;

/**
 * A gateway that lies, as its client sees it: an honest one whose answers somebody changes on the way. It sees
 * everything, and keeps what was said so that it can say it again.
 */
export class Middle {
  lie: Lie | undefined;
  /** Answers instead of the gateway, which is not asked. */
  instead: ((call: MiddleCall) => Response | undefined) | undefined;
  /** The newest honest answer of each call. */
  readonly said = new Map<string, Uint8Array>();
  readonly calls: string[] = [];

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(url);
    const path = pathname.slice(pathname.indexOf('/v1')) + search;
    const call = { name: `${init.method ?? 'GET'} ${path}`, body: init.body };
    if (call.name === 'POST /v1/state') return this.#oneByOne(url, init);
    this.calls.push(call.name);
    const instead = this.instead?.(call);
    if (instead !== undefined) return instead;
    const response = await fetch(url, init);
    const honest = new Uint8Array(await response.arrayBuffer());
    const told = (await this.lie?.(call, honest)) ?? honest;
    if (response.ok) this.said.set(call.name, honest);
    const { status } = response;
    return new Response(status === 204 ? null : new Uint8Array(told), { status });
  };

  /** Many rows in one call are asked for alone, so that a lie about a row is told however it is asked for. */
  async #oneByOne(url: string, init: RequestInit): Promise<Response> {
    const { rows } = JSON.parse(String(init.body)) as {
      readonly rows: readonly { readonly table: string; readonly key: string }[];
    };
    const answers: unknown[] = [];
    for (const { table, key } of rows) {
      const response = await this.fetch(`${url}/${table}/${key}?proof=1`, { method: 'GET' });
      if (!response.ok) return response;
      answers.push(await response.json());
    }
    return Response.json({ answers });
  }

  /** From now on what was answered is answered in the same words, as of now or of then: time stands still. */
  freeze(
    pattern = /GET \/v1\/(state|headers)/,
    kept: ReadonlyMap<string, Uint8Array> = new Map(this.said),
  ): void {
    this.lie = ({ name }) => (pattern.test(name) ? kept.get(name) : undefined);
  }

  /** The same person on a device whose hospital is this gateway, and which has checked nothing before. */
  async serve(
    somebody: Enrolled,
    now?: () => number,
    retryDelaysMs: readonly number[] = [],
  ): Promise<Person> {
    const http = { fetch: this.fetch, retryDelaysMs };
    const options = now === undefined ? { http } : { http, now };
    const store = { ...somebody.store, beside: undefined };
    return Person.open({ store, passphrase }, options);
  }
}

export const bytesOfWords = (words: string): Uint8Array => new TextEncoder().encode(words);

/** Changes the JSON of the answers to calls that match. */
export function changing(pattern: RegExp, change: (body: Json) => unknown): Lie {
  return ({ name }, honest) => {
    if (!pattern.test(name)) return undefined;
    const json: Json = JSON.parse(new TextDecoder().decode(honest));
    change(json);
    return bytesOfWords(JSON.stringify(json));
  };
}

export function listIn(body: Json, field: string): Json[] {
  const list = body[field];
  assert.ok(Array.isArray(list), `${field} is a list`);
  return list;
}

/** Fails unless the work is refused with one of these codes; returns the error, so that a test asks who lied. */
export async function caught(
  work: Promise<unknown>,
  ...codes: readonly Code[]
): Promise<CodedError> {
  try {
    await work;
  } catch (error) {
    assert.ok(isCoded(error), String(error));
    assert.ok(codes.includes(error.code), `${error.code} ${JSON.stringify(error.details)}`);
    return error;
  }
  return assert.fail(`not refused: expected ${codes.join(' or ')}`);
}
