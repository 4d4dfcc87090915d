import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { list, refused, type salus } from '../../../../../test/cli/salus.ts';
import {
  type App,
  fitsWidth,
  heading,
  holdsAxe,
  picture,
  type Visitor,
} from '../../../../../test/web/app.ts';
import { type Language, missingWords, wordOf } from '../../../../../test/web/looks.ts';
import { serversOf } from '../../../../server/process.ts';
import { dataServerFolder } from '../../server/data-server-keys.ts';
import { flipped, tampered } from '../tampering/tampered-file.ts';
import { command, eboni, measureWeek, startVitals } from './web-town.ts';

/**
 * Incidents of servers in a patient's report, by command, as a page to print and in the browser: a data server with a share of
 * her readings, and a row of her own hospital.
 */

type Line = Awaited<ReturnType<typeof salus>>;
const factsOf = (line: Line | undefined): Line => (line?.facts ?? {}) as Line;

let app: App;
before(async () => {
  app = await startVitals();
  await measureWeek(app);
});
after(() => app?.close());
const cli = (...args: readonly string[]) => command(app, ...args);

async function incidents(...flags: readonly string[]): Promise<readonly Line[]> {
  const made = await cli('looked', '--report', ...flags, '--as', 'eboni');
  assert.deepEqual(made.missing, []);
  return list(made, 'lines').filter(({ kind }) => kind === 'incident') as Line[];
}

/** Once there is a line of which this holds. */
async function reported(is: (facts: Line) => boolean): Promise<Line> {
  for (let i = 0; i < 300; i++) {
    const met = (await incidents()).find((it) => is(factsOf(it)));
    if (met !== undefined) return met;
    await setTimeout(100);
  }
  throw new Error('no such line came');
}

let tamperedWith: Promise<void> | undefined;
const happened = (): Promise<void> => {
  tamperedWith ??= happen();
  return tamperedWith;
};
async function happen(): Promise<void> {
  const harbour = dataServerFolder(join(serversOf(app.home), 'harbour'));
  flipped(join(harbour, 'pages.db'), { table: 'sealed', column: 'shares', row: 0 });
  await cli('data-server', 'scrub', 'harbour');
  await reported(({ state }) => state === 'out');
  const own = join(serversOf(app.home), 'north', 'gateway.db');
  const account = await accountOfEboni();
  tampered(own, (db) =>
    db
      .prepare('UPDATE deliveries SET waitsUntilMs = waitsUntilMs + 1 WHERE account = ?')
      .run(account),
  );
  await refused(['scrub', '--tell'], { code: 'ROW_CORRUPT', exit: 4 }, { home: app.home });
  await reported(({ done, proven }) => done === 'reported' && proven === 1);
}

async function accountOfEboni(): Promise<string> {
  const out = join(app.home, 'account.json');
  await cli('looked', '--report', '--out', out, '--as', 'eboni');
  const { text } = JSON.parse(readFileSync(out, 'utf8')) as { readonly text: string };
  return (JSON.parse(text) as { readonly account: string }).account;
}

test('salus looked --report says which server, which hours, what was done, and that the hash of the report stands on the ledger', async () => {
  await happened();
  const [data] = (await incidents()).filter((it) => factsOf(it).done === 'quarantined');
  assert.match(
    String(data?.said),
    /^The server Harbour Clinic was tampered with, and was taken out of use\..* Concerned: from \S+ \S+ UTC until \S+ \S+ UTC\. The server is still out of use\. The hash of its report stands on the ledger\.$/u,
  );
  const [own] = (await incidents()).filter((it) => factsOf(it).done === 'reported');
  assert.match(
    String(own?.said),
    /^Something that the server .* keeps of this record was changed/u,
  );
  // The hospital has the report of that hash.
  const kept = list(await cli('incidents', 'list'), 'incidents').map(({ name }) => name);
  for (const line of [data, own]) {
    assert.ok(kept.includes(factsOf(line).report));
    assert.ok(Number(line?.height) > 0);
  }
  assert.deepEqual(await incidents('--to', '2020-01-01'), [], 'each in its time');
});

test('The page to print has the incidents with their hashes, in three languages', async () => {
  await happened();
  const [line] = await incidents();
  for (const [language, said] of [
    ['en', /The server Harbour Clinic was tampered with/u],
    ['es', /Se manipuló el servidor Harbour Clinic/u],
    ['ar', /تعرّض الخادم ⁨Harbour Clinic⁩ للعبث/u],
  ] as const) {
    const out = join(app.home, `report-${language}.html`);
    await cli('looked', '--report', '--html', out, '--language', language, '--as', 'eboni');
    const html = readFileSync(out, 'utf8');
    assert.match(html, said);
    assert.ok(html.includes(String(factsOf(line).report)));
    const visitor = await app.visitor();
    // The file as somebody opens it, without the app.
    await visitor.page.goto(pathToFileURL(out).href);
    await fitsWidth(visitor.page);
    await holdsAxe(visitor.page);
    await picture(visitor.page, `report-printed-${language}`);
    // It fetches nothing but itself.
    assert.equal(visitor.troubles.splice(0).length, 1);
    await visitor.close();
  }
});

async function openReport({ page, touches }: Visitor, language: Language): Promise<void> {
  await touches.touch(page.locator('a[href$="/looked"]').first());
  await touches.touch(page.getByRole('link', { name: wordOf(language, 'titles.report') }));
}

test('The report in the app has them, two touches from home', async () => {
  await happened();
  const visitor = await eboni(app);
  const { page, touches } = visitor;
  await openReport(visitor, 'en');
  await heading(page, /things were done with your record/u).waitFor();
  assert.equal(touches.count, 2);
  const lines = page.locator('[data-testid=report] li[data-kind=incident]');
  assert.equal(await lines.count(), 2);
  await lines.getByText(/The server Harbour Clinic was tampered with/u).waitFor();
  await lines
    .getByText(/Report [^a-z]?[0-9a-f]{64}[^a-z]?, block/u)
    .first()
    .waitFor();
  await holdsAxe(page);
  await picture(page, 'report-en');
  await visitor.close();
});

for (const [language, locale] of [
  ['es', 'es-ES'],
  ['ar', 'ar-EG'],
] as const) {
  test(`In ${language}, dark, on a phone of 320 pixels, nothing is cut off and the axe finds nothing`, async () => {
    await happened();
    const visitor = await eboni(app, { width: 320, dark: true, locale });
    const { page } = visitor;
    await openReport(visitor, language);
    await page.locator('li[data-kind=incident]').first().waitFor();
    assert.deepEqual(await missingWords(page, language), []);
    await fitsWidth(page);
    await holdsAxe(page);
    await picture(page, `report-${language}-dark-320`);
    await visitor.close();
  });
}

test('Once the server is rebuilt and the row is as it was, the report says so', async () => {
  await happened();
  await cli('data-server', 'rebuild', 'harbour');
  const back = await reported(({ state }) => state === 'back');
  assert.match(String(back.said), /The server holds what it should again since/u);
  tampered(join(serversOf(app.home), 'north', 'gateway.db'), (db) =>
    db.exec('UPDATE deliveries SET waitsUntilMs = waitsUntilMs - 1'),
  );
});
