import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { xwingKeyFromSeed } from '../../../crypto/kem.ts';
import { openWith } from '../../../crypto/letter.ts';
import { encodeCbor } from '../../../primitives/cbor.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { entriesOf, type HasDrawers, mergeDrawers, withEntry } from '../../../sdk/wallet/drawer.ts';
import { choice, choiceContext, noCode } from '../api/choice.ts';
import { alertsGet } from '../api/routes/alerts-get.ts';
import { alertsPut } from '../api/routes/alerts-put.ts';
import { alertsTestPost } from '../api/routes/alerts-test-post.ts';
import { alertsNames } from '../names.ts';
import { alertsNow, endAlert, type KeptAlert, keptAlerts, setAlert, testAlert } from './choices.ts';

const { labels } = alertsNames;

/** What a wallet keeps of a choice. Source: docs/protocol/alerts.md, AL-20; docs/protocol/wallet.md, W-16. */

const none = { code: noCode, codeKeyId: noCode };
const confirmed = { code: new Uint8Array(5).fill(1), codeKeyId: new Uint8Array(16).fill(2) };
const kept = (counter: number, change: Partial<KeptAlert> = {}): KeptAlert => ({
  ...{ counter, account: 'a'.repeat(64), channel: 'mail', address: 'ana@example.org' },
  ...{ language: 'en', quietFrom: 0, quietUntil: 0, zoneMinutes: 720, secret: new Uint8Array(0) },
  ...{ causes: ['look'], known: 11, ...none, ...change },
});
const empty: HasDrawers = { drawers: [] };

test('what a build before codes has kept is read as not confirmed, and gives way to what is kept now', () => {
  const { code: _, codeKeyId: __, ...fields } = kept(7);
  const before = encodeCbor(Object.values(fields));
  const key = keptAlerts.key(kept(7));
  const { wing } = keptAlerts;
  const old: HasDrawers = {
    drawers: [{ wing, entries: [{ key, value: before, ended: false }] }],
  };
  assert.deepEqual(entriesOf(old, keptAlerts), [kept(7)]);
  assert.notDeepEqual(encodeAs(keptAlerts.entry, kept(7)), before);
  const now = withEntry(old, keptAlerts, kept(8));
  assert.deepEqual(entriesOf(now, keptAlerts), [kept(8)]);
});

test('of two devices’ choices the one that was made later stays, with a code or without, from either side', () => {
  for (const [older, newer] of [
    [kept(1, confirmed), kept(2, { address: 'b@example.org' })],
    [kept(1), kept(2, confirmed)],
    [kept(255, confirmed), kept(256)],
    [kept(1, confirmed), kept(2, { address: '' })],
  ] as const) {
    const [mine, theirs] = [older, newer].map((it) => withEntry(empty, keptAlerts, it).drawers);
    for (const drawers of [
      mergeDrawers(mine ?? [], theirs ?? []),
      mergeDrawers(theirs ?? [], mine ?? []),
    ]) {
      assert.deepEqual(entriesOf({ drawers }, keptAlerts), [newer]);
    }
  }
});

test('a gateway that shows another key and other codes for once takes no confirmation away', async () => {
  const service = await xwingKeyFromSeed(new Uint8Array(32).fill(3));
  const account = 'a'.repeat(64) as AccountId;
  let content: HasDrawers = withEntry(empty, keptAlerts, kept(7, confirmed));
  let shown = { keyId: 'one', codeKeyId: confirmed.codeKeyId };
  const there = { channel: 'mail', keyId: 'one', counter: 7, isSet: true };
  const sealed: Uint8Array[] = [];
  const call = async (
    route: unknown,
    { body }: { readonly body?: typeof there & { sealed: string } },
  ) => {
    if (route === alertsGet)
      return {
        ...{ channels: ['mail'], set: [there] },
        service: {
          ...{ keyId: shown.keyId, codeKeyId: textOfBytes(shown.codeKeyId), pushKey: '' },
          publicKey: textOfBytes(service.publicKey),
        },
      };
    if (body === undefined) assert.fail();
    Object.assign(there, { keyId: body.keyId, counter: body.counter });
    sealed.push(bytesOfText(body.sealed));
    return {};
  };
  const ctx = {
    account: { account },
    gateway: { call },
    get vault() {
      return { content };
    },
    noteDown: async (change: (of: HasDrawers) => HasDrawers) => {
      content = change(content);
    },
  } as unknown as Parameters<(typeof alertsNow)['run']>[0];
  const isConfirmed = async () =>
    (await alertsNow.run(ctx, { zoneMinutes: 720 }, {})).set.map((it) => it.isConfirmed);
  assert.deepEqual(await isConfirmed(), [true]);
  shown = { keyId: 'two', codeKeyId: new Uint8Array(16).fill(9) };
  assert.deepEqual(await isConfirmed(), [false]);
  shown = { keyId: 'one', codeKeyId: confirmed.codeKeyId };
  assert.deepEqual(await isConfirmed(), [true]);
  const codes: Uint8Array[] = [];
  for (const it of sealed) {
    const context = choiceContext(account, 'mail');
    const opened = await openWith(service, labels.alertSeal, context, new Uint8Array(0), it);
    codes.push(decodeAs(choice, opened).code);
  }
  // To the other hospital it says nothing.
  assert.deepEqual(codes, [noCode, confirmed.code]);
});

test('a choice that another hand was at is shown as one to set again; where the key is another one, it is sealed anew', async () => {
  const service = await xwingKeyFromSeed(new Uint8Array(32).fill(3));
  const there = { channel: 'mail', keyId: 'one', counter: 7, isSet: true, isWhole: false };
  const content: HasDrawers = withEntry(empty, keptAlerts, kept(7, confirmed));
  const answer = {
    ...{ channels: ['mail'], set: [there] },
    service: {
      ...{ keyId: 'one', codeKeyId: textOfBytes(confirmed.codeKeyId), pushKey: '' },
      publicKey: textOfBytes(service.publicKey),
    },
  };
  const put: unknown[] = [];
  const ctx = {
    account: { account: 'a'.repeat(64) },
    gateway: {
      call: async (route: unknown) => (route === alertsGet ? answer : put.push(route)),
    },
    vault: { content },
    noteDown: async () => {},
  } as unknown as Parameters<(typeof alertsNow)['run']>[0];
  const isCurrent = async () =>
    (await alertsNow.run(ctx, { zoneMinutes: 720 }, {})).set.map((it) => it.isCurrent);
  assert.deepEqual([await isCurrent(), put.length], [[false], 0]);
  there.keyId = 'lost';
  assert.deepEqual([await isCurrent(), put.length], [[true], 1]);
});

test('where no letter with a code goes before a time, a device asks for none and says from when', async () => {
  const service = await xwingKeyFromSeed(new Uint8Array(32).fill(3));
  let content: HasDrawers = empty;
  const asked: unknown[] = [];
  const answer = {
    ...{ channels: ['mail', 'inbox'], codesFromMs: 1_000 },
    set: ['mail', 'inbox'].map((channel) => ({ channel, keyId: 'one', counter: 1, isSet: true })),
    service: {
      ...{ keyId: 'one', codeKeyId: textOfBytes(confirmed.codeKeyId), pushKey: '' },
      publicKey: textOfBytes(service.publicKey),
    },
  };
  const ctx = {
    account: { account: 'a'.repeat(64) },
    gateway: {
      call: async (route: unknown) => {
        if (route === alertsGet) return answer;
        asked.push(route);
        return {};
      },
    },
    get vault() {
      return { content };
    },
    noteDown: async (change: (of: HasDrawers) => HasDrawers) => {
      content = change(content);
    },
  } as unknown as Parameters<(typeof setAlert)['run']>[0];
  const wish = {
    ...({ channel: 'mail', address: 'ana@example.org', language: 'en', causes: [] } as const),
    ...{ quietFrom: 0, quietUntil: 0, zoneMinutes: 720 },
  };
  const set = await setAlert.run(ctx, wish, {});
  assert.deepEqual([set.isConfirmed, set.isAsked, set.codesFromMs], [false, false, 1_000]);
  assert.deepEqual(asked, [alertsPut]);
  assert.deepEqual(await testAlert.run(ctx, undefined, {}), {
    ways: ['inbox'],
    codesFromMs: 1_000,
  });
  assert.deepEqual(asked.splice(0), [alertsPut, alertsTestPost]);
  answer.channels = ['mail'];
  assert.deepEqual(await testAlert.run(ctx, undefined, {}), { ways: [], codesFromMs: 1_000 });
  assert.deepEqual(asked, [], 'nothing would come of it');
});

for (const [name, change] of [
  ['has no relay any more', { channels: [] }],
  ['has lost the keys of its alerts', { channels: [], service: undefined }],
] as const)
  test(`a hospital that ${name}: what was chosen is listed, as what is not told now, also from another zone`, async () => {
    const service = await xwingKeyFromSeed(new Uint8Array(32).fill(3));
    const quiet = { quietFrom: 1_320, quietUntil: 420 };
    const content: HasDrawers = withEntry(empty, keptAlerts, kept(7, { ...confirmed, ...quiet }));
    const answer = {
      channels: ['mail'],
      set: [{ channel: 'mail', keyId: 'before', counter: 7, isSet: true }],
      service: {
        ...{ keyId: 'one', codeKeyId: textOfBytes(confirmed.codeKeyId), pushKey: '' },
        publicKey: textOfBytes(service.publicKey),
      },
    };
    const ctx = {
      account: { account: 'a'.repeat(64) },
      gateway: {
        call: async (route: unknown) => {
          if (route === alertsGet) return { ...answer, ...change };
          throw new CodedError('ALERTS_OFF');
        },
      },
      vault: { content },
    } as unknown as Parameters<(typeof alertsNow)['run']>[0];
    const { channels, set } = await alertsNow.run(ctx, { zoneMinutes: 840 }, {});
    assert.deepEqual(channels, []);
    assert.deepEqual(
      set.map((it) => [it.address, it.isCurrent, it.isOffered]),
      [['ana@example.org', true, false]],
    );
  });

for (const [name, answers, expected] of [
  ['what is ended after another device went on stays ended when their wallets meet', true, 9],
  ['a hospital that does not say how far it is keeps nobody from ending', false, 8],
] as const)
  test(name, async () => {
    let content: HasDrawers = withEntry(empty, keptAlerts, kept(7, confirmed));
    const ctx = {
      account: { account: 'a'.repeat(64) },
      gateway: {
        call: async (route: unknown) => {
          if (route !== alertsGet) return {};
          if (!answers) throw new CodedError('HOME_INVALID');
          return {
            channels: ['mail'],
            set: [{ channel: 'mail', keyId: 'one', counter: 9, isSet: false }],
          };
        },
      },
      get vault() {
        return { content };
      },
      noteDown: async (change: (of: HasDrawers) => HasDrawers) => {
        content = change(content);
      },
    } as unknown as Parameters<(typeof endAlert)['run']>[0];
    await endAlert.run(ctx, 'mail', {});
    const [ended] = entriesOf(content, keptAlerts);
    assert.deepEqual([ended?.address, ended?.counter], ['', expected]);
    const other = withEntry(empty, keptAlerts, kept(8, { address: 'other@example.org' })).drawers;
    const [merged] = entriesOf({ drawers: mergeDrawers(content.drawers, other) }, keptAlerts);
    assert.equal(merged?.address, answers ? '' : 'other@example.org');
  });
