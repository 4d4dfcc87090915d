import { type KemKey, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { randomBytes } from '../../crypto/random.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { type DeviceLink, firstMessageHash, makeDeviceLink } from './link.ts';
import { sealRelease } from './release.ts';
import {
  areDigits,
  commitmentOf,
  decodeReveal,
  digitsOf,
  nonceBytes,
  type Said,
  transcriptOf,
} from './transcript.ts';
import { believing, lied, Turns } from './turns.ts';

/** A device that was added: what it is called and sealed to from now on. */
export interface AddedDevice {
  readonly name: string;
  /** X-Wing, made for this session: nobody else was shown it before. */
  readonly kemKey: Uint8Array;
}

/** s_o and all that was said. */
interface Heard {
  readonly said: Said;
  readonly secret: Uint8Array;
}
type Step =
  | { readonly kind: 'commitment' }
  | { readonly kind: 'reveal'; readonly commitment: Uint8Array; readonly nonce: Uint8Array }
  | ({ readonly kind: 'digits'; readonly triesLeft: number } & Heard)
  | ({ readonly kind: 'release' } & Heard);

/**
 * The device that hands over, message by message, without a clock and a network:
 *
 *     link ─▶ answerTo(C) gives r_o ─▶ hear(reveal) ─▶ enter(digits) ─▶ release(payload)
 *
 * It draws r_o only when C has come, shows no digits, and has nothing to release to before they were entered. One of
 * everything: what comes twice, out of its turn or does not hold ends it. Source: docs/protocol/devices.md, D-1 to D-6.
 */
export class OldDevice {
  readonly link: DeviceLink;
  readonly #key: KemKey;
  readonly #turns = new Turns<Step>({ kind: 'commitment' });
  readonly #tries: number;

  private constructor(link: DeviceLink, key: KemKey, tries: number) {
    this.link = link;
    this.#key = key;
    this.#tries = tries;
  }

  /** `tries`: so many entries of digits, right or wrong. Throws DEVICE_LINK_INVALID: no address for a relay. */
  static async begin(options: {
    readonly account: AccountId;
    readonly relay: string;
    readonly tries: number;
  }): Promise<OldDevice> {
    const { account, relay, tries } = options;
    const key = await xwingKeyFromSeed(randomBytes(32));
    const session = randomBytes(16);
    const link = makeDeviceLink({ session, account, relay, key: key.publicKey });
    return new OldDevice(link, key, tries);
  }

  /** K_o, which the link names by its hash. */
  get kemKey(): Uint8Array {
    return this.#key.publicKey;
  }

  get isOver(): boolean {
    return this.#turns.isOver;
  }

  /** r_o, for a commitment; a second one ends it. Throws DEVICE_RELAY_LIED, DEVICE_SESSION_OVER. */
  answerTo(commitment: Uint8Array): Uint8Array {
    this.#turns.take('commitment');
    if (commitment.length !== nonceBytes) throw lied('commitment');
    const nonce = randomBytes(nonceBytes);
    this.#turns.next({ kind: 'reveal', commitment: commitment.slice(), nonce });
    return nonce;
  }

  /** What the new device calls itself: its word, until the digits are right. Throws as `answerTo`. */
  async hear(message: Uint8Array): Promise<string> {
    const { commitment, nonce } = this.#turns.take('reveal');
    return believing('reveal', async () => {
      const reveal = decodeReveal(message);
      const firstHash = firstMessageHash(this.link, this.kemKey);
      if (!equalBytes(commitmentOf(firstHash, reveal), commitment)) throw lied('reveal');
      const secret = await this.#key.decapsulate(reveal.enc);
      const said = { firstHash, commitment, nonce, reveal };
      this.#turns.next({ kind: 'digits', triesLeft: this.#tries, said, secret });
      return reveal.name;
    });
  }

  /**
   * What a person read on the new device. Throws DEVICE_DIGITS_WRONG with `triesLeft`, of which the last ends it;
   * DEVICE_SESSION_OVER.
   */
  enter(typed: string): AddedDevice {
    const { said, secret, triesLeft } = this.#turns.take('digits');
    if (!areDigits(typed, digitsOf(said))) {
      const left = triesLeft - 1;
      if (left > 0) this.#turns.next({ kind: 'digits', triesLeft: left, said, secret });
      throw new CodedError('DEVICE_DIGITS_WRONG', { triesLeft: Math.max(left, 0) });
    }
    this.#turns.next({ kind: 'release', said, secret });
    const { name, kemKey } = said.reveal;
    return { name, kemKey };
  }

  /** What the new device alone opens; once. Throws BODY_TOO_LARGE, DEVICE_RELAY_LIED, DEVICE_SESSION_OVER. */
  async release(payload: Uint8Array): Promise<Uint8Array> {
    const { said, secret } = this.#turns.take('release');
    const { kemKey } = said.reveal;
    const transcript = transcriptOf(said);
    return believing('reveal', () => sealRelease({ kemKey, secret, transcript }, payload));
  }
}
