import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { platform } from '#platform';
import { relayLimits } from '../../src/api/relay.ts';
import { xwingEncapsulate, xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { equalBytes } from '../../src/primitives/bytes.ts';
import { GatewayClient } from '../../src/sdk/client/gateway-client.ts';
import { Http } from '../../src/sdk/client/http.ts';
import { addDevice } from '../../src/sdk/devices/add-device.ts';
import { joinDevice } from '../../src/sdk/devices/join-device.ts';
import {
  firstMessageHash,
  formatDeviceLink,
  parseDeviceLink,
  sessionNameOf,
} from '../../src/sdk/devices/link.ts';
import { NewDevice } from '../../src/sdk/devices/new-device.ts';
import { sealRelease } from '../../src/sdk/devices/release.ts';
import {
  commitmentOf,
  type DeviceReveal,
  decodeReveal,
  digitsOf,
  encodeReveal,
  transcriptOf,
} from '../../src/sdk/devices/transcript.ts';
import { beginOld, linkOf } from '../devices.ts';
import { Person } from '../gateway/person.ts';
import { fetchThrough, openTown, type Town } from '../gateway/town.ts';
import { caught } from './middle.ts';

/**
 * The relay between two devices of a person is the attacker: it sees and makes every message, plays the old device to
 * the new one and the new one to the old, and wants the wallet, or a new device that takes one of its own making.
 */
let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

/** What the attacker shows to an old device in a new one’s place, and what it would take to open a release. */
async function ownReveal(oldKey: Uint8Array): Promise<DeviceReveal> {
  const { publicKey: kemKey } = await xwingKeyFromSeed(randomBytes(32));
  const { enc } = await xwingEncapsulate(oldKey);
  return { kemKey, nonce: randomBytes(32), name: 'Telephone', enc };
}

test('who stands between has fixed everything before he is told the old device’s nonce', async () => {
  const old = await beginOld();
  // He knows the digits that the real new device shows, having played the old one to it.
  const hisOld = await beginOld();
  const fresh = new NewDevice(linkOf(hisOld), 'Telephone');
  const { digits: shown } = fresh.answerTo(hisOld.answerTo(await fresh.meet(hisOld.kemKey)));

  const his = await ownReveal(old.kemKey);
  const firstHash = firstMessageHash(old.link, old.kemKey);
  const commitment = commitmentOf(firstHash, his);
  const nonce = old.answerTo(commitment);

  // What he would show if he could still choose: a name under which the digits agree. (Only their last two are
  // searched for here, a ten-thousandth of the work that all six would be.)
  const digitsAs = (name: string) =>
    digitsOf({ firstHash, commitment, nonce, reveal: { ...his, name } });
  const names = Array.from({ length: 2_000 }, (_, i) => `Telephone ${i}`);
  const found = names.find((name) => digitsAs(name).endsWith(shown.slice(-2)));
  assert.ok(found !== undefined, 'a search among names finds one, when names are free');
  await caught(old.hear(encodeReveal({ ...his, name: found })), 'DEVICE_RELAY_LIED');
  // And that was his one try.
  assert.ok(old.isOver);
  await caught(old.hear(encodeReveal(his)), 'DEVICE_SESSION_OVER');
});

test('nor can he wait: the new device shows nothing before it has his nonce, and takes one', async () => {
  const old = await beginOld();
  const his = await ownReveal(old.kemKey);
  const nonce = old.answerTo(commitmentOf(firstMessageHash(old.link, old.kemKey), his));
  await old.hear(encodeReveal(his));
  // The old device’s digits are fixed now; he would choose the other nonce so that the new one’s are the same.
  const hisOld = await beginOld();
  const [one, other] = [linkOf(hisOld), linkOf(hisOld)].map((it) => new NewDevice(it, 'Telephone'));
  assert.ok(one !== undefined && other !== undefined);
  const commitments = [await one.meet(hisOld.kemKey), await other.meet(hisOld.kemKey)];
  assert.deepEqual(
    commitments.map((it) => it.length),
    [32, 32],
  );
  // The same nonce, the same link, the same name: what decides the digits is what he was not shown.
  assert.notEqual(one.answerTo(nonce).digits, other.answerTo(nonce).digits);
  assert.throws(() => one.answerTo(randomBytes(32)), { code: 'DEVICE_SESSION_OVER' });
});

test('an old device draws its nonce only when the commitment is there', async () => {
  const drawn: Uint8Array[] = [];
  const { randomBytes: real } = platform;
  Object.assign(platform, {
    randomBytes: (length: number) => {
      const bytes = real(length);
      drawn.push(bytes);
      return bytes;
    },
  });
  try {
    const old = await beginOld();
    const before = [...drawn];
    const nonce = old.answerTo(new Uint8Array(32));
    assert.ok(before.length > 0);
    assert.ok(!before.some((bytes) => equalBytes(bytes, nonce)), 'drawn before');
    assert.ok(
      drawn.slice(before.length).some((bytes) => equalBytes(bytes, nonce)),
      'drawn now',
    );
  } finally {
    Object.assign(platform, { randomBytes: real });
  }
});

test('played to both sides, the digits of the one are wrong on the other, and nothing is released', async () => {
  const old = await beginOld();
  const hisOld = await beginOld();
  const hisNew = new NewDevice(linkOf(old), 'Telephone');
  const fresh = new NewDevice(linkOf(hisOld), 'Telephone');
  const shown = fresh.answerTo(hisOld.answerTo(await fresh.meet(hisOld.kemKey)));
  await hisOld.hear(shown.message);
  const his = hisNew.answerTo(old.answerTo(await hisNew.meet(old.kemKey)));
  await old.hear(his.message);
  for (let entry = 0; entry < 3; entry++) {
    assert.throws(() => old.enter(shown.digits), { code: 'DEVICE_DIGITS_WRONG' });
  }
  assert.throws(() => old.enter(his.digits), { code: 'DEVICE_SESSION_OVER' });
  await caught(old.release(randomBytes(9)), 'DEVICE_SESSION_OVER');
});

test('what the relay itself seals to the new device does not open, nor what was sealed in another session', async () => {
  const payload = randomBytes(40);
  const session = async () => {
    const old = await beginOld();
    const fresh = new NewDevice(linkOf(old), 'Telephone');
    const oldKey = old.kemKey;
    const commitment = await fresh.meet(oldKey);
    const nonce = old.answerTo(commitment);
    const { digits, message } = fresh.answerTo(nonce);
    const firstHash = firstMessageHash(old.link, oldKey);
    const said = { firstHash, commitment, nonce, reveal: decodeReveal(message) };
    await old.hear(message);
    old.enter(digits);
    return { old, fresh, said };
  };
  const [one, two, three] = [await session(), await session(), await session()];
  const { kemKey } = one.said.reveal;
  // Everything that was on the way is known; what stands in the encapsulation to the old key is not.
  const transcript = transcriptOf(one.said);
  const forged = await sealRelease({ kemKey, secret: randomBytes(32), transcript }, payload);
  await caught(one.fresh.open(forged), 'DEVICE_RELAY_LIED');
  await caught(two.fresh.open(await three.old.release(payload)), 'DEVICE_RELAY_LIED');
});

test('who put a link of his own in the place of the old device’s gets no wallet, and the person is asked', async () => {
  const hisOld = await beginOld();
  const link = linkOf(hisOld);
  const { session, relay } = link;
  const answers = new Map<string, Uint8Array>([['1', hisOld.kemKey]]);
  let typed = '';
  // His own server, which plays the old device and takes whatever digits there are.
  const fetch = async (url: string, init: RequestInit) => {
    const slot = new URL(url).pathname.split('/').at(-1) ?? '';
    assert.ok(url.startsWith(`${relay}/v1/relay/${Buffer.from(session).toString('hex')}/`));
    if (init.method !== 'POST') return new Response(new Uint8Array(answers.get(slot) ?? []));
    const body = new Uint8Array(await new Response(init.body).arrayBuffer());
    if (slot === '2') answers.set('3', hisOld.answerTo(body));
    else await hisOld.hear(body);
    return Response.json({ ok: true });
  };
  const joining = joinDevice({
    ...{ link: formatDeviceLink(link), name: 'Telephone', http: { fetch } },
    showDigits: async (digits) => {
      typed = digits;
      hisOld.enter(digits);
      answers.set('6', await hisOld.release(randomBytes(9)));
    },
    // The person typed them on her own device, which said that they are wrong.
    isDoneThere: async () => false,
  });
  await caught(joining, 'DEVICE_NOT_CONFIRMED');
  assert.match(typed, /^\d{6}$/);
});

/** A device of somebody in the town, and what it needs to add another. */
async function atHome() {
  const person = await Person.enrolled(town, town.north, 'patient');
  const http = { fetch: (url: string, init: RequestInit) => fetchThrough(town.app, url, init) };
  const session = { token: async () => person.token, drop: () => undefined };
  const gateway = new GatewayClient(new Http('http://town/north', http), session);
  const wrongEntries = { read: async () => [], write: async () => undefined };
  const payload = async () => assert.fail('something was handed over');
  return {
    ...{ person, http },
    ctx: { gateway, now: Date.now, account: person },
    asked: { wrongEntries, payload, askDigits: async () => assert.fail('somebody was asked') },
  };
}

test('who saw the link and answers first ends the session for both, and is handed nothing', async () => {
  const { ctx, http, asked, person } = await atHome();
  let joining: Promise<unknown> = Promise.resolve();
  const adding = addDevice(ctx, {
    ...asked,
    onLink: async (link) => {
      const path = `/v1/relay/${sessionNameOf(parseDeviceLink(link))}/answers/2`;
      const type = 'application/octet-stream';
      await person.call('POST', path, { bytes: randomBytes(32), type, anonymous: true });
      const shown = { showDigits: () => assert.fail('digits'), isDoneThere: async () => true };
      joining = joinDevice({ link, name: 'Telephone', http, ...shown });
      await caught(joining, 'DEVICE_SESSION_OVER');
    },
  });
  await caught(adding, 'DEVICE_SESSION_OVER');
});

test('a relay that says other things than the two devices is found out by one of them', async () => {
  const { http } = await atHome();
  const old = await beginOld({ relay: 'http://town/north' });
  const link = formatDeviceLink(old.link);
  const { publicKey } = await xwingKeyFromSeed(randomBytes(32));
  const tooMuch = new Uint8Array(relayLimits.releaseSlotBytes + 1);
  for (const [what, key] of [
    ['another key', publicKey],
    ['a key cut short', old.kemKey.slice(0, 32)],
    ['more than a slot holds', tooMuch],
  ] as const) {
    const fetch = async (url: string, init: RequestInit) =>
      url.includes('/1?') ? new Response(new Uint8Array(key)) : http.fetch(url, init);
    const shown = { showDigits: () => assert.fail(what), isDoneThere: async () => true };
    await caught(
      joinDevice({ link, name: 'Telephone', http: { fetch }, ...shown }),
      'DEVICE_RELAY_LIED',
    );
  }
});

test('the relay is shown no byte of what passes, and keeps none of it on its disk or in its log', async () => {
  const { ctx, http, asked } = await atHome();
  const payload = randomBytes(64);
  const passed: Uint8Array[] = [];
  const digits: string[] = [];
  let session = '';
  const fetch = async (url: string, init: RequestInit) => {
    const response = await http.fetch(url, init);
    const bytes = new Uint8Array(await response.arrayBuffer());
    passed.push(bytes);
    return new Response(bytes, { status: response.status });
  };
  let joining: ReturnType<typeof joinDevice> | undefined;
  await addDevice(ctx, {
    ...asked,
    payload: async () => payload,
    onLink: (link) => {
      session = sessionNameOf(parseDeviceLink(link));
      joining = joinDevice({
        ...{ link, name: 'Telephone', http: { fetch }, isDoneThere: async () => true },
        showDigits: (shown) => {
          digits.push(shown);
        },
      });
    },
    askDigits: async () => {
      while (digits.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return digits[0] ?? '';
    },
  });
  const joined = await joining;
  assert.ok(joined !== undefined && equalBytes(joined.payload, payload));
  assert.ok(passed.length >= 5);
  for (const bytes of passed) assert.ok(!Buffer.from(bytes).includes(Buffer.from(payload)));
  const files = globSync('north/**/*.sqlite*', { cwd: town.folder });
  assert.ok(files.length > 0);
  const [key = assert.fail()] = passed;
  for (const file of files) {
    const disk = readFileSync(`${town.folder}/${file}`);
    assert.ok(!disk.includes(Buffer.from(key.subarray(0, 32))), file);
    assert.ok(!disk.includes(session) && !disk.includes(Buffer.from(session, 'hex')), file);
  }
  assert.ok(!town.logged().includes(session));
});
