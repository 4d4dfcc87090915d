import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { MadeWallet, WalletPlace } from '../actions/make-wallet.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { WalletContent } from '../wallet/content.ts';
import { copiedPart } from '../wallet/copy-shards.ts';
import {
  deviceOf,
  devicesIn,
  listedDevice,
  mostDevices,
  onThisDevice,
} from '../wallet/device-list.ts';
import { decodeWalletIndex, encodeWalletIndex, newLayout } from '../wallet/file.ts';
import { emptyLocal } from '../wallet/local.ts';
import { withoutShards } from '../wallet/shards.ts';
import { Vault } from '../wallet/vault.ts';
import { addDevice, type DeviceToAdd } from './add-device.ts';
import { type DeviceToJoin, joinDevice } from './join-device.ts';
import type { AddedDevice } from './old-device.ts';
import { walletWrongEntries, wrongEntryTimes } from './wrong-entry-drawer.ts';

/** A device of the person, as the wallet lists it. */
export interface OwnDevice {
  readonly name: string;
  readonly addedMs: number;
  /** To the day. */
  readonly seenMs: number;
  /** It is the one that is asked. */
  readonly isThis: boolean;
}

/** What a person sees of her devices. */
export interface OwnDevices {
  /** Oldest first. */
  readonly devices: readonly OwnDevice[];
  /** When wrong digits were entered, on any of them; oldest first. */
  readonly wrongEntriesMs: readonly number[];
}

/** Devices that open what is written from now on. Source: docs/protocol/wallet.md, rule W-23. */
export async function ownDevices(vault: Vault): Promise<OwnDevices> {
  const { content, local } = vault;
  const own = await ownKey(vault);
  const devices = devicesIn(content, local).map(({ name, addedMs, seenMs, key }) => ({
    ...{ name, addedMs, seenMs },
    isThis: own !== undefined && equalBytes(own, key),
  }));
  return { devices, wrongEntriesMs: wrongEntryTimes({ vault }) };
}

async function ownKey({ local }: Pick<Vault, 'local'>): Promise<Uint8Array | undefined> {
  const [seed] = local.seeds;
  return seed === undefined ? undefined : (await xwingKeyFromSeed(seed)).publicKey;
}

/** How a device is added, on the one that hands over. */
export type DeviceAdding = Pick<DeviceToAdd, 'onLink' | 'askDigits' | 'onStep'>;

/**
 * Adds a device: lists it, seals the copy for it too, and hands over what a wallet's index holds; the rest it fetches
 * from the copies. Nothing is listed before the digits were right. `others`: the person's other accounts.
 *
 * Throws as `addDevice`; DEVICE_TOO_MANY. Source: docs/protocol/devices.md, rule D-10.
 */
export async function addOwnDevice(
  ctx: Context,
  others: readonly Context[],
  adding: DeviceAdding & WorkOptions,
): Promise<OwnDevice> {
  const { signal } = adding;
  const { vault } = ctx;
  const listed = devicesIn(vault.content, vault.local);
  if (listed.length >= mostDevices) throw new CodedError('DEVICE_TOO_MANY', { most: mostDevices });
  const wrongEntries = walletWrongEntries(ctx);
  const payload = async (device: AddedDevice) => {
    const handedOver = await handOver(ctx, device, signal);
    // What cannot be reached now is sealed for it when this device next acts there.
    for (const other of others) await other.noteDown((content) => content);
    return handedOver;
  };
  const { name } = await addDevice(ctx, { ...adding, payload, wrongEntries, signal });
  return { name, addedMs: ctx.now(), seenMs: ctx.now(), isThis: false };
}

async function handOver(
  ctx: Context,
  { name, kemKey: key }: AddedDevice,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { deviceRoot } = ctx.vault.local;
  await ctx.writeDown((content) => {
    const root = content.roots.find((it) => it.id === deviceRoot[0]);
    if (root === undefined) throw new CodedError('WALLET_INVALID');
    const device = listedDevice(root, { key, name, addedMs: ctx.now() });
    return { ...content, devices: [...content.devices, device] };
  }, signal);
  const content = withoutShards(copiedPart(ctx.vault.content));
  return encodeWalletIndex({
    ...{ content, layout: newLayout() },
    local: { ...emptyLocal, deviceRoot },
  });
}

/** How a device joins, on the new one. */
export type DeviceJoining = WalletPlace & Omit<DeviceToJoin, 'name' | 'http' | 'now'>;

/**
 * The wallet that another device of the person hands over, put into this place; `sync` then fetches the rest of it.
 * Throws as `joinDevice`; PASSPHRASE_SHORT, WALLET_EXISTS, DEVICE_RELAY_LIED (what came is no wallet that lists
 * this device). Source: docs/protocol/devices.md, rule D-10.
 */
export async function joinOwnDevice(
  { store, passphrase, deviceName = '', ...joining }: DeviceJoining,
  options: Pick<DeviceToJoin, 'http' | 'now'>,
): Promise<Pick<MadeWallet, 'vault'>> {
  if ((await store.load()) !== undefined) throw new CodedError('WALLET_EXISTS');
  const { payload, seed, account } = await joinDevice({ ...joining, ...options, name: deviceName });
  const { content, deviceRoot } = walletIn(payload);
  const isTheirs = content.accounts.some((it) => it.account === account);
  if (!isTheirs) throw new CodedError('DEVICE_RELAY_LIED', { what: 'account' });
  const { publicKey } = await xwingKeyFromSeed(seed);
  if (deviceOf(content, publicKey) === undefined) {
    throw new CodedError('DEVICE_RELAY_LIED', { what: 'list' });
  }
  const nowMs = (options.now ?? Date.now)();
  const here = await onThisDevice(content, { deviceRoot, deviceName, nowMs, seed });
  return { vault: await Vault.create(store, passphrase, here.content, here.local) };
}

/** Throws DEVICE_RELAY_LIED. */
function walletIn(payload: Uint8Array): {
  readonly content: WalletContent;
  readonly deviceRoot: string;
} {
  try {
    const { content, local } = decodeWalletIndex(payload);
    const [deviceRoot] = local.deviceRoot;
    if (deviceRoot === undefined) throw new CodedError('WALLET_INVALID');
    return { content, deviceRoot };
  } catch (cause) {
    throw new CodedError('DEVICE_RELAY_LIED', { what: 'wallet' }, cause);
  }
}

const dayMs = 86_400_000;

/** Once a day a device says that it is there. */
export async function sayHere(ctx: Context): Promise<void> {
  const own = await ownKey(ctx.vault);
  if (own === undefined) return;
  const todayMs = Math.floor(ctx.now() / dayMs) * dayMs;
  const listed = deviceOf(ctx.vault.content, own);
  if (listed === undefined || listed.seenMs >= todayMs) return;
  await ctx.noteDown((content) => ({
    ...content,
    devices: content.devices.map((it) =>
      equalBytes(it.key, own) ? { ...it, seenMs: todayMs } : it,
    ),
  }));
}
