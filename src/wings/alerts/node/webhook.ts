import { lookup } from 'node:dns/promises';
import { type RequestOptions, request } from 'node:https';
import { hmacSha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { requireWebhookAddress } from '../api/choice.ts';
import type { Channel, Delivered, Outgoing } from './channel.ts';
import { isPublicAddress } from './public-address.ts';

/** So long one request may take, however it passes. */
const requestMs = 5_000;

interface Address {
  readonly address: string;
  readonly family: number;
}

export interface WebhookOptions {
  readonly requestMs?: number;
  /** All addresses of a name; missing: as this machine resolves them. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>;
  /** Tests have a server on this very machine. */
  readonly isAllowed?: (address: Address) => boolean;
  /** Certificates (PEM) in place of the machine's. */
  readonly ca?: string;
}

/**
 * A signed request to an address that somebody chose: HTTPS alone, no redirect, and to the public internet alone, held
 * to the very address that was looked at. It has the letter's name, so who gets one twice knows it.
 * Source: docs/protocol/alerts.md, AL-12.
 */
export class WebhookChannel implements Channel {
  readonly name = 'webhook';
  /** Others do not wait for somebody's slow server. */
  readonly atOnce = 16;
  readonly #of: Required<Pick<WebhookOptions, 'requestMs' | 'resolve' | 'isAllowed'>>;
  readonly #ca: string | undefined;

  constructor(options: WebhookOptions = {}) {
    this.#of = {
      requestMs: options.requestMs ?? requestMs,
      resolve: options.resolve ?? ((host) => lookup(host, { all: true, verbatim: true })),
      isAllowed: options.isAllowed ?? (({ address, family }) => isPublicAddress(address, family)),
    };
    this.#ca = options.ca;
  }

  async deliver(letter: Outgoing): Promise<Delivered> {
    const deadline = AbortSignal.timeout(this.#of.requestMs);
    try {
      const url = urlOf(letter.address);
      const pinned = await this.#pinned(url.hostname.replace(/^\[|\]$/g, ''), deadline);
      return ofStatus(await this.#post(url, pinned, { letter, deadline }));
    } catch (error) {
      if (isCoded(error, 'ALERT_ADDRESS_WRONG') || isCoded(error, 'WEBHOOK_FORBIDDEN')) {
        return { outcome: 'never', code: error.code };
      }
      return { outcome: 'later', code: 'WEBHOOK_UNREACHABLE' };
    }
  }

  /** Every address of the name must be a public one: else a name with two would be tried until it gave the other. */
  async #pinned(host: string, deadline: AbortSignal): Promise<Address> {
    const late = new Promise<never>((_resolve, reject) => {
      deadline.addEventListener('abort', () => reject(deadline.reason));
    });
    const found = await Promise.race([this.#of.resolve(host), late]);
    const [first] = found;
    if (first === undefined) throw new CodedError('WEBHOOK_UNREACHABLE');
    if (!found.every((it) => this.#of.isAllowed(it))) throw new CodedError('WEBHOOK_FORBIDDEN');
    return first;
  }

  #post(
    url: URL,
    { address, family }: Address,
    { letter, deadline }: { readonly letter: Outgoing; readonly deadline: AbortSignal },
  ): Promise<number> {
    const body = bodyOf(letter);
    const options: RequestOptions = {
      method: 'POST',
      // A connection of its own: none that was opened to another address is used again.
      agent: false,
      signal: deadline,
      lookup: (_host, { all }, told) => {
        if (all === true) told(null, [{ address, family }]);
        else told(null, address, family);
      },
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        'salus-signature': `t=${letter.sentMs},v1=${signatureOf(letter, body)}`,
        'user-agent': 'salus-alerts',
      },
      maxHeaderSize: 16 * 1024,
      ...(this.#ca !== undefined && { ca: this.#ca }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, options, (response) => {
        resolve(response.statusCode ?? 0);
        // Nobody reads what it says.
        response.destroy();
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** Read as it is written: nothing that a parser would spell otherwise. Throws ALERT_ADDRESS_WRONG. */
function urlOf(address: string): URL {
  requireWebhookAddress(address);
  if (!URL.canParse(address) || new URL(address).href !== address) {
    throw new CodedError('ALERT_ADDRESS_WRONG');
  }
  return new URL(address);
}

/** That there is news, or that she tried it out: nothing else, as in a letter. */
function bodyOf({ name, cause }: Outgoing): Uint8Array {
  return utf8(JSON.stringify({ id: bytesToHex(name), what: cause === 'test' ? 'test' : 'news' }));
}

/** HMAC-SHA-256 under the choice's own secret over `time in ms . body`, as hex. */
function signatureOf({ secret, sentMs }: Outgoing, body: Uint8Array): string {
  return bytesToHex(hmacSha256(secret, utf8(`${sentMs}.`), body));
}

function ofStatus(status: number): Delivered {
  if (status >= 200 && status < 300) return { outcome: 'accepted' };
  const isLater = status >= 500 || status === 408 || status === 425 || status === 429;
  if (isLater) return { outcome: 'later', code: 'WEBHOOK_UNREACHABLE' };
  return { outcome: 'never', code: 'WEBHOOK_REFUSED' };
}
