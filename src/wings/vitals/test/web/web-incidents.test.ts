import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { list, refused, salus, text } from '../../../../../test/cli/salus.ts';
import {
  type App,
  fitsWidth,
  heading,
  holdsAxe,
  picture,
  startApp,
  type Visitor,
  type VisitorOptions,
} from '../../../../../test/web/app.ts';
import { missingWords, wordOf } from '../../../../../test/web/looks.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { serversOf } from '../../../../server/process.ts';
import { writeReport } from '../../gateway/incidents/incident-folder.ts';
import { attemptOf } from '../../node/incidents/attempt-reports.ts';
import { signReport } from '../../node/incidents/incident-signing.ts';
import { WriteAttempts } from '../../node/incidents/refused-writes.ts';

/**
 * The operator's screen of incidents, in a real browser: a row that somebody else wrote into the hospital's file, and
 * somebody who tried the desk's door.
 */

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app?.close());

const operator = (options?: VisitorOptions): Promise<Visitor> =>
  app.visitorAs('Operator of North', options);

/** As another program with the file would. */
function elsewhere(sql: string): void {
  const path = join(serversOf(app.home), 'north', 'gateway.db');
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

const listed = async () =>
  list(await salus(['incidents', 'list'], { home: app.home }), 'incidents');

async function reported(count: number): Promise<void> {
  for (let i = 0; i < 200 && (await listed()).length < count; i++) await wait(100);
  assert.equal((await listed()).length, count);
}

let happening: Promise<void> | undefined;
const happened = (): Promise<void> => {
  happening ??= happen();
  return happening;
};
async function happen(): Promise<void> {
  elsewhere(
    "INSERT INTO invitations (hash, role, createdMs, id) VALUES (x'00', 'patient', 1, 'forged')",
  );
  const corrupt = { code: 'ROW_CORRUPT', exit: 4 };
  await refused(['scrub', '--tell'], corrupt, { home: app.home });
  for (let i = 0; i < 4; i++) {
    const answer = await fetch(`${app.url}/north/v1/desk/links`, {
      method: 'POST',
      headers: { authorization: 'Desk forged' },
    });
    assert.equal(answer.status, 401);
  }
  await reported(2);
}

test('Where nothing happened it says so, one touch from how the network is', async () => {
  const visitor = await operator();
  const { page, touches } = visitor;
  await touches.touch(page.getByRole('link', { name: 'What happened to what is kept' }));
  await heading(page, 'Everything that was looked at is as it was kept.').waitFor();
  await picture(page, 'incidents-empty');
  assert.equal(touches.count, 1);
  await holdsAxe(page);
  await visitor.close();
});

test('What was found stands in plain words, with what the machine does not tell, and its signed report is saved by one touch', async () => {
  await happened();
  const visitor = await operator();
  const { page, touches } = visitor;
  await touches.touch(page.getByRole('link', { name: 'What happened to what is kept' }));
  await heading(page, 'One thing happened that is not over.').waitFor();
  const tampered = page.getByRole('region', {
    name: 'Something in the hospital’s rows was changed',
  });
  await tampered.getByText('Not over', { exact: true }).waitFor();
  await tampered
    .getByText(/^.*the file: gateway.db, mode \d+, written last/u)
    .first()
    .waitFor();
  const tried = page.getByRole('region', { name: 'Somebody tried the hospital’s doors' });
  await tried.getByText(/POST \/v1\/desk\/links: UNAUTHENTICATED, \d times/u).waitFor();
  await tried.getByText(/from (::ffff:)?127\.0\.0\.1|from ::1/u).waitFor();
  await holdsAxe(page);
  await touches.touch(tampered.getByText('Places, and what the machine does not tell'));
  await tampered.getByText('row MAC: foreign').waitFor();
  await picture(page, 'incidents');
  await holdsAxe(page);
  const saving = page.waitForEvent('download');
  await touches.touch(tampered.getByRole('button', { name: /^Save the signed report/u }));
  const path = (await (await saving).path()) ?? '';
  assert.equal(touches.count, 3);
  const name = bytesToHex(sha256(new Uint8Array(readFileSync(path))));
  const known = (await listed()).find((it) => it.kind === 'tampering');
  assert.equal(name, text(known ?? {}, 'name'), 'the saved bytes are what the ledger has');
  await visitor.close();
});

test('When a hospital does not answer, the screen says so, and asks again', async () => {
  await happened();
  const visitor = await operator();
  const { page, troubles } = visitor;
  app.door.fail(/\/v1\/incidents/u);
  await page.getByRole('link', { name: 'What happened to what is kept' }).click();
  await heading(page, 'This cannot be shown right now.').waitFor();
  await picture(page, 'incidents-failed');
  await holdsAxe(page);
  app.door.fail(undefined);
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page, 'One thing happened that is not over.').waitFor();
  troubles.splice(0);
  await visitor.close();
});

for (const [language, locale] of [
  ['es', 'es-ES'],
  ['ar', 'ar-EG'],
] as const) {
  test(`In ${language}, dark, on a phone of 320 pixels, every word is there, nothing is cut off, and the axe finds nothing`, async () => {
    await happened();
    const visitor = await operator({ width: 320, dark: true, locale });
    const { page } = visitor;
    await page.getByRole('link', { name: wordOf(language, 'network.incidents') }).click();
    await page.getByRole('region').first().waitFor();
    await page.locator('details summary').first().click();
    await picture(page, `incidents-phone-${language}`);
    assert.deepEqual(await missingWords(page, language), []);
    await fitsWidth(page);
    await holdsAxe(page);
    assert.equal(await page.locator('html').getAttribute('dir'), language === 'ar' ? 'rtl' : 'ltr');
    await visitor.close();
  });
}

test('What is over is said to be over, after the next look', async () => {
  await happened();
  elsewhere("DELETE FROM invitations WHERE id = 'forged'");
  await salus(['scrub', '--tell'], { home: app.home });
  await reported(3);
  const visitor = await operator();
  const { page } = visitor;
  await page.getByRole('link', { name: 'What happened to what is kept' }).click();
  await heading(page, 'All is as it was kept again.').waitFor();
  await page.getByRole('region', { name: 'Whole again: the hospital’s rows' }).waitFor();
  await picture(page, 'incidents-over');
  await holdsAxe(page);
  await visitor.close();
});

test('Who wrote in another’s name at the data server stands there with address and door; `salus incidents` says the same', async () => {
  await happened();
  const before = (await listed()).length;
  const sign = await signingKeyFromSeed(new Uint8Array(32).fill(3));
  const attempts = new WriteAttempts(() => 1_700_000_000_000, {
    who: () => 'process 12 curl, uid 1000 of this machine',
    claimedMac: () => '02:00:5e:10:00:01',
  });
  attempts.refused({
    ...{ from: '192.0.2.44', port: 1, wide: '192.0', route: 'POST /v1/peer' },
    ...{ code: 'UNAUTHENTICATED', isSure: true, forwardedFor: '', proxy: '' },
  });
  const { signed, hash } = await signReport(sign, {
    ...{ chainId: 'c', by: accountIdOf(sign.publicKey), kind: 'write-attempt', foundBy: 'watch' },
    ...{ store: 'data-server', foundMs: 1_700_000_000_000, wholeMs: 0, places: [], more: 0 },
    ...{
      batches: [],
      firstHour: 0,
      lastHour: 0,
      people: 0,
      attempts: attempts.due().map(attemptOf),
    },
    ...{ untold: [], done: [{ what: 'refused: nothing was changed', atMs: 1_700_000_000_000 }] },
    follows: new Uint8Array(0),
  });
  writeReport(join(serversOf(app.home), 'north'), bytesToHex(hash), signed);
  await reported(before + 1);
  const shown = await salus(['incidents', 'show', bytesToHex(hash)], { home: app.home });
  assert.match(JSON.stringify(shown), /POST \/v1\/peer: UNAUTHENTICATED, once/u);
  const visitor = await operator();
  const { page } = visitor;
  await page.getByRole('link', { name: 'What happened to what is kept' }).click();
  const tried = page.getByRole('region', { name: 'Somebody tried to write to the data server' });
  await tried.getByText(/POST \/v1\/peer: UNAUTHENTICATED, once/u).waitFor();
  await tried.getByText(/process 12 curl.*from 192\.0\.2\.44.*02:00:5e:10:00:01/u).waitFor();
  await tried.getByText('Over', { exact: true }).waitFor();
  await holdsAxe(page);
  await visitor.close();
});
