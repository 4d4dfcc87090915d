// After a verified erasure: every byte below the servers' home, searched for body and header of the erased items. One
// of them was written by a colleague of another hospital, whose own hospital had the body first.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { type Consortium, fileOf, startConsortium } from '../../e2e/consortium.ts';

let town: Consortium;
before(async () => {
  town = await startConsortium();
});
after(() => town.stop());

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
const where = (needle: Buffer) =>
  files(town.home)
    .filter((path) => readFileSync(path).includes(needle))
    .map((path) => path.slice(town.home.length));

interface Needle {
  readonly recordClass: string;
  /** The end of the header, which lies on one page. */
  readonly wrap: Buffer;
  /** Out of the middle of the body. */
  readonly body: Buffer;
}

/** What lies on the custodian's disk of each item. */
function needlesAt(hospital: string): Needle[] {
  const home = join(town.home, 'servers', hospital);
  const db = new DatabaseSync(join(home, 'gateway.sqlite'), { readOnly: true });
  const store = new DatabaseSync(join(home, 'blobs', 'blobs.sqlite'), { readOnly: true });
  const contentOf = store.prepare('SELECT content FROM blobs WHERE id = ?');
  try {
    return db
      .prepare('SELECT class, header, blob FROM items WHERE header IS NOT NULL')
      .all()
      .map(({ class: recordClass, header, blob }) => {
        const content = contentOf.get(String(blob))?.content;
        const body =
          content instanceof Uint8Array
            ? content
            : readFileSync(join(home, 'blobs', 'files', String(blob)));
        assert.ok(header instanceof Uint8Array);
        return {
          recordClass: String(recordClass),
          wrap: Buffer.from(header.subarray(-48)),
          body: Buffer.from(body.subarray(100, 400)),
        };
      });
  } finally {
    db.close();
    store.close();
  }
}

test('nothing of an erased item is on any hospital’s disk, small, large, or written by a colleague elsewhere', async () => {
  const { person: eve } = await town.person('Eve', 'north', 'patient');
  const { person: doctor } = await town.person('Dr Far', 'valley', 'clinician');
  await eve.addFile(fileOf('small.txt', utf8('small secret')));
  const large = new Uint8Array(3_000_000).map((_, at) => (at * 7919) & 255);
  await eve.addFile(fileOf('large.bin', large));
  await eve.addCard(doctor.card());
  const { consent } = await eve.grant({
    grantee: doctor.account().account,
    readClasses: [],
    writeClasses: ['diagnosis'],
    purposes: ['TREAT'],
    notAfterMs: town.now() + 86_400_000,
  });
  await doctor.inbox();
  const note = { mediaType: 'text/plain', name: 'note', bytes: utf8('HIV positive') };
  await doctor.diagnose(consent, note);
  await eve.sync();
  const records = await eve.listRecords();
  const needles = needlesAt('north');
  assert.ok(needles.some(({ recordClass }) => recordClass === 'diagnosis'));
  assert.ok(needles.length >= 3);
  for (const { wrap, body } of needles) {
    const kept = [...where(wrap), ...where(body)];
    assert.ok(
      kept.length > 0 && kept.every((path) => path.startsWith('/servers/north/')),
      `${kept}`,
    );
  }

  await eve.erase(records.map(({ recordId }) => recordId));
  for (const { wrap, body } of needles) assert.deepEqual([...where(wrap), ...where(body)], []);
});
