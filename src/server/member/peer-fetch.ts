import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PeerFetch } from '../../gateway/base.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { machineFiles } from './machine.ts';
import { type NetworkMember, networkIn } from './network.ts';

/** Answers without a body. */
const empty = [101, 204, 205, 304];
const isIPv6 = (host: string): boolean => host.includes(':');

/** Where the gateway of a member answers to the machines of the others. */
export const peerUrl = ({ host, ports, name }: NetworkMember): string =>
  `https://${isIPv6(host) ? `[${host}]` : host}:${ports.peers}/${name}`;

/**
 * How gateways call each other over mutual TLS: with this machine's certificate, and believing for each address the
 * organisation alone whose machine it is. Source: docs/protocol/http.md, rule H-34.
 */
export class PeerConnections {
  readonly #home: string;
  readonly #own: NetworkMember;
  #others: ReadonlyMap<string, NetworkMember>;
  readonly #agents = new Map<string, Agent>();

  /** Throws HOME_INVALID. */
  constructor(home: string, own: NetworkMember) {
    this.#home = home;
    this.#own = own;
    this.#others = this.#read();
  }

  /** By organisation. */
  get urls(): ReadonlyMap<AccountId, string> {
    return new Map([...this.#others.values()].map((it) => [it.organisation, peerUrl(it)]));
  }

  /** After a renewal, of our certificate or of whom the others believe: who is called next is called anew. Throws HOME_INVALID. */
  renew(): void {
    this.#others = this.#read();
    this.#end();
  }

  #read(): ReadonlyMap<string, NetworkMember> {
    const others = networkIn(this.#home).filter(({ name }) => name !== this.#own.name);
    return new Map(others.map((it) => [new URL(peerUrl(it)).host, it]));
  }

  #end(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  close(): void {
    this.#end();
  }

  /** What is no member's own address is called as anybody calls it. */
  readonly fetch: PeerFetch = (url, init) => {
    const { host, protocol } = new URL(url);
    const member = protocol === 'https:' ? this.#others.get(host) : undefined;
    return member === undefined ? fetch(url, init) : this.#call(url, init, this.#agentOf(member));
  };

  #agentOf(member: NetworkMember): Agent {
    const kept = this.#agents.get(member.name);
    if (kept !== undefined) return kept;
    const { cert, key } = machineFiles(this.#home);
    const agent = new Agent({
      keepAlive: true,
      minVersion: 'TLSv1.3',
      cert: readFileSync(cert),
      key: readFileSync(key),
      ca: member.authority,
    });
    this.#agents.set(member.name, agent);
    return agent;
  }

  #call(url: string, init: Parameters<PeerFetch>[1], agent: Agent): Promise<Response> {
    const headers = Object.fromEntries(new Headers(init.headers));
    const { method = 'GET', signal } = init;
    const call = request(url, { method, headers, agent, ...(signal && { signal }) });
    const answered = new Promise<Response>((resolve, reject) => {
      call.once('error', reject);
      call.once('response', (message) => {
        const status = message.statusCode ?? 502;
        const body = empty.includes(status) ? null : (Readable.toWeb(message) as ReadableStream);
        const said = Object.entries(message.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)] as [string, string]],
        );
        resolve(new Response(body, { status, headers: said }));
      });
    });
    // A peer that refuses early hears no more of the body: what it said is the answer.
    void send(call, init.body).catch(() => {});
    return answered;
  }
}

async function send(call: NodeJS.WritableStream, body: unknown): Promise<void> {
  if (body instanceof ReadableStream) await pipeline(Readable.fromWeb(body), call);
  else if (typeof body === 'string' || body instanceof Uint8Array) call.end(body);
  else call.end();
}
