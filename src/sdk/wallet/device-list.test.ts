import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { isCoded } from '../../primitives/errors.ts';
import { emptyWallet, type ListedDevice, type WalletContent, type WalletRoot } from './content.ts';
import {
  deviceOf,
  devicesIn,
  listAlone,
  listedDevice,
  mostDevices,
  onThisDevice,
  withoutStrangers,
} from './device-list.ts';
import { emptyLocal, type WalletLocal } from './local.ts';
import { mergeWallets } from './merge.ts';

const rootOf = (n: number): WalletRoot => ({
  ...{ id: `0${n}`.repeat(8), secret: new Uint8Array(32).fill(n), createdMs: n },
});
const [old, now, other] = [rootOf(1), rootOf(2), rootOf(3)];
const local: WalletLocal = { ...emptyLocal, deviceRoot: [now.id] };
const keyOf = (n: number): Uint8Array => new Uint8Array(1_216).fill(n);
const listed = (n: number, root: Pick<WalletRoot, 'id' | 'secret'> = now): ListedDevice =>
  listedDevice(root, { key: keyOf(n), name: `device ${n}`, addedMs: n });
const wallet = (
  devices: readonly ListedDevice[],
  roots: readonly WalletRoot[] = [old, now],
): WalletContent => ({ ...emptyWallet('Ana'), roots, devices });
const keysIn = (content: WalletContent, at = local): readonly (number | undefined)[] =>
  devicesIn(content, at).map(({ key }) => key[0]);

const phone = listed(1);
for (const [name, device, counts] of [
  ['as it was listed', phone, true],
  ['seen later', { ...phone, seenMs: 86_400_000 }, true],
  ['under another key', { ...phone, key: keyOf(2) }, false],
  ['under another name', { ...phone, name: 'Laptop' }, false],
  ['added at another time', { ...phone, addedMs: 2 }, false],
  ['with a MAC of another device', { ...phone, mac: listed(2).mac }, false],
  ['with a MAC that is cut', { ...phone, mac: phone.mac.slice(1) }, false],
  ['of an older root that the wallet has', listed(1, old), false],
  [
    'with a MAC of an older root, under the id of the newest',
    listed(1, { ...old, id: now.id }),
    false,
  ],
  [
    'with a MAC of the newest root, under the id of another',
    listed(1, { ...now, id: old.id }),
    false,
  ],
  ['of a root that the wallet has not', listed(1, other), false],
] as const) {
  test(`A device ${name} ${counts ? 'counts' : 'does not count'}`, () => {
    assert.equal(devicesIn(wallet([device]), local).length, counts ? 1 : 0);
    assert.deepEqual(withoutStrangers(wallet([device]), local).devices, counts ? [device] : []);
  });
}

for (const [name, content, at] of [
  ['this device lists under no root', wallet([phone]), emptyLocal],
  ['the wallet has not the root', wallet([phone], [old]), local],
] as const) {
  test(`No device counts where ${name}`, () => assert.deepEqual(keysIn(content, at), []));
}

test('Of more devices than a copy is wrapped to, the oldest count', () => {
  const many = Array.from({ length: mostDevices + 3 }, (_, n) => listed(mostDevices + 3 - n));
  const oldest = Array.from({ length: mostDevices }, (_, n) => n + 1);
  assert.deepEqual(keysIn(wallet(many)), oldest);
});

test('A wallet in which every device counts stays as it is, and of another the order stays', () => {
  const content = wallet([listed(3), listed(1), listed(2)]);
  assert.equal(withoutStrangers(content, local), content);
  const mixed = wallet([listed(3), listed(4, old), listed(1)]);
  assert.deepEqual(withoutStrangers(mixed, local), wallet([listed(3), listed(1)]));
});

/** What an attacker can write who had everything before the last rotation: any root but the newest, any MAC. */
const forged: fc.Arbitrary<ListedDevice> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(old, other, { ...old, id: now.id }))
    .map(([n, root]) => listed(n, root)),
  fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([n, mac]) => ({ ...listed(n, other), rootId: now.id, mac })),
);
const forgedWallet = fc
  .tuple(
    fc.array(forged, { maxLength: 30 }),
    fc.nat(2 ** 40),
    fc.subarray([old, other, { ...now, secret: other.secret }]),
  )
  .map(([devices, seenMs, roots]) =>
    wallet(
      devices.map((it) => ({ ...it, seenMs })),
      roots,
    ),
  );

test('Whoever has every root but the newest adds no device, whatever he writes', () => {
  fc.assert(
    fc.property(forgedWallet, (theirs) => {
      const both = mergeWallets(wallet([listed(1), listed(2)]), theirs);
      assert.ok(keysIn(both).every((n) => n === 1 || n === 2));
      const { devices } = withoutStrangers(both, local);
      assert.ok(devices.every((it) => it.rootId === now.id));
    }),
  );
});

test('A wallet begins on a device with that device in its list, once, and with nobody who does not count', async () => {
  const seed = new Uint8Array(32).fill(9);
  const start = { deviceRoot: now.id, deviceName: 'Telephone', nowMs: 5, seed };
  const made = await onThisDevice(wallet([listed(1), listed(2, old)]), start);
  const { publicKey } = await xwingKeyFromSeed(seed);
  assert.deepEqual(made.local, { ...emptyLocal, seeds: [seed], deviceRoot: [now.id] });
  assert.equal(made.content.devices.length, 2);
  assert.deepEqual(
    devicesIn(made.content, made.local).map(({ key, name, addedMs }) => ({ key, name, addedMs })),
    [
      { key: keyOf(1), name: 'device 1', addedMs: 1 },
      { key: publicKey, name: 'Telephone', addedMs: 5 },
    ],
  );
  const again = await onThisDevice(made.content, { ...start, nowMs: 6 });
  assert.deepEqual(again, made);
});

for (const [name, change, code] of [
  ['a name that steers a terminal', { deviceName: '\u001b[2J' }, 'NAME_INVALID'],
  ['a name of 65 characters', { deviceName: 'x'.repeat(65) }, 'NAME_INVALID'],
  ['a root that the wallet has not', { deviceRoot: other.id }, 'WALLET_INVALID'],
] as const) {
  test(`A wallet does not begin on a device with ${name}: ${code}`, async () => {
    const start = { deviceRoot: now.id, deviceName: 'Telephone', nowMs: 5, ...change };
    await assert.rejects(onThisDevice(wallet([]), start), (error) => isCoded(error, code));
  });
}

test('After a rotation a device is alone in the list, under its name of before, and stays so', async () => {
  const before = await xwingKeyFromSeed(new Uint8Array(32).fill(7));
  const named = listedDevice(old, { key: before.publicKey, name: 'Telephone', addedMs: 4 });
  const held = { content: wallet([listed(1, old), named]), local };
  const alone = listAlone(held, { key: keyOf(9), before: [before], nowMs: 8 });
  const [device] = alone.content.devices;
  assert.deepEqual(alone.content.devices.length, 1);
  assert.deepEqual(
    [device?.name, device?.addedMs, device?.seenMs, device?.rootId],
    ['Telephone', 4, 8, now.id],
  );
  assert.deepEqual(keysIn(alone.content), [9]);
  assert.equal(deviceOf(alone.content, before.publicKey), undefined);
  assert.deepEqual(listAlone(alone, { key: keyOf(9), before: [before], nowMs: 9 }), alone);
});
