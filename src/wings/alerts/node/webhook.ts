import { hmacSha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { requireWebhookAddress } from '../api/choice.ts';
import type { Channel, Delivered, Outgoing } from './channel.ts';
import { isLaterStatus, PublicPost, type PublicPostOptions, urlAsWritten } from './public-post.ts';

/**
 * A signed request to an address that somebody chose. It has the letter's name, so who gets one twice knows it.
 * Source: docs/protocol/alerts.md, AL-12.
 */
export class WebhookChannel implements Channel {
  readonly name = 'webhook';
  /** Others do not wait for somebody's slow server. */
  readonly atOnce = 16;
  readonly #post: PublicPost;

  constructor(options: PublicPostOptions = {}) {
    const codes = { forbidden: 'WEBHOOK_FORBIDDEN', unreachable: 'WEBHOOK_UNREACHABLE' } as const;
    this.#post = new PublicPost(codes, options);
  }

  async deliver(letter: Outgoing): Promise<Delivered> {
    try {
      requireWebhookAddress(letter.address);
      const body = bodyOf(letter);
      const headers = {
        'content-type': 'application/json',
        'salus-signature': `t=${letter.sentMs},v1=${signatureOf(letter, body)}`,
      };
      return ofStatus(await this.#post.send(urlAsWritten(letter.address), headers, body));
    } catch (error) {
      if (isCoded(error, 'ALERT_ADDRESS_WRONG') || isCoded(error, 'WEBHOOK_FORBIDDEN')) {
        return { outcome: 'never', code: error.code };
      }
      return { outcome: 'later', code: 'WEBHOOK_UNREACHABLE' };
    }
  }
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
  if (isLaterStatus(status)) return { outcome: 'later', code: 'WEBHOOK_UNREACHABLE' };
  return { outcome: 'never', code: 'WEBHOOK_REFUSED' };
}
