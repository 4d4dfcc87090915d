import { relaySlots } from '../../api/relay.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http, type HttpOptions } from '../client/http.ts';
import type { DeviceStep } from './add-device.ts';
import { parseDeviceLink } from './link.ts';
import { NewDevice } from './new-device.ts';
import { RelayLine, slotNames } from './relay-line.ts';

export interface DeviceToJoin {
  /** What the other device shows. */
  readonly link: string;
  /** What this device is to be called, 1 to 64 characters. */
  readonly name: string;
  /** Six digits, to be typed on the other device. */
  readonly showDigits: (digits: string) => void | Promise<void>;
  /**
   * Whether the other device says that it handed over, as a person reads it there. Who sent a link of his own knows
   * the digits too and can answer in the other device's place, but cannot make that one say so.
   */
  readonly isDoneThere: (signal: AbortSignal) => Promise<boolean>;
  readonly http?: HttpOptions | undefined;
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: DeviceStep) => void) | undefined;
}

/** What another device of the person handed over. */
export interface JoinedDevice {
  readonly payload: Uint8Array;
  /** As the link says: for the payload to agree with. */
  readonly account: AccountId;
  /** 32 bytes: of the X-Wing key that is this device's from now on. */
  readonly seed: Uint8Array;
}

/**
 * Receives what another device of the person hands over, by its link.
 *
 * Throws DEVICE_LINK_INVALID, NAME_INVALID, DEVICE_SESSION_OVER, DEVICE_RELAY_LIED, DEVICE_NOT_CONFIRMED (the
 * person says no), and what `call` throws. Source: docs/protocol/devices.md.
 */
export async function joinDevice(device: DeviceToJoin): Promise<JoinedDevice> {
  const { signal, onStep, now = Date.now } = device;
  onStep?.('opening');
  const link = parseDeviceLink(device.link);
  const fresh = new NewDevice(link, device.name);
  const gateway = new GatewayClient(new Http(link.relay, device.http));
  const line = new RelayLine(gateway, link, { now, signal });
  await line.answer(slotNames.commitment, await fresh.meet(await line.read(relaySlots.key)));
  onStep?.('waiting');
  const { digits, message } = fresh.answerTo(await line.read(relaySlots.nonce));
  await line.answer(slotNames.reveal, message);
  onStep?.('comparing');
  await device.showDigits(digits);
  const release = await line.read(relaySlots.release);
  onStep?.('handing-over');
  const { payload, seed } = await fresh.open(release);
  if (!(await device.isDoneThere(signal ?? new AbortController().signal))) {
    throw new CodedError('DEVICE_NOT_CONFIRMED');
  }
  return { payload, seed, account: link.account };
}
