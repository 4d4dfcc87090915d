import { type RequestOptions, request } from 'node:https';
import { CodedError } from '../../../primitives/errors.ts';
import { type Address, NameLookup } from './name-lookup.ts';
import { isPublicAddress } from './public-address.ts';

/** So long one request may take, however it passes. */
const requestMs = 5_000;

export interface PublicPostOptions {
  readonly requestMs?: number;
  /** All addresses of a name; missing: as `NameLookup` has them. */
  readonly resolve?: (host: string, signal: AbortSignal) => Promise<readonly Address[]>;
  /** Tests have a server on this very machine. */
  readonly isAllowed?: (address: Address) => boolean;
  /** Certificates (PEM) in place of the machine's. */
  readonly ca?: string;
}

const names = new NameLookup();

/** Codes of who asks: each way has its own. */
interface Codes {
  readonly forbidden: CodedError['code'];
  readonly unreachable: CodedError['code'];
}

/**
 * Requests to addresses that somebody chose: HTTPS alone, no redirect, and to the public internet alone, held to the very
 * address that was looked at. Source: docs/protocol/alerts.md, AL-12.
 */
export class PublicPost {
  readonly #of: Required<Pick<PublicPostOptions, 'requestMs' | 'resolve' | 'isAllowed'>>;
  readonly #ca: string | undefined;
  readonly #codes: Codes;

  constructor(codes: Codes, options: PublicPostOptions = {}) {
    this.#codes = codes;
    this.#of = {
      requestMs: options.requestMs ?? requestMs,
      resolve: options.resolve ?? ((host, signal) => names.addresses(host, { signal })),
      isAllowed: options.isAllowed ?? (({ address, family }) => isPublicAddress(address, family)),
    };
    this.#ca = options.ca;
  }

  /** The status that was answered. Throws the code for what is forbidden, and what the network throws. */
  async send(
    url: URL,
    headers: Readonly<Record<string, string | number>>,
    body: Uint8Array,
  ): Promise<number> {
    const deadline = AbortSignal.timeout(this.#of.requestMs);
    const pinned = await this.#pinned(url.hostname.replace(/^\[|\]$/g, ''), deadline);
    return this.#post(url, pinned, { headers, body, deadline });
  }

  /** Every address of the name must be a public one: else a name with two would be tried until it gave the other. */
  async #pinned(host: string, deadline: AbortSignal): Promise<Address> {
    const late = new Promise<never>((_resolve, reject) => {
      deadline.addEventListener('abort', () => reject(deadline.reason));
    });
    const found = await Promise.race([this.#of.resolve(host, deadline), late]);
    const [first] = found;
    if (first === undefined) throw new CodedError(this.#codes.unreachable);
    if (!found.every((it) => this.#of.isAllowed(it))) throw new CodedError(this.#codes.forbidden);
    return first;
  }

  #post(
    url: URL,
    { address, family }: Address,
    sent: {
      readonly headers: Readonly<Record<string, string | number>>;
      readonly body: Uint8Array;
      readonly deadline: AbortSignal;
    },
  ): Promise<number> {
    const options: RequestOptions = {
      method: 'POST',
      // A connection of its own: none that was opened to another address is used again.
      agent: false,
      signal: sent.deadline,
      lookup: (_host, { all }, told) => {
        if (all === true) told(null, [{ address, family }]);
        else told(null, address, family);
      },
      headers: {
        ...sent.headers,
        'content-length': sent.body.length,
        'user-agent': 'salus-alerts',
      },
      maxHeaderSize: 16 * 1024,
      ...(this.#ca !== undefined && { ca: this.#ca }),
    };
    return new Promise((resolve, reject) => {
      const asked = request(url, options, (response) => {
        resolve(response.statusCode ?? 0);
        // Nobody reads what it says.
        response.destroy();
      });
      asked.on('error', reject);
      asked.end(sent.body);
    });
  }
}

/** Read as it is written: nothing that a parser would spell otherwise. Throws ALERT_ADDRESS_WRONG. */
export function urlAsWritten(address: string): URL {
  if (!URL.canParse(address) || new URL(address).href !== address) {
    throw new CodedError('ALERT_ADDRESS_WRONG');
  }
  return new URL(address);
}

/** What somebody's server wants later. */
export const isLaterStatus = (status: number): boolean =>
  status >= 500 || status === 408 || status === 425 || status === 429;
