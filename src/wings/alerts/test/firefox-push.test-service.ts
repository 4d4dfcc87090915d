import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { list, remove, salus, temporaryHome, up } from '../../../../test/cli/salus.ts';
import { Firefox } from '../../../../test/services/firefox.ts';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { hospitalsOf, serversOf } from '../../../server/process.ts';
import type { Outgoing } from '../node/channel.ts';
import { PushChannel } from '../node/push.ts';
import { type Vapid, vapidOf } from '../node/web-push.ts';
import { writeRelay } from '../server/places.ts';
import { pushKeyOf } from '../server/service-keys.ts';
import { BrowserPushService, opened, unopened } from './browser-push-service.ts';

/**
 * A Firefox as its makers ship it asks for pushes as a patient does, opens what is pushed to it, and shows it: keys, sealing (RFC 8291) and notice
 * are its own. Its push service is one of this test: that of its makers is not reached from everywhere.
 */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const folder = mkdtempSync(join(tmpdir(), 'salus-firefox-push-'));
const home = temporaryHome();
const pushes = new BrowserPushService();
let running: Awaited<ReturnType<typeof up>>;
let firefox: Firefox;
let url = '';

before(async () => {
  writeRelay(home, 'smtp://127.0.0.1:9?from=alerts@salus.example&tls=none', true);
  running = await up(home, ['--demo']);
  url = String(running.ready.url);
  firefox = await Firefox.start(programs, folder, url, {
    // A machine without a desktop has nothing that shows notices: it shows them itself.
    'alerts.useSystemBackend': false,
    // Who drives a Firefox has it switched off.
    'dom.push.connection.enabled': true,
    'dom.push.serverURL': await pushes.start(),
    'dom.push.testing.allowInsecureServerURL': true,
    'permissions.default.desktop-notification': 1,
  });
});
after(async () => {
  await firefox?.close();
  await running?.stop();
  await pushes.stop();
  remove(home);
  rmSync(folder, { recursive: true, force: true });
});

/** The hospital whose pushes the browser asked for. */
function sender(publicKey: string): Vapid {
  const all = hospitalsOf(home).map((it) =>
    vapidOf(pushKeyOf(join(serversOf(home), it)), 'mailto:alerts@salus.example'),
  );
  return all.find((it) => bytesToBase64url(it.publicKey) === publicKey) ?? assert.fail(publicKey);
}

/** As a patient's device asks for them; her address, sealed on the device and opened by herself. */
async function subscribed(): Promise<string> {
  await firefox.visit(url);
  await firefox.touch('button', 'Eboni Brekke');
  await firefox.touch('main a[href="/alerts"]');
  await firefox.touch('[data-way=push] button', /^Set up/u);
  await firefox.touch('dialog button', 'Keep');
  await firefox.says('h1', /in a browser/u);
  const env = { SALUS_PASSPHRASE: 'demo passphrase' };
  const { set } = await salus(['alerts', 'list', '--as', 'eboni'], { home, env });
  return String(list({ set }, 'set').find(({ channel }) => channel === 'push')?.address);
}

const letter = (address: string, change: Partial<Outgoing> = {}): Outgoing => ({
  name: new Uint8Array(16).fill(1),
  ...{ address, language: 'es', cause: 'freeze', sentMs: Date.now(), secret: new Uint8Array(0) },
  ...change,
});

/** The notices that Firefox shows, once the first is this one: it acknowledges a push before its worker has shown it. */
async function shown(title: string): Promise<unknown> {
  const said = await firefox.runs(`async () => {
    const worker = await navigator.serviceWorker.ready;
    for (let asked = 0; asked < 600; asked++) {
      const notices = await worker.getNotifications();
      if (notices[0]?.title === ${JSON.stringify(title)}) {
        return JSON.stringify(notices.map((it) => [it.title, it.body, it.lang, it.dir, it.tag]));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return '"none"';
  }`);
  return JSON.parse(String(said));
}

test('Firefox takes pushes of her hospital alone, opens them, and shows one notice without a word of what it is', {
  timeout: 240_000,
}, async () => {
  const address = await subscribed();
  const own = sender(pushes.senders.at(-1) ?? '');
  const hospital = new PushChannel(own, pushes.here);
  assert.deepEqual(await hospital.deliver(letter(address)), { outcome: 'accepted' });
  assert.deepEqual(await pushes.until(1), [opened]);
  const inSpanish = 'Hay novedades en tu historia clínica';
  const news = [inSpanish, '', 'es', 'ltr', 'salus-news'];
  assert.deepEqual(await shown(inSpanish), [news]);

  const another = new PushChannel(
    { ...own, ...vapidOf(new Uint8Array(32).fill(3), own.subject) },
    pushes.here,
  );
  const refused = { outcome: 'never', code: 'PUSH_REFUSED' };
  assert.deepEqual(await another.deliver(letter(address)), refused);

  pushes.altering = (body) => {
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    return body;
  };
  await hospital.deliver(letter(address, { cause: 'test', language: 'ar' }));
  assert.deepEqual(await pushes.until(2), [opened, unopened]);
  assert.deepEqual(await shown(inSpanish), [news]);

  pushes.altering = (body) => body;
  await hospital.deliver(letter(address, { cause: 'test', language: 'ar' }));
  assert.deepEqual(await pushes.until(3), [opened, unopened, opened]);
  const inArabic = 'جرّبت ذلك: إنه يصل';
  assert.deepEqual(await shown(inArabic), [[inArabic, '', 'ar', 'rtl', 'salus-news']]);
});
