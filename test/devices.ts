import { CodedError } from '../src/primitives/errors.ts';
import { parseAccountId } from '../src/primitives/ids.ts';
import { type DeviceLink, formatDeviceLink, parseDeviceLink } from '../src/sdk/devices/link.ts';
import { NewDevice } from '../src/sdk/devices/new-device.ts';
import { OldDevice } from '../src/sdk/devices/old-device.ts';
import { type DeviceReveal, decodeReveal, encodeReveal } from '../src/sdk/devices/transcript.ts';

export const relayUrl = 'https://north.example/salus';

export function beginOld(change: Partial<Parameters<typeof OldDevice.begin>[0]> = {}) {
  const account = parseAccountId('ab'.repeat(32));
  return OldDevice.begin({ account, relay: relayUrl, tries: 3, ...change });
}

/** As the new device reads it off the other’s screen. */
export const linkOf = ({ link }: OldDevice): DeviceLink => parseDeviceLink(formatDeviceLink(link));

/** What somebody between two devices makes of what passes; what he leaves out passes as it is. */
export interface Between {
  readonly link?: (link: DeviceLink) => DeviceLink;
  readonly key?: (key: Uint8Array) => Uint8Array;
  readonly commitment?: (commitment: Uint8Array) => Uint8Array;
  readonly nonce?: (nonce: Uint8Array) => Uint8Array;
  readonly reveal?: (reveal: DeviceReveal) => DeviceReveal;
  readonly release?: (release: Uint8Array) => Uint8Array;
}

/** What became of a ceremony: who refused what, or what the new device opened. */
export type Outcome =
  | { readonly ended: 'new' | 'old'; readonly code: string }
  | { readonly ended: 'opened'; readonly payload: Uint8Array };

/** The whole ceremony, with a person who types on the old device what the new one shows. */
export async function ceremony(payload: Uint8Array, between: Between = {}): Promise<Outcome> {
  const { link, key, commitment, nonce, reveal, release } = between;
  const same = <T>(it: T): T => it;
  const old = await beginOld();
  try {
    const fresh = new NewDevice((link ?? same)(linkOf(old)), 'Telephone');
    const met = await at('new', () => fresh.meet((key ?? same)(old.kemKey)));
    const told = await at('old', () => old.answerTo((commitment ?? same)(met)));
    const shown = await at('new', () => fresh.answerTo((nonce ?? same)(told)));
    const revealed = encodeReveal((reveal ?? same)(decodeReveal(shown.message)));
    await at('old', () => old.hear(revealed));
    await at('old', () => old.enter(shown.digits));
    const sent = await at('old', () => old.release(payload));
    const opened = await at('new', () => fresh.open((release ?? same)(sent)));
    return { ended: 'opened', payload: opened.payload };
  } catch (error) {
    if (error instanceof Ended) return { ended: error.side, code: error.cause.code };
    throw error;
  }
}

class Ended extends Error {
  readonly side: 'new' | 'old';
  override readonly cause: CodedError;

  constructor(side: 'new' | 'old', cause: CodedError) {
    super(side);
    this.side = side;
    this.cause = cause;
  }
}

async function at<T>(side: 'new' | 'old', step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof CodedError) throw new Ended(side, error);
    throw error;
  }
}

/** The bytes with one bit turned. */
export function turned(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  const place = at % (bytes.length * 8);
  changed[place >> 3] = (changed[place >> 3] ?? 0) ^ (1 << (place & 7));
  return changed;
}
