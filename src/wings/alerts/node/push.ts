import { bytesOfText } from '../../../api/message-parts.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { partsOfPush } from '../api/choice.ts';
import type { Channel, Delivered, Outgoing } from './channel.ts';
import { isLaterStatus, PublicPost, type PublicPostOptions, urlAsWritten } from './public-post.ts';
import { newSender, sealPush, type Vapid, vapidHeader } from './web-push.ts';

/** All pushes are as long: which language, and whether it was tried out, is not seen from outside. */
const plainBytes = 128;
/** A browser that is off for longer is told in the app. */
const keptSeconds = 3 * 24 * 60 * 60;

/**
 * A push to one browser: that there is something new, sealed to it. Another's push service carries it and learns when, and to which of its browsers.
 * Source: docs/protocol/alerts.md, AL-15.
 */
export class PushChannel implements Channel {
  readonly name = 'push';
  readonly atOnce = 16;
  readonly #post: PublicPost;
  readonly #vapid: Vapid;

  constructor(vapid: Vapid, options: PublicPostOptions = {}) {
    this.#vapid = vapid;
    this.#post = new PublicPost(
      { forbidden: 'PUSH_FORBIDDEN', unreachable: 'PUSH_UNREACHABLE' },
      options,
    );
  }

  async deliver(letter: Outgoing): Promise<Delivered> {
    try {
      const { endpoint, p256dh, auth } = partsOfPush(letter.address);
      const url = urlAsWritten(endpoint);
      const to = { p256dh: bytesOfText(p256dh, 65), auth: bytesOfText(auth, 16) };
      const drawn = { salt: randomBytes(16), sender: newSender(), plainBytes };
      const headers = {
        authorization: vapidHeader(this.#vapid, url.origin, letter.sentMs),
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: keptSeconds,
        // What waits at the push service is one message: the next takes its place (RFC 8030, 5.4).
        topic: 'news',
        urgency: 'normal',
      };
      return ofStatus(await this.#post.send(url, headers, sealPush(textOf(letter), to, drawn)));
    } catch (error) {
      return outcomeOf(error);
    }
  }
}

function textOf({ name, cause, language }: Outgoing): Uint8Array {
  const id = bytesToHex(name);
  return utf8(JSON.stringify({ id, what: cause === 'test' ? 'test' : 'news', language }));
}

function ofStatus(status: number): Delivered {
  if (status >= 200 && status < 300) return { outcome: 'accepted' };
  if (isLaterStatus(status)) return { outcome: 'later', code: 'PUSH_UNREACHABLE' };
  // RFC 8030, 7.3: this subscription has ended.
  if (status === 404 || status === 410) return { outcome: 'never', code: 'PUSH_GONE' };
  return { outcome: 'never', code: 'PUSH_REFUSED' };
}

function outcomeOf(error: unknown): Delivered {
  const isNever = isCoded(error, 'ALERT_ADDRESS_WRONG') || isCoded(error, 'PUSH_FORBIDDEN');
  if (isNever || isCoded(error, 'PUSH_KEY_WRONG')) return { outcome: 'never', code: error.code };
  // Base64url of another length than a key has.
  if (isCoded(error)) return { outcome: 'never', code: 'ALERT_ADDRESS_WRONG' };
  return { outcome: 'later', code: 'PUSH_UNREACHABLE' };
}
