import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeCard, encodeCard } from '../../src/api/card.ts';
import {
  decodeReceiptBundle,
  encodeReceiptBundle,
  type ReceiptBundle,
} from '../../src/api/receipt-bundle.ts';
import { decodeSigned, encodeSigned } from '../../src/api/signed.ts';
import { encodeGenesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { checkReceiptFile } from '../../src/sdk/index.ts';
import { list, refused, remove, run, salus, temporaryHome, text } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
/** Of somebody outside: it has nothing but a trust root. */
const elsewhere = temporaryHome();
before(async () => {
  town = await startTown();
});
after(async () => {
  await town.leave();
  remove(elsewhere);
});

const trust = () => join(town.home, 'trust.json');

/** A look of a doctor at one record of a patient, and the files that `looked` writes of it. */
async function looked() {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  await town.salus('record', 'add', town.file('a.txt', 'a'), '--class', 'lab', '--as', ana.name);
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'lab', '--until', '+1h');
  const [record] = await town.lines('record', 'list', '--as', doctor.name);
  await town.salus('record', 'open', text(record ?? {}, 'recordId'), '--as', doctor.name);
  const folder = town.file('receipts');
  await town.salus('looked', '--as', ana.name, '--receipts', folder);
  const files = readdirSync(folder).filter((it) => it.startsWith('look-'));
  return { ana, doctor, file: join(folder, files[0] ?? '') };
}

test('a receipt bundle says who looked by name, to somebody who has nothing else', async () => {
  const { doctor, file } = await looked();
  const words = text(await salus(['check-receipt', file], { home: elsewhere }), 'trustedBy');
  assert.equal(words, 'bundle');
  const { trustWords } = await town.salus('check-receipt', file);
  const said = String(Object(trustWords).join(' '));
  const page = town.file('receipt.html');
  const ask = ['check-receipt', file, '--words', said];
  const checked = await salus([...ask, '--html', page], { home: elsewhere });
  assert.equal(checked.trustedBy, 'words');
  const reader = list(checked, 'names').find((it) => it.role === 'clinician');
  assert.deepEqual(
    [reader?.name, reader?.licence, reader?.hospital],
    [doctor.fullName, 'H-1', 'Harbour Clinic'],
  );
  assert.equal(reader?.account, Object(checked.claim).reader);
  const { stdout } = await run(ask, { home: elsewhere });
  const sentence = `${doctor.fullName} (Harbour Clinic) was shown`;
  assert.ok(stdout.includes(sentence), stdout);
  assert.match(
    stdout,
    /^vouched for by +operator: who runs the ledger signed it, and nobody else/m,
  );
  const html = readFileSync(page, 'utf8');
  assert.ok(html.includes(sentence) && html.includes('UTC') && html.includes('<svg'));
  assert.ok(!html.includes('<script'));
  const others = said.replace(/\w+$/, 'zoo').replace(/^\w+/, 'abandon');
  const no = { code: 'TRUST_ROOT_WRONG', exit: 4 };
  await refused(['check-receipt', file, '--words', others], no, { home: elsewhere });
});

test('a bundle whose names are not those that the hospital committed to does not hold', async () => {
  const { file } = await looked();
  const whole = decodeReceiptBundle(readFileSync(file));
  const [person] = whole.people;
  const genesis = parseGenesis(whole.genesis);
  assert.ok(person !== undefined);
  const { bytes, signature } = decodeSigned(person.card);
  const card = decodeCard(bytes);
  const renamed = { ...card, name: 'Dr Somebody Else' };
  const other = await town.patient();
  const trustRoot = whole.trustRoot.replace(/[0-9a-f]{64}/, '00'.repeat(32));
  const [validator] = genesis.validators;
  assert.ok(validator !== undefined);
  const stolen = { ...validator, power: validator.power + 1 };
  const forged = encodeGenesis({ ...genesis, validators: [stolen] });
  const lying = JSON.stringify({ ...JSON.parse(whole.trustRoot), validatorsHash: 'ab'.repeat(32) });
  const otherCard = town.file('other.card');
  await town.salus('card', 'show', '--out', otherCard, '--as', other.name);
  const cases: readonly [string, Partial<ReceiptBundle>, string][] = [
    [
      'another name',
      { people: [{ ...person, card: encodeSigned({ bytes: encodeCard(renamed), signature }) }] },
      'card',
    ],
    ['another card', { people: [{ ...person, card: readFileSync(otherCard) }] }, 'card'],
    ['an enrolment that is none', { people: [{ ...person, enrolment: whole.receipt }] }, 'card'],
    ['bytes that are no card', { people: [{ ...person, card: Uint8Array.of(0x80) }] }, 'card'],
    [
      'bytes that are no receipt',
      { people: [{ ...person, enrolment: Uint8Array.of(0x80) }] },
      'encoding',
    ],
    ['another genesis', { genesis: forged }, 'genesis'],
    ['a trust root of another genesis', { trustRoot }, 'genesis'],
    ['a trust root with the right words and other validators', { trustRoot: lying }, 'genesis'],
  ];
  for (const [what, change, reason] of cases) {
    const bundle = encodeReceiptBundle({ ...whole, ...change });
    await assert.rejects(
      checkReceiptFile(bundle, {}),
      { code: 'RECEIPT_INVALID', details: { reason } },
      what,
    );
  }
  assert.equal((await checkReceiptFile(encodeReceiptBundle(whole), {})).names.length, 4);
});

test('receipt --bundle and --html name who sent a transaction; a plain receipt needs a trust root', async () => {
  const ana = await town.patient();
  const as = ['--as', ana.name];
  const txId = text(await town.salus('person', 'rotate', ...as), 'txId');
  const [file, page] = [town.file('ana.receipt'), town.file('ana.html')];
  await town.salus('receipt', txId, '--bundle', '--out', file, '--html', page, ...as);
  const checked = await salus(['check-receipt', file, '--trust', trust()], { home: elsewhere });
  assert.equal(checked.trustedBy, 'given');
  assert.deepEqual(
    list(checked, 'names').map((it) => [it.name, it.account === checked.sender]),
    [[ana.fullName, true]],
  );
  assert.ok(readFileSync(page, 'utf8').includes(ana.fullName));
  await town.salus('receipt', txId, '--out', file, '--force', ...as);
  await refused(['check-receipt', file], { code: 'MISSING', exit: 2 }, { home: elsewhere });
});

test('anybody verifies the whole ledger from outside, by its blocks', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  await town.salus(
    'record',
    'add',
    town.file('a.txt', 'a note'),
    '--class',
    'note',
    '--as',
    ana.name,
  );
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'note', '--until', '+1h');
  const verify = ['verify', '--remote', `${town.url}/north`, '--blocks', '--trust', trust()];
  const found = await salus(verify, { home: elsewhere });
  assert.ok(Number(found.height) > 5);
  assert.equal(found.heldBack, 0);
  // The block that proves the newest may be still to come.
  assert.ok(Number(found.executed) >= Number(found.height) - 1);
  const { stdout } = await run(verify, { home: elsewhere });
  assert.match(stdout, /^Every transaction was shown and executed again/m);
  assert.match(stdout, /^Words of the ledger: \w+( \w+){11}$/m);
});

test('an auditor is shown what is held back from others, and executes all of it', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  await town.salus(
    'person',
    'create',
    'olga',
    '--hospital',
    'north',
    '--role',
    'auditor',
    '--name',
    'Olga Audit',
  );
  const classes = ['--class', 'diagnosis', '--write-class', 'diagnosis'];
  await town.salus('grant', doctor.name, '--as', ana.name, ...classes, '--until', '+1h');
  await town.salus('diagnose', ana.fullName, '--text', 'well', '--yes', '--as', doctor.name);
  const verify = ['verify', '--remote', `${town.url}/harbour`, '--blocks', '--trust', trust()];
  const outside = await salus(verify, { home: elsewhere });
  assert.ok(Number(outside.heldBack) > 0 && Number(outside.executed) < Number(outside.height) - 1);
  const whole = await town.salus(...verify, '--as', 'olga');
  assert.equal(whole.heldBack, 0);
  assert.ok(Number(whole.executed) >= Number(whole.height) - 1);
  const { stdout } = await run(verify, { home: elsewhere });
  assert.match(stdout, /held back from who asked: of those the hashes hold/);
});

test('the blocks of another ledger than the one that is trusted do not hold', async () => {
  const other = JSON.parse(readFileSync(trust(), 'utf8'));
  const file = town.file('trust.json', JSON.stringify({ ...other, genesisHash: '00'.repeat(32) }));
  const verify = ['verify', '--remote', `${town.url}/north`, '--blocks', '--trust', file];
  await refused(verify, { code: 'TRUST_ROOT_WRONG', exit: 4 }, { home: elsewhere });
  await refused(['verify', '--blocks'], { code: 'USAGE', exit: 2 }, { home: elsewhere });
});
