import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Between, beginOld, ceremony, linkOf, turned } from '../../../test/devices.ts';
import { isDisplayName } from '../../api/display-name.ts';
import { relayLimits } from '../../api/relay.ts';
import { randomBytes } from '../../crypto/random.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { parseAccountId } from '../../primitives/ids.ts';
import { formatDeviceLink, parseDeviceLink } from './link.ts';
import { NewDevice } from './new-device.ts';
import type { OldDevice } from './old-device.ts';
import { maxPayloadBytes } from './release.ts';
import {
  commitmentOf,
  type DeviceReveal,
  decodeReveal,
  digitsOf,
  encodeReveal,
  transcriptOf,
} from './transcript.ts';

const refused = (code: string) => (error: unknown) => {
  assert.ok(isCoded(error), String(error));
  assert.equal(error.code, code);
  return true;
};

for (const size of [0, 1, 16 * 1024 - 4, 16 * 1024 - 3, 100_000]) {
  test(`a payload of ${size} bytes passes`, async () => {
    const payload = randomBytes(size);
    const outcome = await ceremony(payload);
    assert.ok(outcome.ended === 'opened' && equalBytes(outcome.payload, payload));
  });
}

/** Old and new after the digits were shown. */
async function untilDigits() {
  const old = await beginOld();
  const fresh = new NewDevice(linkOf(old), 'Telephone');
  const nonce = old.answerTo(await fresh.meet(old.kemKey));
  const shown = fresh.answerTo(nonce);
  return { old, fresh, nonce, ...shown };
}

test('a release is padded to a power of two, and the largest fits its slot', async () => {
  const sizes = new Map([
    [0, 16 * 1024],
    [16 * 1024 - 4, 16 * 1024],
    [16 * 1024 - 3, 32 * 1024],
    [maxPayloadBytes, 8 * 1024 * 1024],
  ]);
  for (const [size, padded] of sizes) {
    const { old, digits, message } = await untilDigits();
    await old.hear(message);
    old.enter(digits);
    const release = await old.release(new Uint8Array(size));
    assert.equal(release.length, 1120 + 12 + padded + 16);
    assert.ok(release.length <= relayLimits.releaseSlotBytes);
  }
  const { old, digits, message } = await untilDigits();
  await old.hear(message);
  old.enter(digits);
  await assert.rejects(old.release(new Uint8Array(maxPayloadBytes + 1)), refused('BODY_TOO_LARGE'));
});

const bit = fc.nat();
/** Every field of every message, changed in one bit or to another value of its own form. */
const changes: readonly (readonly [string, fc.Arbitrary<Between>])[] = [
  ['session', bit.map((at) => ({ link: (it) => ({ ...it, session: turned(it.session, at) }) }))],
  [
    'account',
    fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((id) => parseAccountId(Buffer.from(id).toString('hex')))
      .map((account) => ({ link: (it) => ({ ...it, account }) })),
  ],
  [
    'relay',
    fc.webUrl().map((url) => ({ link: (it) => ({ ...it, relay: `${new URL(url).origin}/x` }) })),
  ],
  ['key hash', bit.map((at) => ({ link: (it) => ({ ...it, keyHash: turned(it.keyHash, at) }) }))],
  ['key', bit.map((at) => ({ key: (it) => turned(it, at) }))],
  ['commitment', bit.map((at) => ({ commitment: (it) => turned(it, at) }))],
  ['nonce', bit.map((at) => ({ nonce: (it) => turned(it, at) }))],
  ['new key', bit.map((at) => ({ reveal: (it) => ({ ...it, kemKey: turned(it.kemKey, at) }) }))],
  ['new nonce', bit.map((at) => ({ reveal: (it) => ({ ...it, nonce: turned(it.nonce, at) }) }))],
  [
    'name',
    fc
      .string({ minLength: 1, maxLength: 64 })
      .filter((name) => isDisplayName(name, 64) && name !== 'Telephone')
      .map((name) => ({ reveal: (it) => ({ ...it, name }) })),
  ],
  ['encapsulation', bit.map((at) => ({ reveal: (it) => ({ ...it, enc: turned(it.enc, at) }) }))],
  ['release', bit.map((at) => ({ release: (it) => turned(it, at) }))],
];
for (const [field, between] of changes) {
  test(`with another ${field} on the way nothing is opened`, async () => {
    const payload = randomBytes(40);
    await fc.assert(
      fc.asyncProperty(between, async (change) => {
        const outcome = await ceremony(payload, change);
        assert.ok(outcome.ended !== 'opened');
        const codes = ['DEVICE_RELAY_LIED', 'DEVICE_DIGITS_WRONG'];
        assert.ok(codes.includes(outcome.code), outcome.code);
        // A release leaves the old device only when the digits were its own: then the new one refuses it.
        if (field === 'release') assert.equal(outcome.ended, 'new');
        else assert.notEqual(outcome.code, 'DEVICE_SESSION_OVER');
      }),
      { numRuns: 15 },
    );
  });
}

test('a release cut or made longer anywhere is refused', async () => {
  for (const change of [
    (it: Uint8Array) => it.slice(0, -1),
    (it: Uint8Array) => Uint8Array.of(...it, 0),
    () => new Uint8Array(0),
    (it: Uint8Array) => it.slice(0, 1120),
    (it: Uint8Array) => it.slice(0, 1119),
    () => new Uint8Array(relayLimits.releaseSlotBytes + 1),
  ]) {
    const outcome = await ceremony(randomBytes(9), { release: change });
    assert.deepEqual(outcome, { ended: 'new', code: 'DEVICE_RELAY_LIED' });
  }
});

const commitment = () => randomBytes(32);
/** What an old device does out of its turn, after it did what goes before. */
const outOfTurn: readonly (readonly [string, (old: OldDevice) => Promise<unknown>])[] = [
  ['a reveal before a commitment', (old) => old.hear(new Uint8Array(9))],
  ['digits before a commitment', async (old) => old.enter('000000')],
  ['a release before a commitment', (old) => old.release(new Uint8Array(1))],
  [
    'a second commitment',
    async (old) => {
      old.answerTo(commitment());
      return old.answerTo(commitment());
    },
  ],
  [
    'the same commitment twice',
    async (old) => {
      const same = commitment();
      old.answerTo(same);
      return old.answerTo(same);
    },
  ],
  [
    'a release before digits',
    async (old) => {
      const fresh = new NewDevice(linkOf(old), 'Telephone');
      const { message } = fresh.answerTo(old.answerTo(await fresh.meet(old.kemKey)));
      await old.hear(message);
      return old.release(new Uint8Array(1));
    },
  ],
  [
    'a second release',
    async (old) => {
      const fresh = new NewDevice(linkOf(old), 'Telephone');
      const { digits, message } = fresh.answerTo(old.answerTo(await fresh.meet(old.kemKey)));
      await old.hear(message);
      old.enter(digits);
      await old.release(new Uint8Array(1));
      return old.release(new Uint8Array(1));
    },
  ],
];
for (const [what, step] of outOfTurn) {
  test(`${what} ends it on the old device`, async () => {
    const old = await beginOld();
    await assert.rejects(step(old), refused('DEVICE_SESSION_OVER'));
    assert.ok(old.isOver);
    assert.throws(() => old.answerTo(commitment()), refused('DEVICE_SESSION_OVER'));
  });
}

test('on the new device everything has its turn, once', async () => {
  const old = await beginOld();
  const early = new NewDevice(linkOf(old), 'Telephone');
  assert.throws(() => early.answerTo(commitment()), refused('DEVICE_SESSION_OVER'));
  assert.ok(early.isOver);
  await assert.rejects(early.meet(old.kemKey), refused('DEVICE_SESSION_OVER'));
  const twice = new NewDevice(linkOf(old), 'Telephone');
  await twice.meet(old.kemKey);
  twice.answerTo(commitment());
  // A second nonce would give a second draw of the digits.
  assert.throws(() => twice.answerTo(commitment()), refused('DEVICE_SESSION_OVER'));
});

test('three entries a session: the third wrong one ends it, a right one hands over', async () => {
  const { old, digits, message } = await untilDigits();
  await old.hear(message);
  for (const left of [2, 1, 0]) {
    assert.throws(
      () => old.enter(digits.split('').reverse().join('') === digits ? 'x' : `${digits}0`),
      (error) => isCoded(error, 'DEVICE_DIGITS_WRONG') && error.details.triesLeft === left,
    );
  }
  assert.throws(() => old.enter(digits), refused('DEVICE_SESSION_OVER'));
  const again = await untilDigits();
  await again.old.hear(again.message);
  assert.throws(() => again.old.enter(''), refused('DEVICE_DIGITS_WRONG'));
  const added = again.old.enter(` ${again.digits.slice(0, 3)}-${again.digits.slice(3)} `);
  assert.equal(added.name, 'Telephone');
});

test('whatever the new device chooses and the digits hang on is in the commitment', async () => {
  const { message, nonce } = await untilDigits();
  const reveal = decodeReveal(message);
  const firstHash = randomBytes(32);
  const digits = (it: DeviceReveal, c: Uint8Array) =>
    digitsOf({ firstHash, commitment: c, nonce, reveal: it });
  const c = commitmentOf(firstHash, reveal);
  const others: Readonly<Record<keyof DeviceReveal, DeviceReveal>> = {
    kemKey: { ...reveal, kemKey: turned(reveal.kemKey, 5) },
    nonce: { ...reveal, nonce: turned(reveal.nonce, 5) },
    name: { ...reveal, name: 'telephone' },
    enc: { ...reveal, enc: turned(reveal.enc, 5) },
  };
  for (const [field, other] of Object.entries(others)) {
    // With the commitment left as it is: what a stranger could still try out when he knows the old nonce.
    assert.notEqual(digits(other, c), digits(reveal, c), `${field} moves the digits`);
    assert.ok(!equalBytes(commitmentOf(firstHash, other), c), `${field} is not committed to`);
  }
});

test('transcripts of two ceremonies differ, and digits are six, also when the first are 0', async () => {
  const { message, nonce } = await untilDigits();
  const reveal = decodeReveal(message);
  const seen = new Set<string>();
  let withZero = 0;
  for (let i = 0; i < 200; i++) {
    const firstHash = randomBytes(32);
    const said = { firstHash, commitment: commitmentOf(firstHash, reveal), nonce, reveal };
    seen.add(Buffer.from(transcriptOf(said)).toString('hex'));
    const digits = digitsOf(said);
    assert.match(digits, /^\d{6}$/);
    if (digits.startsWith('0')) withZero += 1;
  }
  assert.equal(seen.size, 200);
  assert.ok(withZero > 0);
});

test('a link is read as it was written, and nothing else is', async () => {
  const { link } = await beginOld();
  const text = formatDeviceLink(link);
  assert.deepEqual(parseDeviceLink(text), link);
  const encoded = text.slice('salus:device#'.length);
  for (const wrong of [
    ...['', 'salus:device#', 'https://north.example/#x', encoded, ` ${text}`, `${text} `],
    ...[`${text}=`, `${text}A`, text.slice(0, -1), text.replace('device', 'Device')],
    ...[`${text}${'A'.repeat(3_000)}`, text.replace('#', '?'), `salus:device#${'A'.repeat(80)}`],
  ]) {
    assert.throws(() => parseDeviceLink(wrong), refused('DEVICE_LINK_INVALID'), wrong);
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 33, max: 126 }), async (place, character) => {
      const at = place % text.length;
      const changed = text.slice(0, at) + String.fromCharCode(character) + text.slice(at + 1);
      if (changed === text) return;
      try {
        assert.notDeepEqual(parseDeviceLink(changed), link);
      } catch (error) {
        refused('DEVICE_LINK_INVALID')(error);
      }
    }),
  );
});

for (const [relay, why] of [
  ['ftp://north.example', 'another protocol'],
  ['javascript:alert(1)', 'no address of a server'],
  ['https://ana:secret@north.example', 'a name and a password'],
  ['https://north.example?x', 'a query'],
  ['https://north.example/#x', 'a fragment'],
  ['https://north.example/', 'a slash at its end'],
  ['https://NORTH.example', 'another spelling'],
  ['https://north.example/a/../b', 'steps back'],
  [`https://north.example/${'x'.repeat(500)}`, 'too many characters'],
  ['', 'nothing'],
] as const) {
  test(`a link names no relay with ${why}`, async () => {
    await assert.rejects(beginOld({ relay }), refused('DEVICE_LINK_INVALID'));
  });
}

test('the longest link fits, and one QR code holds it', async () => {
  const relay = `https://north.example/${'x'.repeat(512 - 22)}`;
  const text = formatDeviceLink((await beginOld({ relay })).link);
  assert.equal(parseDeviceLink(text).relay, relay);
  // Version 40 with the least correction takes 2,953 bytes.
  assert.ok(text.length < 2_953);
});

for (const [name, isOne] of [
  ['Ana’s phone', true],
  ['x'.repeat(64), true],
  ['x'.repeat(65), false],
  ['', false],
  ['two\nlines', false],
  ['\u202Eenohp', false],
  ['\u001b[2J', false],
  ['half \ud83d', false],
] as const) {
  test(`${JSON.stringify(name).slice(0, 30)} is ${isOne ? 'a' : 'no'} name of a device`, async () => {
    const old = await beginOld();
    assert.equal(isDisplayName(name, 64), isOne);
    if (isOne) return;
    assert.throws(() => new NewDevice(linkOf(old), name), refused('NAME_INVALID'));
    const { old: other, message } = await untilDigits();
    const forged = encodeReveal({ ...decodeReveal(message), name });
    await assert.rejects(other.hear(forged), refused('DEVICE_RELAY_LIED'));
  });
}
