import { relaySlots } from '../../api/relay.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context } from '../client/context.ts';
import { formatDeviceLink } from './link.ts';
import { type AddedDevice, OldDevice } from './old-device.ts';
import { RelayLine, slotNames } from './relay-line.ts';
import { countingEntry, triesLeft, type WrongEntries } from './wrong-entries.ts';

/** Where adding a device stands, on either side. */
export type DeviceStep = 'opening' | 'waiting' | 'comparing' | 'handing-over';

export interface DeviceToAdd {
  /** What is handed over, asked for only after the digits were right; at most `maxPayloadBytes`. */
  readonly payload: (device: AddedDevice) => Promise<Uint8Array>;
  /** The link, to be shown as text or QR code; it serves one device for two minutes. */
  readonly onLink: (link: string) => void | Promise<void>;
  /**
   * The digits that the new device shows, as a person types them; asked again after a wrong entry. `name` is what the
   * new device says that it is called.
   */
  readonly askDigits: (asked: {
    readonly name: string;
    readonly triesLeft: number;
    readonly signal: AbortSignal;
  }) => Promise<string>;
  readonly wrongEntries: WrongEntries;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: DeviceStep) => void) | undefined;
}

/**
 * Adds a device of the person that has nothing yet: shows it a link, hears it over the account's own hospital, and
 * hands over only when a person has typed the digits that it shows.
 *
 * Throws DEVICE_ADDING_STOPPED (three wrong entries within an hour), DEVICE_DIGITS_WRONG (no try is left),
 * DEVICE_SESSION_OVER, DEVICE_RELAY_LIED, DEVICE_LINK_INVALID (the hospital's address is none for a link),
 * BODY_TOO_LARGE (the payload), RATE_LIMITED (two sessions are open), and what `call` throws.
 * Source: docs/protocol/devices.md.
 */
export async function addDevice(
  ctx: Pick<Context, 'gateway' | 'now'> & {
    readonly account: Pick<Context['account'], 'account'>;
  },
  device: DeviceToAdd,
): Promise<AddedDevice> {
  const { wrongEntries, signal, onStep } = device;
  onStep?.('opening');
  const tries = triesLeft(await wrongEntries.read(), ctx.now());
  const relay = ctx.gateway.http.baseUrl;
  const old = await OldDevice.begin({ account: ctx.account.account, relay, tries });
  const line = new RelayLine(ctx.gateway, old.link, { now: ctx.now, signal });
  try {
    await line.write(slotNames.key, old.kemKey);
    await device.onLink(formatDeviceLink(old.link));
    onStep?.('waiting');
    const nonce = old.answerTo(await line.read(relaySlots.commitment));
    await line.write(slotNames.nonce, nonce);
    const name = await old.hear(await line.read(relaySlots.reveal));
    onStep?.('comparing');
    const added = await compared(old, line, { ...device, name, now: ctx.now });
    onStep?.('handing-over');
    const payload = await device.payload(added);
    const release = await old.release(payload);
    // The last look at the clock: what is on its way cannot be called back.
    line.stillOpen();
    await line.write(slotNames.release, release);
    return added;
  } catch (error) {
    await line.end();
    throw error;
  }
}

async function compared(
  old: OldDevice,
  line: RelayLine,
  asking: Pick<DeviceToAdd, 'askDigits' | 'wrongEntries'> & {
    readonly name: string;
    readonly now: () => number;
  },
): Promise<AddedDevice> {
  const { askDigits, wrongEntries, name, now } = asking;
  for (;;) {
    const left = triesLeft(await wrongEntries.read(), now());
    const typed = await line.ask((signal) => askDigits({ name, triesLeft: left, signal }));
    line.stillOpen();
    try {
      return await countingEntry(wrongEntries, now(), () => old.enter(typed));
    } catch (error) {
      if (!isCoded(error, 'DEVICE_DIGITS_WRONG') || old.isOver) throw error;
    }
  }
}
