import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isCoded } from '../../src/primitives/errors.ts';
import type { ConsentId, RecordId } from '../../src/primitives/ids.ts';
import { amendmentOf, amendRecord, type Person, sharedHistory } from '../../src/sdk/index.ts';
import { type Consortium, type Enrolled, startConsortium } from './consortium.ts';

/**
 * A writer amends his own notes and diagnoses, and nobody else's: the ledger and hospitals see an anchor like any other,
 * so it is the reader who does not believe a stranger's.
 */
const day = 24 * 60 * 60_000;
const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const saying = (words: string) => ({ bytes: utf8(words), mediaType: 'text/plain' });

let consortium: Consortium;
let ana: Enrolled;
before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
});
after(() => consortium.stop());

let doctors = 0;
async function writer({ reads }: { readonly reads: boolean }): Promise<[Person, ConsentId]> {
  const name = `Dr ${++doctors}`;
  const { person } = await consortium.person(name, 'harbour', 'clinician');
  await ana.person.addCard(person.card(), { nickname: name });
  const { consent } = await ana.person.grant({
    ...{ grantee: name, readClasses: reads ? ['note', 'diagnosis'] : [] },
    ...{ writeClasses: ['note', 'diagnosis'], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 30 * day,
  });
  await person.inbox();
  return [person, consent];
}

async function noted(person: Person, consent: ConsentId, words: string): Promise<RecordId> {
  const note = { recordClass: 'note', name: 'note.txt', ...saying(words) } as const;
  const [recordId] = (await person.write(consent, [note])).recordIds;
  assert.ok(recordId);
  return recordId;
}

const wordsOf = (versions: readonly { readonly bytes: Uint8Array }[]): readonly string[] =>
  versions.map((it) => textOf(it.bytes));

for (const reads of [true, false]) {
  test(`A writer who ${reads ? 'reads' : 'does not read'} the class amends his note; both versions show from either`, async () => {
    const [doctor, consent] = await writer({ reads });
    const recordId = await noted(doctor, consent, '50 mg');
    const reason = 'wrong dose';
    const asked = { recordId, reason, enteredInError: false, now: saying('5 mg') };
    const amended = await doctor.run(amendRecord, asked);
    assert.deepEqual([amended.previous, amended.recordClass], [recordId, 'note']);
    for (const id of [recordId, amended.recordId]) {
      const versions = await ana.person.history(id);
      assert.deepEqual(wordsOf(versions), ['5 mg', '50 mg']);
      const said = amendmentOf(versions[0]?.head.mediaType ?? '');
      assert.deepEqual(said, { reason, enteredInError: false });
      if (!reads) continue;
      const read = await doctor.run(sharedHistory, { consent, recordId: id });
      assert.deepEqual(wordsOf(read), ['5 mg', '50 mg']);
    }
  });
}

test('A diagnosis that was entered in error says so, and what it was about where its writer may read it', async () => {
  const [doctor, consent] = await writer({ reads: true });
  const { recordIds } = await doctor.diagnose(consent, { name: 'Measles', ...saying('Measles') });
  const [recordId] = recordIds;
  assert.ok(recordId);
  const asked = { recordId, reason: 'another patient', enteredInError: true };
  const { recordId: newer, confirmed } = await doctor.run(amendRecord, asked);
  assert.ok(confirmed.height > 0);
  const [opened] = await ana.person.history(newer);
  assert.equal(opened?.head.name, 'Measles');
  assert.equal(amendmentOf(opened?.head.mediaType ?? '')?.enteredInError, true);
});

test('What somebody else wrote is refused: RECORD_OF_ANOTHER to who reads it, RECORD_UNKNOWN to who does not', async () => {
  const [author, consent] = await writer({ reads: true });
  const recordId = await noted(author, consent, 'mine');
  const asked = { recordId, reason: 'x', enteredInError: false, now: saying('no') };
  for (const [reads, code] of [
    [true, 'RECORD_OF_ANOTHER'],
    [false, 'RECORD_UNKNOWN'],
  ] as const) {
    const [other] = await writer({ reads });
    await assert.rejects(other.run(amendRecord, asked), (error) => isCoded(error, code));
  }
});

test('After both sides changed keys the writer amends what he wrote before', async () => {
  const [doctor, consent] = await writer({ reads: false });
  const recordId = await noted(doctor, consent, 'before');
  await doctor.rotate();
  await ana.person.rotate();
  await ana.person.sync();
  await doctor.inbox();
  const asked = { recordId, reason: 'more is known', enteredInError: false, now: saying('after') };
  const amended = await doctor.run(amendRecord, asked);
  assert.deepEqual(wordsOf(await ana.person.history(amended.recordId)), ['after', 'before']);
});

test('An amendment that waits for a new write key is written with it, and is a version all the same', async () => {
  const [doctor, consent] = await writer({ reads: false });
  const recordId = await noted(doctor, consent, 'before');
  await ana.person.rotate({ code: ana.code });
  const asked = { recordId, reason: 'late', enteredInError: false, now: saying('waited') };
  await doctor.run(amendRecord, asked).catch((error: unknown) => {
    assert.ok(isCoded(error, 'WRITE_KEY_ENDED'));
  });
  await ana.person.sync();
  await doctor.inbox();
  assert.deepEqual(doctor.unwritten, []);
  assert.deepEqual(wordsOf(await ana.person.history(recordId)), ['waited', 'before']);
});

test('A stranger’s record that names another’s as the one before is a record of its own, for everybody', async () => {
  const [author, consent] = await writer({ reads: true });
  const recordId = await noted(author, consent, 'penicillin allergy');
  const [stranger, other] = await writer({ reads: true });
  const { recordIds } = await stranger.write(other, [
    {
      ...{ recordClass: 'note', name: 'note.txt', previous: recordId, bytes: utf8('no allergy') },
      mediaType: 'text/plain;amends=seen%20again',
    },
  ]);
  const [strange] = recordIds;
  assert.ok(strange);
  assert.deepEqual(wordsOf(await ana.person.history(recordId)), ['penicillin allergy']);
  const [own] = await ana.person.history(strange);
  assert.deepEqual([own?.notVersionOf, textOf(own?.bytes ?? utf8(''))], [recordId, 'no allergy']);
  assert.equal((await ana.person.openRecord(strange)).notVersionOf, recordId);
  const read = await author.run(sharedHistory, { consent, recordId });
  assert.deepEqual(wordsOf(read), ['penicillin allergy']);
});

test('The owner’s list shows an amended note as one line, and a stranger’s "version" beside what it names (I-73)', async () => {
  const [doctor, consent] = await writer({ reads: true });
  const recordId = await noted(doctor, consent, 'first');
  const lineOf = async (id: RecordId) =>
    (await ana.person.recordLines()).find((it) => it.recordId === id);
  assert.deepEqual((await lineOf(recordId))?.isOlder, false);
  const now = saying('second');
  const amended = await doctor.run(amendRecord, {
    ...{ recordId, reason: 'more', enteredInError: false, now },
  });
  assert.equal((await lineOf(recordId))?.isOlder, true);
  const newest = await lineOf(amended.recordId);
  assert.deepEqual([newest?.isOlder, newest?.versions], [false, 2]);
  // Known from then on: another listing opens nothing.
  assert.equal((await lineOf(recordId))?.isOlder, true);

  const [stranger, other] = await writer({ reads: true });
  const note = { recordClass: 'note', name: 'note.txt', previous: amended.recordId } as const;
  const { recordIds } = await stranger.write(other, [{ ...note, ...saying('mine') }]);
  assert.ok(recordIds[0]);
  assert.equal((await lineOf(amended.recordId))?.isOlder, false);
  assert.equal((await lineOf(recordIds[0]))?.isOlder, false);
});
