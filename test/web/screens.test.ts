import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type App, fitsWidth, holdsAxe, startApp, type Visitor } from './app.ts';
import type { Answering } from './door.ts';
import {
  drawnLook,
  type Look,
  languages,
  lookName,
  looks,
  missingWords,
  overlapping,
  wordOf,
} from './looks.ts';
import { type Scene, type Screen, screens, type Who } from './screens.ts';

/**
 * The table of screens and states. Each once, in a look that `SALUS_SEED` draws; `SALUS_SCREENS=all` each in all twelve
 * looks; `SALUS_SCREENS=2/5` the second fifth of that (`npm run test:web -- --all`, `--part 2/5`). `SALUS_LOOKS` takes the
 * looks with one of these words in their name (`--look`), `SALUS_PICTURES` is a folder for a picture of each (`--pictures`).
 */
const wanted = process.env.SALUS_SCREENS ?? 'drawn';
const seed = Number(process.env.SALUS_SEED ?? randomInt(2 ** 31));
const [part = 1, parts = 1] = wanted.includes('/') ? wanted.split('/').map(Number) : [];
const wantedLooks = process.env.SALUS_LOOKS?.split(';');
const pictures = process.env.SALUS_PICTURES;
const chosen = screens.filter((_, at) => at % parts === part - 1);

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const people: Partial<Record<Who, string>> = {
  eboni: 'Eboni Brekke',
  osei: 'Dr Abena Osei',
  operator: 'Operator of North',
  desk: 'Desk of North',
};

/** Joins as somebody new does, and is at a home with nothing in it. */
async function join(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/join`);
  const invitation = page.locator('#invitation');
  while (!(await invitation.inputValue()).startsWith('salus:')) await page.waitForTimeout(50);
  await page.locator('input[type=password]').fill('four words nobody joins');
  await page.locator('button[type=submit]').last().click();
  await page.getByTestId('sheet-code').waitFor({ timeout: 60_000 });
}

/** What a browser itself notes of answers that a test withheld or refused. */
const isOfBrowser = (trouble: string): boolean => trouble.startsWith('Failed to load resource');

/**
 * A browser of one person. Its first tab keeps the wallet open for the second, in which each screen is opened as a page
 * of its own: nothing that an earlier screen was answered is in its memory.
 */
class Stage {
  readonly #visitor: Visitor;
  readonly #page: Page;
  #wasShut = false;

  private constructor(visitor: Visitor, page: Page) {
    this.#visitor = visitor;
    this.#page = page;
  }

  static async of(who: Who): Promise<Stage> {
    const visitor = await app.visitor();
    const name = people[who];
    if (name !== undefined) await visitor.openAs(name);
    if (who === 'newcomer') await join(visitor.page, app.url);
    const page = await visitor.context.newPage();
    page.on('pageerror', (error) => visitor.troubles.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') visitor.troubles.push(message.text());
    });
    page.setDefaultTimeout(20_000);
    await page.goto(app.url);
    return new Stage(visitor, page);
  }

  /** Brings the screen into its state and holds it to all that holds of every screen. */
  async play(screen: Screen, all: readonly Look[]): Promise<void> {
    const page = this.#page;
    const [first] = all;
    if (first === undefined) return;
    this.#wasShut = false;
    const { language } = first;
    try {
      await page.evaluate(`localStorage.setItem('salus-language', '${language}')`);
      await wear(page, first);
      await this.#open(screen, language);
      for (const look of all) {
        await wear(page, look);
        await picture(page, `${screen.name} (${lookName(look)})`);
        await holds(page, look, `${screen.name} (${lookName(look)})`);
      }
    } finally {
      await this.#tidy();
    }
    const troubles = this.#visitor.troubles.splice(0);
    const own = this.#wasShut ? troubles.filter((it) => !isOfBrowser(it)) : troubles;
    assert.deepEqual(own, [], screen.name);
  }

  async #open(screen: Screen, language: Look['language']): Promise<void> {
    const page = this.#page;
    const { context } = this.#visitor;
    const answer = (answering: Answering): void => {
      this.#wasShut = true;
      app.door.answer(answering);
    };
    app.door.give(screen.given);
    if (screen.answering !== undefined) answer(screen.answering);
    // The same path with another fragment is no new page: this one is.
    await page.goto('about:blank');
    await page.goto(`${app.url}${screen.path}`);
    const word = (key: string): string => wordOf(language, key);
    const scene: Scene = {
      page,
      word,
      button: (key) => page.getByRole('button', { name: word(key) }),
      answer,
      offline: async () => {
        answer('never');
        await context.setOffline(true);
      },
    };
    await screen.steps?.(scene);
    await page.locator(screen.shows).first().waitFor();
  }

  /** As it was before: hospitals answer, there is a network, and the wallet is open. */
  async #tidy(): Promise<void> {
    app.door.answer('as they do');
    app.door.give(undefined);
    await this.#visitor.context.setOffline(false);
    const demo = this.#visitor.page.locator('.lockpage .btn.main');
    if (await demo.isVisible()) {
      await demo.click();
      await this.#visitor.page.locator('.lockpage').waitFor({ state: 'detached', timeout: 60_000 });
    }
  }

  close(): Promise<void> {
    return this.#visitor.close();
  }
}

/** The language is the page's own matter; the rest a browser changes under it. */
async function wear(page: Page, { dark, narrow }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
  await page.setViewportSize(narrow ? { width: 320, height: 640 } : { width: 1280, height: 800 });
}

/** The whole page as it is looked at, for whoever wants to see it. */
async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  const window = page.viewportSize();
  // What stands at an edge of the window stands at an edge of the picture.
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
  if (window !== null) await page.setViewportSize({ ...window, height: Math.min(height, 4_000) });
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: joinPath(pictures, `${name}.png`) });
  if (window !== null) await page.setViewportSize(window);
}

async function holds(page: Page, { language, narrow }: Look, where: string): Promise<void> {
  const html = page.locator('html');
  assert.equal(await html.getAttribute('lang'), language, where);
  assert.equal(await html.getAttribute('dir'), language === 'ar' ? 'rtl' : 'ltr', where);
  assert.equal(await page.locator('h1').count(), 1, `${where}: one heading says what it is`);
  assert.match(await page.title(), /^Salus · ./u, where);
  assert.deepEqual(await missingWords(page, language), [], where);
  await fitsWidth(page);
  assert.deepEqual(await overlapping(page), [], `${where}: no word of a chart stands on another`);
  // What is scrolled half under a bar that stays is no small target.
  await page.evaluate('scrollTo(0, 0)');
  await holdsAxe(page);
  if (narrow) return;
  // Between a phone and a desk lie the widths at which columns stand close.
  for (const width of [1024, 800]) {
    await page.setViewportSize({ width, height: 800 });
    await fitsWidth(page);
  }
}

const looksOf = (screen: Screen): readonly (readonly Look[])[] => {
  if (wanted === 'drawn' && wantedLooks === undefined) return [[drawnLook(seed, screen.name)]];
  const all = looks.filter(
    (look) => wantedLooks?.some((it) => lookName(look).includes(it)) ?? true,
  );
  // Another language is another page; the rest is changed in place.
  const groups = languages.map((it) => all.filter(({ language }) => language === it));
  return groups.filter(({ length }) => length > 0);
};

suite('screens', () => {
  test(`The seed that draws looks: SALUS_SEED=${seed}`, (context) => {
    assert.ok(Number.isSafeInteger(seed), 'SALUS_SEED is a number');
    assert.ok(chosen.length > 0, 'SALUS_SCREENS is all, or like 2/5');
    context.diagnostic(`SALUS_SEED=${seed}`);
  });

  for (const who of ['nobody', 'newcomer', 'eboni', 'osei', 'operator', 'desk'] as const) {
    suite(who, () => {
      let stage: Promise<Stage> | undefined;
      after(async () => (await stage)?.close());
      for (const screen of chosen.filter((it) => it.who === who)) {
        for (const group of looksOf(screen)) {
          const [first] = group;
          const look =
            group.length === 1 && first !== undefined ? lookName(first) : String(first?.language);
          test(`${screen.name} (${look})`, async () => {
            stage ??= Stage.of(who);
            await (await stage).play(screen, group);
          });
        }
      }
    });
  }
});
