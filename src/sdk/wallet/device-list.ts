import { isDisplayName } from '../../api/display-name.ts';
import { deriveKey, hmacSha256 } from '../../crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  type ListedDevice,
  maxDeviceNameLength,
  type WalletContent,
  type WalletRoot,
} from './content.ts';
import { emptyLocal, type WalletLocal } from './local.ts';

/** So many devices does a wallet list: each is one that a copy is wrapped to. */
export const mostDevices = 24;

/**
 * A device as the wallet lists it: with a MAC of the root under which the list stands. A rotation makes a new root, so
 * whoever had everything of before cannot list himself, whatever he writes into a copy.
 *
 * Source: docs/protocol/wallet.md, rule W-23.
 */
export function listedDevice(
  root: Pick<WalletRoot, 'id' | 'secret'>,
  { key, name, addedMs }: Pick<ListedDevice, 'key' | 'name' | 'addedMs'>,
): ListedDevice {
  const mac = macOf(root.secret, { key, name, addedMs });
  return { key, name, addedMs, rootId: root.id, mac, seenMs: addedMs };
}

function macOf(
  secret: Uint8Array,
  { key, name, addedMs }: Pick<ListedDevice, 'key' | 'name' | 'addedMs'>,
): Uint8Array {
  return hmacSha256(deriveKey(secret, labels.walletDevice, []), encodeCbor([key, name, addedMs]));
}

/** Devices that count: listed under the root that this device lists under, oldest first. */
export function devicesIn(
  content: Pick<WalletContent, 'roots' | 'devices'>,
  { deviceRoot: [rootId] }: WalletLocal,
): readonly ListedDevice[] {
  const root = content.roots.find((it) => it.id === rootId);
  if (root === undefined) return [];
  return content.devices
    .filter((it) => it.rootId === root.id && equalBytes(it.mac, macOf(root.secret, it)))
    .sort((a, b) => a.addedMs - b.addedMs || (bytesToHex(a.key) < bytesToHex(b.key) ? -1 : 1))
    .slice(0, mostDevices);
}

/** The content with no device in it but those that count. */
export function withoutStrangers(content: WalletContent, local: WalletLocal): WalletContent {
  const counting = devicesIn(content, local);
  // In the order of merging, so that dropping one is no other change.
  const devices = content.devices.filter((it) => counting.includes(it));
  return devices.length === content.devices.length ? content : { ...content, devices };
}

/** This device's pairs, the one in use first. */
export function devicePairs({ seeds }: WalletLocal): Promise<readonly KemKey[]> {
  return Promise.all(seeds.map((seed) => xwingKeyFromSeed(seed)));
}

/** The device of this pair; undefined: it is not listed. */
export function deviceOf(content: WalletContent, key: Uint8Array): ListedDevice | undefined {
  return content.devices.find((it) => equalBytes(it.key, key));
}

/** After a rotation: the wallet with this device alone, under its name and its new key. */
export function listAlone(
  { content, local }: { readonly content: WalletContent; readonly local: WalletLocal },
  {
    key,
    before,
    nowMs,
  }: { readonly key: Uint8Array; readonly before: readonly KemKey[]; readonly nowMs: number },
): { readonly content: WalletContent; readonly local: WalletLocal } {
  if (deviceOf(content, key) !== undefined) return { content, local };
  const root = content.roots.find((it) => it.id === local.deviceRoot[0]);
  if (root === undefined) return { content, local };
  const former = before.map((pair) => deviceOf(content, pair.publicKey)).find(Boolean);
  const name = former?.name ?? unnamedDevice;
  const addedMs = former?.addedMs ?? nowMs;
  const device = { ...listedDevice(root, { key, name, addedMs }), seenMs: nowMs };
  return { content: { ...content, devices: [device] }, local };
}

/** Until somebody gives it one. */
export const unnamedDevice = 'device';

/** A wallet as it begins on a device that has a pair of its own from now on. Throws NAME_INVALID, WALLET_INVALID. */
export async function onThisDevice(
  content: WalletContent,
  {
    deviceRoot,
    deviceName = unnamedDevice,
    nowMs,
    seed = randomBytes(32),
  }: {
    readonly deviceRoot: string;
    readonly deviceName?: string | undefined;
    readonly nowMs: number;
    /** Of the pair, where it is made already. */
    readonly seed?: Uint8Array;
  },
): Promise<{ readonly content: WalletContent; readonly local: WalletLocal }> {
  if (!isDisplayName(deviceName, maxDeviceNameLength)) {
    throw new CodedError('NAME_INVALID', { what: 'device', maxLength: maxDeviceNameLength });
  }
  const root = content.roots.find((it) => it.id === deviceRoot);
  if (root === undefined) throw new CodedError('WALLET_INVALID');
  const local = { ...emptyLocal, seeds: [seed], deviceRoot: [deviceRoot] };
  const { publicKey: key } = await xwingKeyFromSeed(seed);
  const known = withoutStrangers(content, local);
  if (deviceOf(known, key) !== undefined) return { content: known, local };
  const device = listedDevice(root, { key, name: deviceName, addedMs: nowMs });
  return { content: { ...known, devices: [...known.devices, device] }, local };
}
