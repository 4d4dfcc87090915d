import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { equalBytes } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { GatewayClient } from '../../src/sdk/client/gateway-client.ts';
import { Http } from '../../src/sdk/client/http.ts';
import { addDevice, type DeviceStep } from '../../src/sdk/devices/add-device.ts';
import { type JoinedDevice, joinDevice } from '../../src/sdk/devices/join-device.ts';
import { maxPayloadBytes } from '../../src/sdk/devices/release.ts';
import { maxWrongEntries, type WrongEntries } from '../../src/sdk/devices/wrong-entries.ts';
import { Person } from '../gateway/person.ts';
import { fetchThrough, openTown, type Town } from '../gateway/town.ts';
import { later } from '../later.ts';

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

const now = () => Date.now() + town.clock.aheadMs;
const http = () => ({
  fetch: (url: string, init: RequestInit) => fetchThrough(town.app, url, init),
});
const hour = 60 * 60_000;

function entriesInMemory(): WrongEntries & { timesMs: readonly number[] } {
  return {
    timesMs: [],
    async read() {
      return this.timesMs;
    },
    async write(timesMs) {
      this.timesMs = timesMs;
    },
  };
}

/** A patient with a device that has everything, and a place for her wrong entries. */
async function patient() {
  const person = await Person.enrolled(town, town.north, 'patient');
  const session = { token: async () => person.token, drop: () => undefined };
  const gateway = new GatewayClient(new Http('http://town/north', http()), session);
  return { ctx: { gateway, now, account: person }, wrongEntries: entriesInMemory(), person };
}

interface Changes {
  /** What the person types for what the new device shows. */
  readonly typed?: (digits: string, entry: number) => string;
  readonly payload?: Uint8Array;
  readonly isDone?: boolean;
  readonly signal?: AbortSignal;
}

/** Both devices at once, and a person who reads the digits here and types them there. */
async function together(
  { ctx, wrongEntries }: Awaited<ReturnType<typeof patient>>,
  { typed = (digits) => digits, payload = randomBytes(50), isDone = true, signal }: Changes = {},
) {
  const digits = later<string>();
  const joined = later<JoinedDevice>();
  const steps: DeviceStep[] = [];
  let asked = 0;
  let handedOver = 0;
  const added = addDevice(ctx, {
    payload: async () => {
      handedOver += 1;
      return payload;
    },
    onLink: (link) => {
      const shown = { showDigits: digits.resolve, isDoneThere: async () => isDone };
      joined.resolve(joinDevice({ link, name: 'Telephone', http: http(), now, ...shown }));
    },
    askDigits: async ({ name }) => {
      assert.equal(name, 'Telephone');
      return typed(await digits.promise, ++asked);
    },
    onStep: (step) => steps.push(step),
    wrongEntries,
    signal,
  });
  const [old, fresh] = await Promise.allSettled([added, joined.promise]);
  return { old, fresh, steps, handedOver: () => handedOver };
}

function refusedWith(settled: PromiseSettledResult<unknown>): string {
  if (settled.status === 'fulfilled') return 'done';
  return isCoded(settled.reason) ? settled.reason.code : String(settled.reason);
}

test('what the old device hands over reaches the new one, and both know its key', async () => {
  const ana = await patient();
  const payload = randomBytes(70_000);
  const { old, fresh, steps } = await together(ana, {
    payload,
    typed: (digits) => `${digits.slice(0, 3)} ${digits.slice(3)}`,
  });
  assert.ok(old.status === 'fulfilled', refusedWith(old));
  assert.ok(fresh.status === 'fulfilled', refusedWith(fresh));
  assert.ok(equalBytes(fresh.value.payload, payload));
  assert.equal(fresh.value.account, ana.person.account);
  const { publicKey } = await xwingKeyFromSeed(fresh.value.seed);
  assert.ok(equalBytes(publicKey, old.value.kemKey));
  assert.equal(old.value.name, 'Telephone');
  assert.deepEqual(steps, ['opening', 'waiting', 'comparing', 'handing-over']);
  assert.deepEqual(ana.wrongEntries.timesMs, []);
});

test('the largest payload passes, and one byte more is refused before anything is sent', async () => {
  const ana = await patient();
  const largest = await together(ana, { payload: new Uint8Array(maxPayloadBytes).fill(7) });
  assert.ok(largest.fresh.status === 'fulfilled', refusedWith(largest.fresh));
  assert.equal(largest.fresh.value.payload.length, maxPayloadBytes);
  const larger = await together(ana, { payload: new Uint8Array(maxPayloadBytes + 1) });
  assert.equal(refusedWith(larger.old), 'BODY_TOO_LARGE');
  assert.equal(refusedWith(larger.fresh), 'DEVICE_SESSION_OVER');
});

test('a slip of the finger costs one entry and stays written down', async () => {
  const ana = await patient();
  const { old, fresh } = await together(ana, {
    typed: (digits, entry) => (entry === 1 ? 'oops' : digits),
  });
  assert.equal(refusedWith(old), 'done');
  assert.equal(refusedWith(fresh), 'done');
  assert.equal(ana.wrongEntries.timesMs.length, 1);
});

test('three wrong entries hand over nothing and end adding for an hour', async () => {
  const ana = await patient();
  const wrong = (digits: string) => String((Number(digits) + 1) % 1_000_000).padStart(6, '0');
  const { old, fresh, handedOver } = await together(ana, { typed: wrong });
  assert.equal(refusedWith(old), 'DEVICE_DIGITS_WRONG');
  assert.equal(refusedWith(fresh), 'DEVICE_SESSION_OVER');
  assert.equal(handedOver(), 0);
  assert.equal(ana.wrongEntries.timesMs.length, maxWrongEntries);
  const { ctx, wrongEntries } = ana;
  const stopped = await addDevice(ctx, {
    ...{ payload: async () => randomBytes(1), onLink: () => assert.fail('a link was shown') },
    ...{ askDigits: async () => '', wrongEntries },
  }).catch((error: unknown) => error);
  assert.ok(isCoded(stopped, 'DEVICE_ADDING_STOPPED'));
  town.clock.aheadMs += hour;
  try {
    await ana.person.signIn();
    const anHourLater = await together(ana);
    assert.equal(refusedWith(anHourLater.old), 'done');
  } finally {
    town.clock.aheadMs = 0;
  }
});

test('what came is not kept when the other device did not say that it handed over', async () => {
  const { fresh } = await together(await patient(), { isDone: false });
  assert.equal(refusedWith(fresh), 'DEVICE_NOT_CONFIRMED');
});

test('two minutes after the link nothing is handed over, however right the digits', async () => {
  const ana = await patient();
  const { old, handedOver } = await together(ana, {
    typed: (digits) => {
      town.clock.aheadMs += 2 * 60_000;
      return digits;
    },
  });
  town.clock.aheadMs = 0;
  assert.equal(refusedWith(old), 'DEVICE_SESSION_OVER');
  assert.equal(handedOver(), 0);
});

test('who stops the old device stops both', async () => {
  const ana = await patient();
  const stop = new AbortController();
  const { old, fresh } = await together(ana, {
    signal: stop.signal,
    typed: () => {
      stop.abort();
      return '';
    },
  });
  assert.equal(refusedWith(old), 'INTERRUPTED');
  assert.equal(refusedWith(fresh), 'DEVICE_SESSION_OVER');
});
