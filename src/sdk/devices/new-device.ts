import { isDisplayName } from '../../api/display-name.ts';
import { sha256 } from '../../crypto/hash.ts';
import { xwingEncapsulate, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { randomBytes } from '../../crypto/random.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { maxDeviceNameLength } from '../wallet/content.ts';
import { type DeviceLink, firstMessageHash } from './link.ts';
import { encapsulationIn, openRelease } from './release.ts';
import {
  commitmentOf,
  digitsOf,
  encodeReveal,
  nonceBytes,
  releaseKeyOf,
  type Said,
  transcriptOf,
} from './transcript.ts';
import { believing, lied, Turns } from './turns.ts';

/** Seed of K_n, and s_o. */
interface Secrets {
  readonly seed: Uint8Array;
  readonly secret: Uint8Array;
}
type Step =
  | { readonly kind: 'key' }
  | ({ readonly kind: 'nonce'; readonly said: Omit<Said, 'nonce'> } & Secrets)
  | ({ readonly kind: 'release'; readonly said: Said } & Secrets);

/** What a new device shows and sends when it was told r_o. */
interface Revealed {
  /** For a person to read and to type on the old device. */
  readonly digits: string;
  /** For the relay. */
  readonly message: Uint8Array;
}

/** What a new device has in the end. */
interface Received {
  readonly payload: Uint8Array;
  /** 32 bytes: of the X-Wing key that is this device's from now on. */
  readonly seed: Uint8Array;
}

/**
 * The device that is added, message by message, without a clock and a network:
 *
 *     meet(K_o) gives C ─▶ answerTo(r_o) gives digits and reveal ─▶ open(release)
 *
 * It shows nothing of what it chose before r_o has come, and opens only what was sealed by who holds the key of the
 * link. What comes twice, out of its turn or does not hold ends it. Source: docs/protocol/devices.md, D-1 to D-6.
 */
export class NewDevice {
  readonly link: DeviceLink;
  readonly #name: string;
  readonly #turns = new Turns<Step>({ kind: 'key' });

  /** Throws NAME_INVALID. */
  constructor(link: DeviceLink, name: string) {
    if (!isDisplayName(name, maxDeviceNameLength)) {
      throw new CodedError('NAME_INVALID', { what: 'name', maxLength: maxDeviceNameLength });
    }
    this.link = link;
    this.#name = name;
  }

  get isOver(): boolean {
    return this.#turns.isOver;
  }

  /** C, for the key whose hash stands in the link. Throws DEVICE_RELAY_LIED, DEVICE_SESSION_OVER. */
  async meet(oldKey: Uint8Array): Promise<Uint8Array> {
    this.#turns.take('key');
    return believing('key', async () => {
      if (!equalBytes(sha256(oldKey), this.link.keyHash)) throw lied('key');
      const { enc, secret } = await xwingEncapsulate(oldKey);
      const seed = randomBytes(32);
      const { publicKey: kemKey } = await xwingKeyFromSeed(seed);
      const reveal = { kemKey, nonce: randomBytes(nonceBytes), name: this.#name, enc };
      const firstHash = firstMessageHash(this.link, oldKey);
      const commitment = commitmentOf(firstHash, reveal);
      this.#turns.next({ kind: 'nonce', said: { firstHash, commitment, reveal }, seed, secret });
      return commitment;
    });
  }

  /** Throws as `meet`. */
  answerTo(nonce: Uint8Array): Revealed {
    const { said: before, seed, secret } = this.#turns.take('nonce');
    if (nonce.length !== nonceBytes) throw lied('nonce');
    const said = { ...before, nonce: nonce.slice() };
    this.#turns.next({ kind: 'release', said, seed, secret });
    return { digits: digitsOf(said), message: encodeReveal(said.reveal) };
  }

  /** Throws as `meet`; nothing that the relay or anybody but the old device made opens. */
  async open(release: Uint8Array): Promise<Received> {
    const { said, seed, secret: toOld } = this.#turns.take('release');
    return believing('release', async () => {
      const own = await xwingKeyFromSeed(seed);
      const toNew = await own.decapsulate(encapsulationIn(release));
      const key = releaseKeyOf({ toNew, toOld, transcript: transcriptOf(said) });
      return { payload: await openRelease(key, release), seed };
    });
  }
}
