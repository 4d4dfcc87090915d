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

/** Ana's wallet at a hospital that answers so, and what it keeps by now. */
function walletAt(
  call: (route: unknown, asking: { readonly body?: unknown }) => Promise<unknown>,
  content: HasDrawers = empty,
) {
  const held = { content };
  const ctx = {
    account: { account: 'a'.repeat(64) },
    gateway: { call },
    vault: held,
    noteDown: async (change: (of: HasDrawers) => HasDrawers) => {
      held.content = change(held.content);
    },
  } as unknown as Parameters<(typeof alertsNow)['run']>[0];
  return {
    ctx,
    kept: () => entriesOf(held.content, keptAlerts),
    drawers: () => held.content.drawers,
  };
}

/** The service's key and the name of the key of its codes, as `GET /v1/alerts` shows them. */
async function serviceOf(keyId = 'one', codeKeyId = confirmed.codeKeyId) {
  const { publicKey } = await xwingKeyFromSeed(seed);
  const named = { keyId, codeKeyId: textOfBytes(codeKeyId), pushKey: '' };
  return { ...named, publicKey: textOfBytes(publicKey) };
}
const seed = new Uint8Array(32).fill(3);

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
  let shown = await serviceOf();
  const there = { channel: 'mail', keyId: 'one', counter: 7, isSet: true };
  const sealed: Uint8Array[] = [];
  const { ctx } = walletAt(
    async (route, asking) => {
      if (route === alertsGet) return { channels: ['mail'], set: [there], service: shown };
      const body = asking.body as (typeof there & { readonly sealed: string }) | undefined;
      if (body === undefined) assert.fail();
      Object.assign(there, { keyId: body.keyId, counter: body.counter });
      sealed.push(bytesOfText(body.sealed));
      return {};
    },
    withEntry(empty, keptAlerts, kept(7, confirmed)),
  );
  const isConfirmed = async () =>
    (await alertsNow.run(ctx, { zoneMinutes: 720 }, {})).set.map((it) => it.isConfirmed);
  assert.deepEqual(await isConfirmed(), [true]);
  shown = await serviceOf('two', new Uint8Array(16).fill(9));
  assert.deepEqual(await isConfirmed(), [false]);
  shown = await serviceOf();
  assert.deepEqual(await isConfirmed(), [true]);
  const service = await xwingKeyFromSeed(seed);
  const codes: Uint8Array[] = [];
  for (const it of sealed) {
    const context = choiceContext('a'.repeat(64) as AccountId, 'mail');
    const opened = await openWith(service, labels.alertSeal, context, new Uint8Array(0), it);
    codes.push(decodeAs(choice, opened).code);
  }
  // To the other hospital it says nothing.
  assert.deepEqual(codes, [noCode, confirmed.code]);
});

test('a choice that another hand was at is shown as one to set again; where the key is another one, it is sealed anew', async () => {
  const there = { channel: 'mail', keyId: 'one', counter: 7, isSet: true, isWhole: false };
  const answer = { channels: ['mail'], set: [there], service: await serviceOf() };
  const put: unknown[] = [];
  const { ctx } = walletAt(
    async (route) => (route === alertsGet ? answer : put.push(route)),
    withEntry(empty, keptAlerts, kept(7, confirmed)),
  );
  const isCurrent = async () =>
    (await alertsNow.run(ctx, { zoneMinutes: 720 }, {})).set.map((it) => it.isCurrent);
  assert.deepEqual([await isCurrent(), put.length], [[false], 0]);
  there.keyId = 'lost';
  assert.deepEqual([await isCurrent(), put.length], [[true], 1]);
});

test('where no letter with a code goes before a time, a device asks for none and says from when', async () => {
  const asked: unknown[] = [];
  const answer = {
    ...{ channels: ['mail', 'inbox'], codesFromMs: 1_000, service: await serviceOf() },
    set: ['mail', 'inbox'].map((channel) => ({ channel, keyId: 'one', counter: 1, isSet: true })),
  };
  const { ctx } = walletAt(async (route) => {
    if (route === alertsGet) return answer;
    asked.push(route);
    return {};
  });
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
    const quiet = { quietFrom: 1_320, quietUntil: 420 };
    const answer = {
      ...{ channels: ['mail'], service: await serviceOf() },
      set: [{ channel: 'mail', keyId: 'before', counter: 7, isSet: true }],
    };
    const { ctx } = walletAt(
      async (route) => {
        if (route === alertsGet) return { ...answer, ...change };
        throw new CodedError('ALERTS_OFF');
      },
      withEntry(empty, keptAlerts, kept(7, { ...confirmed, ...quiet })),
    );
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
    const wallet = walletAt(
      async (route) => {
        if (route !== alertsGet) return {};
        if (!answers) throw new CodedError('HOME_INVALID');
        const set = [{ channel: 'mail', keyId: 'one', counter: 9, isSet: false }];
        return { channels: ['mail'], set };
      },
      withEntry(empty, keptAlerts, kept(7, confirmed)),
    );
    await endAlert.run(wallet.ctx, 'mail', {});
    const [ended] = wallet.kept();
    assert.deepEqual([ended?.address, ended?.counter], ['', expected]);
    const other = withEntry(empty, keptAlerts, kept(8, { address: 'other@example.org' })).drawers;
    const [merged] = entriesOf({ drawers: mergeDrawers(wallet.drawers(), other) }, keptAlerts);
    assert.equal(merged?.address, answers ? '' : 'other@example.org');
  });
