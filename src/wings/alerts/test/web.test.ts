import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { type Json, list, salus } from '../../../../test/cli/salus.ts';
import {
  type App,
  fitsWidth,
  heading,
  holdsAxe,
  picture,
  startApp,
  type Visitor,
  type VisitorOptions,
} from '../../../../test/web/app.ts';
import { missingWords, wordOf } from '../../../../test/web/looks.ts';
import { codeInBody } from '../node/letter-text.ts';
import { readDemoLetters } from '../server/demo-letters.ts';
import { demoLetters, writeRelay } from '../server/places.ts';
import { until } from './confirm-by-letter.ts';

/** The screens of alerts in a real browser, over the demo with the mail relay that `npm start` has. */
const env = { SALUS_PASSPHRASE: 'demo passphrase' };
let app: App;
/** On a device whose clock shows what the browsers' do: one in another zone would seal quiet hours anew (AL-6). */
const cli = (...args: readonly string[]) =>
  salus(args, { home: app.home, env, zone: 'America/New_York' });

before(async () => {
  // As `--smtp demo` leaves it: `up` finds a port for it.
  app = await startApp((home) =>
    writeRelay(home, 'smtp://127.0.0.1:9?from=alerts@salus.example&tls=none', true),
  );
});
after(() => app?.close());

const eboni = (options?: VisitorOptions): Promise<Visitor> =>
  app.visitorAs('Eboni Brekke', options);
const way = (page: Page, channel: string): Locator => page.locator(`[data-way=${channel}]`);
/** Of the newest letter with a code, as who reads it finds it. */
const codeTo = (address: string) =>
  readDemoLetters(join(app.home, 'servers', demoLetters))
    .filter(({ to }) => to === address)
    .map(({ body }) => codeInBody(body))
    .find((it) => it !== undefined);
/** Of the choice for mail, as its hospital keeps it: whoever lists may change it. */
function counterKept(): number {
  const db = new DatabaseSync(join(app.home, 'servers/north/gateway.db'), { readOnly: true });
  try {
    const row = db.prepare("SELECT counter FROM alerts_choices WHERE channel = 'mail'").get();
    return Number(row?.counter);
  } finally {
    db.close();
  }
}
const toAlerts = (page: Page): Locator => page.locator('main a[href="/alerts"]');

test('Four touches from home: a patient is told by mail once she has typed the code of the letter to her, and reads first what a letter says and who can read her address', async () => {
  const visitor = await eboni();
  const { page, touches } = visitor;
  await touches.touch(toAlerts(page));
  await heading(page, 'You are told nothing outside the app.').waitFor();
  await page.getByText(/Your address is sealed to your hospital’s alert service/u).waitFor();
  await holdsAxe(page);
  await picture(page, 'alerts-empty');
  await touches.touch(way(page, 'mail').getByRole('button', { name: /^Set up/u }));
  await page.getByLabel('Your mail address').fill('eboni@example.org');
  await holdsAxe(page);
  await picture(page, 'alerts-mail');
  await touches.touch(page.getByRole('button', { name: 'Keep' }));
  const mail = way(page, 'mail');
  await mail.getByText('Not confirmed yet').waitFor();
  await heading(page, 'You are told nothing outside the app.').waitFor();
  await mail.getByText('eboni@example.org').waitFor();
  const field = mail.getByLabel('The code of the letter');
  const confirm = mail.getByRole('button', { name: 'Confirm' });
  await field.fill('0000-0000-0000');
  await confirm.click();
  await mail
    .getByRole('alert')
    .getByText(/not the code of the letter/u)
    .waitFor();
  await holdsAxe(page);
  await picture(page, 'alerts-code');
  await until(() => codeTo('eboni@example.org') !== undefined);
  await field.fill(String(codeTo('eboni@example.org')).toLowerCase());
  await touches.touch(confirm);
  await heading(page, 'You are told by mail.').waitFor();
  assert.equal(touches.count, 4);
  assert.equal(await field.count(), 0);
  const { set } = await cli('alerts', 'list', '--as', 'eboni');
  assert.deepEqual(
    list({ set }, 'set').map((it) => [it.channel, it.address, it.isCurrent, it.isConfirmed]),
    [['mail', 'eboni@example.org', true, true]],
  );
  await visitor.close();
});

test('An address that is none is refused in words, and nothing is kept', async () => {
  const visitor = await eboni();
  const { page } = visitor;
  await toAlerts(page).click();
  await way(page, 'webhook')
    .getByRole('button', { name: /^Set up/u })
    .click();
  await page.getByLabel('The address of your server').fill('https://user@hook.example/');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('alert').getByText('Nothing can be sent to this address.').waitFor();
  await holdsAxe(page);
  await page.getByRole('button', { name: 'Not now' }).click();
  assert.equal(await way(page, 'webhook').getByText('On', { exact: true }).count(), 0);
  // One that is one is kept, and whoever runs the server reads what its requests are signed with.
  await way(page, 'webhook')
    .getByRole('button', { name: /^Set up/u })
    .click();
  await page.getByLabel('The address of your server').fill('https://hook.example/');
  await page.getByRole('button', { name: 'Keep' }).click();
  const hook = way(page, 'webhook');
  await hook.getByText('https://hook.example/').waitFor();
  const { set } = await cli('alerts', 'list', '--as', 'eboni');
  const secret = list({ set }, 'set').find(({ channel }) => channel === 'webhook')?.secret;
  assert.match(String(secret), /^[\w-]{43}$/u);
  await hook.getByText(String(secret)).waitFor();
  await fitsWidth(page);
  await picture(page, 'alerts-webhook');
  await hook.getByRole('button', { name: /^Turn off/u }).click();
  await hook.getByText('https://hook.example/').waitFor({ state: 'detached' });
  await visitor.close();
});

test('What is new stands in the app, of which kind and when; quiet hours and causes are chosen for each way; and it is turned off by one touch', async () => {
  const visitor = await eboni();
  const { page, touches } = visitor;
  await toAlerts(page).click();
  const inbox = way(page, 'inbox');
  await touches.touch(inbox.getByRole('button', { name: /^Set up/u }));
  await page.getByRole('checkbox', { name: 'A share ends in three days' }).uncheck();
  await touches.touch(page.getByRole('button', { name: 'Keep' }));
  await page.getByText('Nothing is new.').waitFor();
  await touches.touch(page.getByRole('button', { name: 'Try it out' }));
  await page.getByText('It is on its way, on each way that is on.').waitFor();
  assert.equal(touches.count, 3);
  await page.getByTestId('inbox').getByText('You tried it out').waitFor({ timeout: 60_000 });
  await holdsAxe(page);
  await picture(page, 'alerts-inbox');

  const mail = way(page, 'mail');
  await mail.getByRole('button', { name: /^Change/u }).click();
  await page.getByRole('checkbox', { name: 'Not at night' }).check();
  await page.getByLabel('From').fill('21:30');
  await page.locator('dialog').getByText('Español', { exact: true }).click();
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  const { set } = await cli('alerts', 'list', '--as', 'eboni');
  const chosen = list({ set }, 'set');
  const byMail = chosen.find(({ channel }) => channel === 'mail');
  assert.deepEqual(
    [byMail?.quietFrom, byMail?.quietUntil, byMail?.language, byMail?.address],
    [21 * 60 + 30, 7 * 60, 'es', 'eboni@example.org'],
  );
  const own = chosen.find(({ channel }) => channel === 'inbox');
  assert.equal(JSON.stringify(own?.causes).includes('grant-ends'), false);

  // Another device of hers, whose clock shows another hour, lists: it seals anew, and so does this page when it asks again.
  const other = await salus(['alerts', 'list', '--as', 'eboni'], {
    ...{ home: app.home, env, zone: 'Etc/GMT-3' },
  });
  const mailIn = (it: Json) => list(it, 'set').find(({ channel }) => channel === 'mail');
  assert.deepEqual(
    [mailIn(other)?.zoneMinutes, mailIn(other)?.counter],
    [900, Number(byMail?.counter) + 1],
  );
  await until(() => counterKept() === Number(byMail?.counter) + 2);
  const here = mailIn(await cli('alerts', 'list', '--as', 'eboni'));
  assert.deepEqual(
    [here?.zoneMinutes, here?.counter],
    [byMail?.zoneMinutes, Number(byMail?.counter) + 2],
  );

  touches.count = 0;
  await touches.touch(inbox.getByRole('button', { name: /^Turn off/u }));
  await heading(page, 'You are told by mail.').waitFor();
  assert.equal(touches.count, 1);
  await visitor.close();
});

/** A browser whose maker's push service is this page: it takes and gives up what it is asked for. */
const fakePushes = (permission: 'granted' | 'denied') => `
  const key = (length, first) => Uint8Array.from({ length }, (_, at) => (at === 0 ? first : at)).buffer;
  let subscription = null;
  const pushManager = {
    getSubscription: async () => subscription,
    subscribe: async (options) => {
      globalThis.askedWith = [options.userVisibleOnly, options.applicationServerKey.length, options.applicationServerKey[0]];
      subscription = {
        endpoint: 'https://push.example/to/eboni',
        getKey: (name) => (name === 'auth' ? key(16, 7) : key(65, 4)),
        unsubscribe: async () => { subscription = null; return true; },
      };
      return subscription;
    },
  };
  Object.defineProperty(navigator.serviceWorker, 'getRegistration', { value: async () => ({ pushManager }) });
  Object.defineProperty(Notification, 'requestPermission', { value: async () => '${permission}' });
`;

test('A browser that allows it is pushed to from then on; one that does not says what to do', async () => {
  for (const permission of ['denied', 'granted'] as const) {
    const visitor = await app.visitor();
    await visitor.context.addInitScript(fakePushes(permission));
    await visitor.page.reload();
    await visitor.openAs('Eboni Brekke');
    const { page } = visitor;
    await toAlerts(page).click();
    await way(page, 'push')
      .getByRole('button', { name: /^Set up/u })
      .click();
    await page
      .getByText(/The maker of your browser carries it/u)
      .last()
      .waitFor();
    await page.getByRole('button', { name: 'Keep' }).click();
    if (permission === 'denied') {
      await page
        .getByRole('alert')
        .getByText(/does not allow notices of this page/u)
        .waitFor();
      await holdsAxe(page);
    } else {
      await heading(page, /in a browser/u).waitFor();
      assert.deepEqual(await page.evaluate('globalThis.askedWith'), [true, 65, 4]);
      const { set } = await cli('alerts', 'list', '--as', 'eboni');
      const pushed = list({ set }, 'set').find(({ channel }) => channel === 'push');
      assert.match(
        String(pushed?.address),
        /^https:\/\/push\.example\/to\/eboni#B[\w-]{86}\.[\w-]{22}$/u,
      );
      const elsewhere = 'Notices go to another browser of yours, not to this one.';
      assert.equal(await way(page, 'push').getByText(elsewhere).count(), 0);
      const other = await eboni();
      await toAlerts(other.page).click();
      await way(other.page, 'push').getByText(elsewhere).waitFor();
      await holdsAxe(other.page);
      await picture(other.page, 'alerts-push-elsewhere');
      await other.close();
      await way(page, 'push')
        .getByRole('button', { name: /^Turn off/u })
        .click();
      await heading(page, 'You are told by mail.').waitFor();
    }
    await visitor.close();
  }
});

test('A push shows one notice in its language, without a word of what it is', async () => {
  const visitor = await app.visitor({ keeps: true });
  const { page, context } = visitor;
  const session = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [first] = registrations;
      if (first !== undefined) resolve(first.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
  const registrationId = await registered;
  const [worker] = context.serviceWorkers();
  assert.ok(worker);
  // A headless browser shows nobody a notice: what it is asked to show is written down instead.
  await worker.evaluate(`self.shown = []; self.registration.showNotification = async (title, options) => {
    self.shown.push([title, options.lang, options.dir, options.tag, options.body ?? '']);
  };`);
  const origin = app.url.replace(/\/$/u, '');
  const afterPush = async (data: string) => {
    await worker.evaluate('self.shown.length = 0');
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
    for (let tries = 0; tries < 200; tries++) {
      const shown = (await worker.evaluate('self.shown')) as string[][];
      if (shown.length > 0) return shown;
      await page.waitForTimeout(50);
    }
    return assert.fail('nothing was shown');
  };
  const news = (language: string) =>
    JSON.stringify({ id: '01'.repeat(16), what: 'news', language });
  assert.deepEqual(await afterPush(news('es')), [
    ['Hay novedades en tu historia clínica', 'es', 'ltr', 'salus-news', ''],
  ]);
  assert.deepEqual(await afterPush(news('ar')), [
    ['هناك جديد في سجلك الصحي', 'ar', 'rtl', 'salus-news', ''],
  ]);
  // What is none of ours says nothing of its own.
  for (const other of ['Ana Lima: https://evil.example', '{"what":"x","language":"__proto__"}']) {
    assert.deepEqual(await afterPush(other), [
      ['There is news in your health record', 'en', 'ltr', 'salus-news', ''],
    ]);
  }
  await visitor.close();
});

test('A hospital that does not answer is said so, and asked again by a touch', async () => {
  const visitor = await eboni();
  const { page, troubles } = visitor;
  app.door.fail(/\/v1\/alerts$/u);
  await toAlerts(page).click();
  await page.getByRole('alert').waitFor();
  await holdsAxe(page);
  await picture(page, 'alerts-failed');
  app.door.fail(undefined);
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page, /You are told/u).waitFor();
  troubles.splice(0);
  await visitor.close();
});

test('A hospital that sends no news now is said so: nobody reads that she is told, and what she chose can be turned off', async () => {
  const visitor = await eboni();
  const { page } = visitor;
  const set = [{ channel: 'mail', keyId: 'k', counter: counterKept(), isSet: true }];
  app.door.give({ path: '/v1/alerts', answer: { channels: [], set } });
  await toAlerts(page).click();
  await heading(page, 'You are told nothing outside the app.').waitFor();
  await page.getByText('Your hospital sends no news yet').waitFor();
  const mail = way(page, 'mail');
  await mail
    .getByText('Your hospital sends no news on this way now. It keeps your choice.')
    .waitFor();
  await mail.getByText('Not on now').waitFor();
  assert.equal(await mail.getByRole('button', { name: /^Turn off/u }).isEnabled(), true);
  assert.equal(await page.getByRole('button', { name: 'Try it out' }).count(), 0);
  await holdsAxe(page);
  await picture(page, 'alerts-not-offered');
  app.door.give(undefined);
  await visitor.close();
});

test('An inbox that cannot be read is said so, and hides no way to be told', async () => {
  await cli('alerts', 'set', '--inbox', '--as', 'eboni');
  const visitor = await eboni();
  const { page, troubles } = visitor;
  app.door.fail(/\/v1\/alerts\/inbox$/u);
  await toAlerts(page).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByText('Nothing is new.').count(), 0);
  await way(page, 'inbox')
    .getByRole('button', { name: /^Turn off/u })
    .waitFor();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  app.door.fail(undefined);
  // The page asks again by itself where there is news: whoever comes back finds it.
  await page.getByRole('link', { name: 'Home' }).first().click();
  await toAlerts(page).click();
  await heading(page, /You are told/u).waitFor();
  await page.getByRole('heading', { name: 'What is new' }).waitFor();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  troubles.splice(0);
  await visitor.close();
  await cli('alerts', 'off', 'inbox', '--as', 'eboni');
});

test('An operator sees in two touches how letters go, and in the demonstration the letters, without a word of what happened', async () => {
  await cli('alerts', 'set', '--mail', 'eboni@example.org', '--language', 'ar', '--as', 'eboni');
  await cli('alerts', 'test', '--as', 'eboni');
  const visitor = await app.visitorAs('Operator of North');
  const { page, touches } = visitor;
  await touches.touch(page.locator('a[href="/network"]').first());
  await touches.touch(page.locator('main a[href="/network/alerts"]'));
  await heading(page, 'No letter waits.').waitFor({ timeout: 60_000 });
  assert.equal(touches.count, 2);
  const letter = page.locator('main li', { hasText: 'eboni@example.org' }).first();
  await letter.getByRole('heading', { name: 'رسالة تجريبية' }).waitFor({ timeout: 60_000 });
  await holdsAxe(page);
  await picture(page, 'letters');
  await visitor.close();
});

for (const locale of ['ar-EG', 'es-ES', 'en-GB'] as const) {
  const language = locale.slice(0, 2) as 'ar' | 'es' | 'en';
  test(`It fits a phone of 320 px, dark, in ${language}, and every word is there`, async () => {
    const visitor = await eboni({ width: 320, height: 640, dark: true, locale });
    const { page } = visitor;
    await toAlerts(page).click();
    await way(page, 'mail').waitFor();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    await picture(page, `alerts-phone-${language}`);
    await way(page, 'mail')
      .getByRole('button', { name: wordOf(language, 'alerts.change') })
      .click();
    await page.getByRole('checkbox', { name: wordOf(language, 'alerts.quiet.on') }).check();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    await picture(page, `alerts-phone-form-${language}`);
    // Another address is not confirmed.
    await page.locator('#alert-address').fill(`eboni-${language}@example.org`);
    await page.getByRole('button', { name: wordOf(language, 'alerts.keep') }).click();
    await page.getByLabel(wordOf(language, 'alerts.confirm.code')).waitFor();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    await picture(page, `alerts-phone-code-${language}`);
    await visitor.close();
  });
}

/** What her hospital says after three letters with a code; 1 December 2026, 01:15 is 20:15 of the day before in New York. */
function afterThree() {
  const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64url');
  const service = { keyId: 'k', publicKey: zeros(1_216), pushKey: zeros(65), codeKeyId: zeros(16) };
  const set = [{ channel: 'mail', keyId: 'k', counter: counterKept(), isSet: true }];
  return { channels: ['mail'], set, service, codesFromMs: Date.UTC(2026, 11, 1, 1, 15) };
}

const locales = { en: 'en-GB', es: 'es-ES', ar: 'ar-EG' } as const;
for (const language of ['en', 'es', 'ar'] as const)
  test(`Whoever has named three addresses in a day reads in ${language} that no letter goes to a fourth, and from when one does`, async () => {
    const visitor = await eboni({ width: 320, height: 640, locale: locales[language] });
    const { page } = visitor;
    app.door.give({ path: '/v1/alerts', answer: afterThree() });
    await toAlerts(page).click();
    const mail = way(page, 'mail');
    const again = mail.getByRole('button', { name: wordOf(language, 'alerts.confirm.again') });
    await again.waitFor();
    assert.equal(await again.isDisabled(), true);
    const [before = '', after = ''] = wordOf(language, 'alerts.confirm.later').split('{{time}}');
    const said = (await mail.locator('form p').first().textContent()) ?? '';
    assert.ok(said.startsWith(before) && said.endsWith(after), said);
    assert.match(said, /20:15/u);
    await page.getByRole('button', { name: wordOf(language, 'alerts.try') }).click();
    await page.getByRole('status').getByText(said, { exact: true }).waitFor();
    assert.equal(await page.getByText(wordOf(language, 'alerts.tried')).count(), 0);
    await fitsWidth(page);
    await holdsAxe(page);
    await picture(page, `alerts-code-later-${language}`);
    app.door.give(undefined);
    await visitor.close();
  });

test('A hospital that names a time after all dates breaks no page: what is chosen can be turned off', async () => {
  await cli('alerts', 'set', '--mail', 'after@example.org', '--as', 'eboni');
  const visitor = await eboni();
  const { page } = visitor;
  const answer = { ...afterThree(), codesFromMs: Number.MAX_SAFE_INTEGER };
  app.door.give({ path: '/v1/alerts', answer });
  await toAlerts(page).click();
  const mail = way(page, 'mail');
  await mail.getByText(/no other goes before/u).waitFor();
  assert.equal(await mail.getByRole('button', { name: /^Turn off/u }).isEnabled(), true);
  app.door.give(undefined);
  await visitor.close();
});
