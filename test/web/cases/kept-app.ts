import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import type { Page } from 'playwright-core';
import { appFolder } from '../../../src/cli/app-folder.ts';
import { readAppFiles } from '../../../src/server/site/app-files.ts';
import { serveSite } from '../../../src/server/site/site.ts';
import { listFiles } from '../../../web/listed-files.ts';
import { remove } from '../../cli/salus.ts';
import type { App } from '../app.ts';

/** A server of the app's files alone, which can go, come back, and be given others. */
class FileServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'salus-dist-'));
  #server: FastifyInstance | undefined;
  #port = 0;

  constructor() {
    cpSync(appFolder, this.folder, { recursive: true });
  }

  get url(): string {
    return `http://localhost:${this.#port}/`;
  }

  get seal(): string {
    return readAppFiles(this.folder)?.seal ?? '';
  }

  async start(): Promise<void> {
    const server = fastify({ forceCloseConnections: true });
    const app = readAppFiles(this.folder);
    assert.ok(app !== undefined);
    serveSite(server, { app, version: '1', hospitals: () => [] });
    await server.listen({ port: this.#port, host: '127.0.0.1' });
    this.#port = (server.server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  /** Another file under the name that it has: what a server that cheats would do. */
  change(beginning: string): void {
    const assets = join(this.folder, 'assets');
    const name = readdirSync(assets).find((it) => it.startsWith(beginning) && it.endsWith('.js'));
    assert.ok(name !== undefined);
    appendFileSync(join(assets, name), '\n//');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

const shown = (seal: string): string => seal.slice(0, 16).replace(/(.{4})(?=.)/gu, '$1 ');
const showsSeal = (page: Page, seal: string): Promise<void> =>
  page.getByText(`This app's seal: ${shown(seal)}`).waitFor();
/** The policy lets Playwright's own waiting make no code. */
async function until(page: Page, script: string): Promise<void> {
  while ((await page.evaluate(script)) !== true) await page.waitForTimeout(50);
}
const kept = 'navigator.serviceWorker.getRegistration()';

/** The app's own files, kept in the browser. */
export function keptAppCases(app: () => App): void {
  suite('kept app', () => {
    test('The app opens without a server; a changed file is noticed, and a new build is taken whole, by a touch', async () => {
      const server = new FileServer();
      await server.start();
      const first = server.seal;
      const visitor = await app().visitor({ at: server.url, keeps: true });
      const { page, context, troubles } = visitor;
      try {
        await until(page, 'navigator.serviceWorker.controller !== null');
        await showsSeal(page, first);
        await server.stop();
        await page.goto(`${server.url}check`);
        await page.getByRole('heading', { level: 1, name: 'Check a receipt.' }).waitFor();
        await showsSeal(page, first);
        // What a hospital would answer is nobody's to make up.
        const asked = await page.evaluate(
          `fetch('/north/v1/blocks').then((it) => it.status, () => 'nobody')`,
        );
        assert.equal(asked, 'nobody');

        // One file is another: who compares seals sees it, and this browser goes on with what it has.
        server.change('check-');
        await server.start();
        assert.notEqual(server.seal, first);
        const fresh = await app().visitor({ at: server.url });
        await showsSeal(fresh.page, server.seal);
        await fresh.close();
        await page.reload();
        await showsSeal(page, first);

        // Nor does it take a build of which a file is not what its own list says.
        server.change('home-');
        listFiles(server.folder);
        server.change('home-');
        await server.restart();
        await page.evaluate(`${kept}.then((it) => it.update()).catch(() => {})`);
        await until(page, `${kept}.then((it) => it.installing === null && it.waiting === null)`);
        assert.equal(await page.getByRole('button', { name: 'Load it' }).count(), 0);

        listFiles(server.folder);
        await server.restart();
        const tab = await context.newPage();
        await tab.goto(`${server.url}check`);
        await showsSeal(tab, first);
        await page.evaluate(`${kept}.then((it) => it.update())`);
        await page.getByText('A new version of Salus is ready.').waitFor();
        await page.getByRole('button', { name: 'Load it' }).click();
        await showsSeal(page, server.seal);
        // The other tab stays what it is, whole, until it is touched too.
        await showsSeal(tab, first);
        await tab.getByRole('button', { name: 'Load it' }).click();
        await showsSeal(tab, server.seal);
        await tab.close();
        await page.reload();
        await until(page, 'caches.keys().then((it) => it.length === 1)');
        const paths = (await page.evaluate(
          `caches.keys().then(([it]) => caches.open(it)).then((it) => it.keys()).then((all) => all.map((it) => new URL(it.url).pathname))`,
        )) as string[];
        const script = readFileSync(join(server.folder, 'service-worker.js'), 'utf8');
        for (const path of paths) assert.ok(script.includes(`"${path}":`), path);
      } finally {
        await server.stop();
        remove(server.folder);
      }
      // What the browser says of requests that nobody answered.
      troubles.splice(0);
      await visitor.close();
    });
  });
}
