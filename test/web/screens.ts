import type { Locator, Page } from 'playwright-core';
import { consortium } from './consortium.ts';
import type { Answering, Given } from './door.ts';

/** Whose browser it is: somebody of the demo, a patient who joined a moment ago, or nobody yet. */
export type Who = 'nobody' | 'newcomer' | 'eboni' | 'osei' | 'operator' | 'desk';

/** A screen that is being brought into a state. */
export interface Scene {
  readonly page: Page;
  /** The sentence of a key in the language of this turn. */
  word(key: string): string;
  button(key: string): Locator;
  answer(answering: Answering): void;
  offline(): Promise<void>;
}

/** One screen in one state. */
export interface Screen {
  readonly name: string;
  readonly who: Who;
  readonly path: string;
  /** How hospitals answer from before the screen is opened. */
  readonly answering?: Answering;
  /** What a hospital says there, in a state that the demo is not in. */
  readonly given?: Given;
  /** From the opened screen to the state. */
  readonly steps?: (scene: Scene) => Promise<unknown>;
  /** What is there once the state is. */
  readonly shows: string;
}

const alert = '[role=alert]';
/** Not of the shell, which is busy until it knows whether a wallet is open. */
const busy = 'main [aria-busy=true]';
/** Nothing of it looks as if it were still coming. */
const failed = `main:not(:has([aria-busy=true])) ${alert}`;
const dialog = 'dialog[open]';
const dialogAlert = `${dialog} ${alert}`;

/** The three of a screen that asks hospitals for what it shows. */
function asking(who: Who, screen: string, path: string, shows: string): readonly Screen[] {
  return [
    { name: `${screen}, loading`, who, path, answering: 'later', shows: busy },
    { name: `${screen}, failed`, who, path, answering: 'failing', shows: failed },
    { name: `${screen}, filled`, who, path, shows },
  ];
}

/** One state on the way of another: a button by the key of its words, then what it shows. */
const touched =
  (...keys: readonly string[]) =>
  async ({ button }: Scene): Promise<void> => {
    for (const key of keys) await button(key).first().click();
  };

const offline = async ({ page, offline }: Scene, shows: string): Promise<void> => {
  await page.locator(shows).first().waitFor();
  await offline();
};

const receipt = (text: string) => ({
  name: 'one.receipt',
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(text),
});

const nobody: readonly Screen[] = [
  { name: 'start, filled', who: 'nobody', path: '/', shows: 'button.persona' },
  { name: 'start, failed', who: 'nobody', path: '/', answering: 'failing', shows: '.answer' },
  {
    name: 'start, the desk cannot be opened',
    who: 'nobody',
    path: '/',
    steps: async ({ page, answer }) => {
      await page.locator('button.persona').first().waitFor();
      answer('failing');
      await page.locator('button.persona').last().click();
    },
    shows: alert,
  },
  { name: 'join, filled', who: 'nobody', path: '/join', shows: '#invitation' },
  {
    name: 'join, without an invitation',
    who: 'nobody',
    path: '/join',
    answering: 'failing',
    shows: '#invitation',
  },
  {
    name: 'join, an invitation that is none',
    who: 'nobody',
    path: '/join#salus:none',
    steps: async ({ page, button }) => {
      await page.locator('input[type=password]').fill('four words nobody joins');
      await button('ways.withPassphrase').click();
    },
    shows: alert,
  },
  { name: 'open, nothing here', who: 'nobody', path: '/open', shows: '.lockpage' },
  { name: 'open by the sheet', who: 'nobody', path: '/open/sheet', shows: '#at' },
  {
    name: 'open by the sheet, a wrong code',
    who: 'nobody',
    path: '/open/sheet',
    steps: async ({ page, button }) => {
      await page.locator('#at option').first().waitFor({ state: 'attached' });
      await page.locator('#code').fill('not a code');
      await page.locator('input[type=password]').fill('four words nobody joins');
      await button('ways.withPassphrase').click();
    },
    shows: alert,
  },
  { name: 'open by a device', who: 'nobody', path: '/open/device', shows: '#link' },
  { name: 'a place that needs a wallet', who: 'nobody', path: '/home', shows: '.lockpage' },
  { name: 'a place that is not there', who: 'nobody', path: '/nowhere', shows: 'h1' },
  { name: 'check, empty', who: 'nobody', path: '/check', shows: 'input[type=file]' },
  {
    name: 'check, a file that is none',
    who: 'nobody',
    path: '/check',
    steps: ({ page }) => page.locator('input[type=file]').setInputFiles(receipt('no receipt')),
    shows: '.answer .bad, [role=alert]',
  },
  ...asking('nobody', 'explorer', '/explorer', 'main li, main tbody tr'),
  ...asking('nobody', 'block', '/explorer/2', '.split ul.list li'),
  {
    name: 'desk, closed',
    who: 'nobody',
    path: '/desk',
    shows: 'h1.answer:not([aria-busy])',
  },
];

const newcomer: readonly Screen[] = [
  { name: 'home, empty', who: 'newcomer', path: '/home', shows: '.split .answer' },
  { name: 'record, empty', who: 'newcomer', path: '/record', shows: '.answer' },
  { name: 'sharing, empty', who: 'newcomer', path: '/sharing', shows: '.split .answer' },
  { name: 'looked, empty', who: 'newcomer', path: '/looked', shows: 'h1.answer' },
  { name: 'share, nobody known', who: 'newcomer', path: '/share', shows: '.say' },
];

/** From a screen to one of its entries, as a link in it leads there. */
const follow =
  (selector: string, shows: string) =>
  async ({ page }: Scene): Promise<void> => {
    await page.locator(selector).first().click();
    await page.locator(shows).first().waitFor({ timeout: 60_000 });
  };

const toItem = follow('.lastv', '.proof');
const fromItem = (key: string) => async (scene: Scene) => {
  await toItem(scene);
  await scene.button(key).first().click();
};

const patient: readonly Screen[] = [
  ...asking('eboni', 'home', '/home', '.lastv'),
  {
    name: 'home, offline',
    who: 'eboni',
    path: '/home',
    steps: (scene) => offline(scene, '.lastv'),
    shows: '.offbar',
  },
  {
    name: 'home, stopping',
    who: 'eboni',
    path: '/home',
    steps: ({ page }) => page.locator('.btn.stop').first().click(),
    shows: dialog,
  },
  {
    name: 'home, a stop that failed',
    who: 'eboni',
    path: '/home',
    steps: async ({ page, answer }) => {
      await page.locator('.btn.stop').first().click();
      answer('failing');
      await page.locator(`${dialog} .btn.stop`).click();
    },
    shows: alert,
  },
  {
    name: 'a page whose files do not come',
    who: 'eboni',
    path: '/home',
    steps: async ({ page, answer }) => {
      await page.locator('.lastv').first().waitFor();
      answer('as they do');
      await page.route('**/assets/*.js', (route) => route.abort());
      await page.locator('.tabs a[href="/keys"]').click();
      await page.locator(alert).waitFor();
      await page.unroute('**/assets/*.js');
    },
    shows: `main ${alert}`,
  },
  {
    name: 'home, letters as shortcuts',
    who: 'eboni',
    path: '/home',
    steps: touched('shortcuts.title'),
    shows: `${dialog} kbd`,
  },
  {
    name: 'share, what was asked for',
    who: 'eboni',
    path: '/home',
    steps: touched('asks.answer.access'),
    shows: '.say',
  },
  ...asking('eboni', 'move', '/move', '#invitation'),
  { name: 'leave, filled', who: 'eboni', path: '/leave', shows: 'main .acts' },
  ...asking('eboni', 'record', '/record', '.trow a'),
  { name: 'record, a year', who: 'eboni', path: '/record/2017', shows: '.trow a' },
  {
    name: 'record, nothing found',
    who: 'eboni',
    path: '/record',
    steps: ({ page }) => page.locator('#find').fill('no such thing at all'),
    shows: '.sec .dim + .acts',
  },
  {
    name: 'record, saved',
    who: 'eboni',
    path: '/record',
    steps: touched('timeline.saveAll'),
    shows: `${dialog} .acts`,
  },
  { name: 'item, filled', who: 'eboni', path: '/home', steps: toItem, shows: '.proof' },
  {
    name: 'item, as a table and with its proof',
    who: 'eboni',
    path: '/home',
    steps: async (scene) => {
      await toItem(scene);
      await scene.page.locator('.chart').first().waitFor();
      await scene.button('item.asTable').first().click();
      await scene.page.locator('.proof summary').first().click();
    },
    shows: '.proof[open], .proof details[open]',
  },
  { name: 'item, not of this device', who: 'eboni', path: '/item/zzzzzz', shows: alert },
  {
    name: 'item, erasing',
    who: 'eboni',
    path: '/home',
    steps: fromItem('item.erase'),
    shows: dialog,
  },
  {
    name: 'item, changing',
    who: 'eboni',
    path: '/home',
    steps: fromItem('item.change'),
    shows: dialog,
  },
  {
    name: 'item, that could not be fetched',
    who: 'eboni',
    path: '/record',
    steps: async ({ page, answer }) => {
      // The oldest: what was opened before stands in memory.
      await page.locator('.years a').last().click();
      await page.locator('.years a[aria-current]').last().waitFor();
      const entry = page.locator('.trow a').last();
      await entry.waitFor();
      answer('failing');
      await entry.click();
    },
    shows: alert,
  },
  { name: 'add, empty', who: 'eboni', path: '/add', shows: '.drop' },
  {
    name: 'add, typing in',
    who: 'eboni',
    path: '/add',
    steps: touched('adding.type'),
    shows: dialog,
  },
  {
    name: 'add, typed in and refused',
    who: 'eboni',
    path: '/add',
    steps: async (scene) => {
      await touched('adding.type')(scene);
      await scene.page.locator(`${dialog} input.in-text`).first().fill('120/80');
      scene.answer('failing');
      await scene.page.locator(`${dialog} [type=submit]`).click();
    },
    shows: dialogAlert,
  },
  {
    name: 'add, a file that failed',
    who: 'eboni',
    path: '/add',
    steps: async ({ page, answer }) => {
      await page.locator('.drop').waitFor();
      answer('failing');
      const file = { name: 'some words.txt', mimeType: 'text/plain', buffer: Buffer.from('words') };
      await page.locator('.drop input[type=file]').first().setInputFiles(file);
    },
    shows: alert,
  },
  {
    name: 'add, a file that is being added',
    who: 'eboni',
    path: '/add',
    steps: async ({ page, answer }) => {
      await page.locator('.drop').waitFor();
      answer('later');
      const file = { name: 'other words.txt', mimeType: 'text/plain', buffer: Buffer.from('more') };
      await page.locator('.drop input[type=file]').first().setInputFiles(file);
    },
    shows: '[role=progressbar]',
  },
  ...asking('eboni', 'sharing', '/sharing', '.grant'),
  { name: 'share, whom', who: 'eboni', path: '/share', shows: '.say' },
  {
    name: 'share, somebody chosen',
    who: 'eboni',
    path: '/share',
    steps: ({ page }) => page.locator('main .rows button').first().click(),
    shows: '.acts .btn.main:not([disabled])',
  },
  {
    name: 'share, failed',
    who: 'eboni',
    path: '/share',
    steps: async ({ page, answer }) => {
      await page.locator('main .rows button').first().click();
      answer('failing');
      await page.locator('.acts .btn.main').last().click();
    },
    shows: alert,
  },
  {
    name: 'share, what',
    who: 'eboni',
    path: '/share',
    steps: ({ page }) => page.locator('.say button').nth(1).click(),
    shows: '.say button[aria-expanded=true]',
  },
  {
    name: 'share, what for',
    who: 'eboni',
    path: '/share',
    steps: ({ page }) => page.locator('.say button').nth(2).click(),
    shows: '.say button[aria-expanded=true]',
  },
  {
    name: 'share, until when',
    who: 'eboni',
    path: '/share',
    steps: ({ page }) => page.locator('.say button').nth(3).click(),
    shows: '.say button[aria-expanded=true]',
  },
  {
    name: 'share, changing',
    who: 'eboni',
    path: '/sharing',
    steps: follow('.grant a[href^="/sharing/"]', '.say'),
    shows: '.say',
  },
  ...asking('eboni', 'looked', '/looked', '.lookrow'),
  ...asking('eboni', 'report', '/looked/report', '[data-testid=report] li'),
  {
    name: 'looked, a row with its proof',
    who: 'eboni',
    path: '/looked',
    steps: async ({ page }) => {
      const row = page.locator('.lookrow').last();
      await row.locator('button[aria-expanded]').click();
      await row.locator('.proof summary').click();
    },
    shows: '.facts',
  },
  { name: 'code, filled', who: 'eboni', path: '/code', shows: 'main svg' },
  {
    name: 'code, a card that is none',
    who: 'eboni',
    path: '/code',
    steps: async ({ page }) => {
      await page.locator('textarea, main input.in-text').first().fill('no card');
      await page.locator('main [type=submit]').first().click();
    },
    shows: alert,
  },
  { name: 'keys, filled', who: 'eboni', path: '/keys', shows: '.rows .row' },
  ...(['newSheet', 'setPassphrase', 'change', 'freeze'] as const).map((key) => ({
    name: `keys, ${key}`,
    who: 'eboni' as const,
    path: '/keys',
    steps: async ({ page, button }: Scene) => {
      const passphrase = button('keys.changePassphrase');
      await (key === 'setPassphrase'
        ? passphrase.or(button('keys.setPassphrase'))
        : button(`keys.${key}`)
      )
        .first()
        .click();
      await page.locator(dialog).waitFor();
    },
    shows: dialog,
  })),
  {
    name: 'keys, a wrong sheet',
    who: 'eboni',
    path: '/keys',
    steps: async ({ page }) => {
      await page.locator('.rows .e .btn').last().click();
      await page.locator(`${dialog} input`).fill('not a code');
      await page.locator(`${dialog} [type=submit]`).click();
    },
    shows: dialogAlert,
  },
  {
    name: 'keys, another device',
    who: 'eboni',
    path: '/keys',
    steps: touched('keys.addDevice'),
    shows: '[data-testid=device-link]',
  },
  {
    name: 'patient, locked',
    who: 'eboni',
    path: '/home',
    steps: ({ page }) => page.locator('.top-end .btn.round').click(),
    shows: '.lockpage .btn.main',
  },
];

/** Of the patient with the fullest chart. */
const ofEboni = 'main a[href^="/chart/"]:has-text("Eboni Brekke")';
const toChart = follow(ofEboni, '.res tbody tr');
const toWrite = async (scene: Scene): Promise<void> => {
  await toChart(scene);
  await scene.page.locator('a[href$="/write"]:visible').first().click();
  await scene.page.locator('textarea').first().waitFor();
};

const toKept = async (scene: Scene): Promise<void> => {
  await toWrite(scene);
  const { page, word } = scene;
  await page.locator('textarea').first().fill('Seen today, and');
  await page.getByText(word('write.kept').slice(0, 12)).first().waitFor();
};
const toDrafts = async (scene: Scene): Promise<void> => {
  await toKept(scene);
  await scene.page.locator('.tabs a[href="/drafts"]').click();
};

const clinician: readonly Screen[] = [
  ...asking('osei', 'patients', '/patients', 'main a[href^="/chart/"]'),
  {
    name: 'patients, offline',
    who: 'osei',
    path: '/patients',
    steps: (scene) => offline(scene, 'main a[href^="/chart/"]'),
    shows: '.offbar',
  },
  {
    name: 'drafts, empty',
    who: 'osei',
    path: '/drafts',
    shows: 'main .acts a[href="/patients"]',
  },
  {
    name: 'chart, opening',
    who: 'osei',
    path: '/patients',
    steps: async ({ page, answer }) => {
      const row = page.locator(ofEboni).first();
      await row.waitFor();
      answer('later');
      await row.click();
    },
    shows: busy,
  },
  {
    name: 'chart, failed',
    who: 'osei',
    path: '/patients',
    steps: async ({ page, answer }) => {
      const row = page.locator(ofEboni).first();
      await row.waitFor();
      answer('failing');
      await row.click();
    },
    shows: alert,
  },
  { name: 'chart, filled', who: 'osei', path: '/patients', steps: toChart, shows: '.res tbody tr' },
  { name: 'chart, not of this device', who: 'osei', path: '/chart/zzzzzz', shows: alert },
  {
    name: 'results, filled',
    who: 'osei',
    path: '/patients',
    steps: async (scene) => {
      await toChart(scene);
      await follow('a[href$="/results"]', '.onetest')(scene);
      await scene.page.locator('.onetest > summary').first().click();
    },
    shows: '.onetest[open] table',
  },
  {
    name: 'chart item, filled',
    who: 'osei',
    path: '/patients',
    steps: async (scene) => {
      await toChart(scene);
      await follow('main a[href*="/item/"]', '.proof')(scene);
    },
    shows: '.proof',
  },
  { name: 'write, empty', who: 'osei', path: '/patients', steps: toWrite, shows: 'textarea' },
  {
    name: 'write, a note that could not be sent',
    who: 'osei',
    path: '/patients',
    steps: async (scene) => {
      await toWrite(scene);
      await scene.page.locator('textarea').first().fill('Seen today.');
      scene.answer('failing');
      await scene.page.locator('main [type=submit]').first().click();
    },
    shows: `${alert}, main [role=status] .h`,
  },
  { name: 'write, typed', who: 'osei', path: '/patients', steps: toKept, shows: 'textarea' },
  {
    name: 'drafts, filled',
    who: 'osei',
    path: '/patients',
    steps: toDrafts,
    shows: 'main .rows .row',
  },
  {
    name: 'drafts, throwing away',
    who: 'osei',
    path: '/patients',
    steps: async (scene) => {
      await toDrafts(scene);
      await scene.page.locator('main .rows .row button').last().click();
    },
    shows: dialog,
  },
  { name: 'check, unlocked', who: 'osei', path: '/check', shows: 'input[type=file]' },
  { name: 'keys of a clinician', who: 'osei', path: '/keys', shows: '.rows .row' },
  {
    name: 'clinician, locked',
    who: 'osei',
    path: '/patients',
    steps: ({ page }) => page.locator('.top-end .btn.round').click(),
    shows: '.lockpage .btn.main',
  },
];

const operator: readonly Screen[] = [
  ...asking('operator', 'network', '/network', '.matrix'),
  {
    name: 'network, no longer answered',
    who: 'operator',
    path: '/network',
    steps: async ({ page, answer, button }) => {
      await page.locator('.matrix').waitFor();
      answer('failing');
      await button('network.now').click();
    },
    shows: alert,
  },
  ...['ledger', 'behind', 'disk', 'backup', 'process', 'refusals'].map((topic) => ({
    name: `runbook, ${topic}`,
    who: 'operator' as const,
    path: `/network/runbook/${topic}`,
    shows: '.stepr',
  })),
  {
    name: 'runbook, none of this name',
    who: 'operator',
    path: '/network/runbook/x',
    shows: 'main .acts a',
  },
  ...asking('operator', 'consortium', '/network/consortium', 'main table').map((it) => ({
    ...it,
    ...(it.name === 'consortium, filled' && {
      given: { path: '/v1/consortium', answer: consortium },
    }),
  })),
  {
    name: 'consortium, nothing to do',
    who: 'operator',
    path: '/network/consortium',
    given: {
      path: '/v1/consortium',
      answer: {
        ...consortium,
        open: [],
        cases: [],
        machine: { ...consortium.machine, duties: [] },
      },
    },
    shows: 'main table',
  },
  {
    name: 'consortium, its node is down',
    who: 'operator',
    path: '/network/consortium',
    given: {
      path: '/v1/consortium',
      answer: {
        ...consortium,
        machine: { peers: consortium.machine.peers, voted: [], duties: [] },
      },
    },
    shows: 'main table',
  },
  {
    name: 'consortium, empty',
    who: 'operator',
    path: '/network/consortium',
    shows: 'main table',
  },
  { name: 'explorer of an operator', who: 'operator', path: '/explorer', shows: 'main li' },
];

const desk: readonly Screen[] = [
  ...asking('desk', 'desk', '/desk', '#name').filter(({ name }) => name !== 'desk, loading'),
  { name: 'desk, opening', who: 'desk', path: '/desk', answering: 'later', shows: 'h1' },
  {
    name: 'desk, a clinician',
    who: 'desk',
    path: '/desk',
    steps: ({ page }) => page.locator('label.chip').nth(1).click(),
    shows: '#licence',
  },
  {
    name: 'desk, the code shown',
    who: 'desk',
    path: '/desk',
    steps: async ({ page }) => {
      await page.locator('#name').fill('Maria Santos');
      await page.locator('main [type=submit]').click();
    },
    shows: '.invite',
  },
  {
    name: 'desk, a code that failed',
    who: 'desk',
    path: '/desk',
    steps: async ({ page, answer }) => {
      await page.locator('#name').fill('Maria Santos');
      answer('failing');
      await page.locator('main [type=submit]').click();
    },
    shows: alert,
  },
  { name: 'people, filled', who: 'desk', path: '/desk/people', shows: '.rows .row' },
  {
    name: 'people, found',
    who: 'desk',
    path: '/desk/people',
    steps: async ({ page }) => {
      await page.locator('#who').fill('Eboni Brekke');
      await page.locator('main [type=submit]').click();
    },
    shows: '.btn.stop',
  },
  {
    name: 'people, a card to hand out',
    who: 'desk',
    path: '/desk/people',
    steps: async (scene) => {
      await scene.page.locator('#who').fill('Dr Erik Lind');
      await scene.page.locator('main [type=submit]').click();
      await touched('desk.card')(scene);
    },
    shows: `${dialog} figure`,
  },
  {
    name: 'people, nobody found',
    who: 'desk',
    path: '/desk/people',
    steps: async ({ page }) => {
      await page.locator('#who').fill('Dr Nobody');
      await page.locator('main [type=submit]').click();
    },
    shows: alert,
  },
  {
    name: 'people, freezing',
    who: 'desk',
    path: '/desk/people',
    steps: async ({ page }) => {
      await page.locator('#who').fill('Eboni Brekke');
      await page.locator('main [type=submit]').click();
      await page.locator('.btn.stop').click();
    },
    shows: dialog,
  },
];

/** Every screen in every state: a new screen is a line more. */
export const screens: readonly Screen[] = [
  ...nobody,
  ...newcomer,
  ...patient,
  ...clinician,
  ...operator,
  ...desk,
];
