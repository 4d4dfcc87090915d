import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileOf, passphrase } from '../../../../../test/e2e/consortium.ts';
import { u32be, utf8, utf8ToText } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { accountIdOf, type RecordId, recordIdOf } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { receiptOfAccess } from '../../../../sdk/actions/read-shared.ts';
import { Person } from '../../../../sdk/index.ts';
import { lockOf } from '../../../../sdk/records/double.ts';
import { entriesOf, withEnded } from '../../../../sdk/wallet/drawer.ts';
import { commitmentTo, type DoubleLock, encodeLock } from '../../api/half.ts';
import { openEncryption } from '../../crypto/paillier/encryption.ts';
import { bytesToInteger, integerToBytes } from '../../crypto/paillier/integers.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { askHalf, openHalf } from '../../sdk/double/ask-halves.ts';
import { halvesDrawer } from '../../sdk/double/kept-halves.ts';
import { giveHalves, handHalvesAgain } from '../../sdk/index.ts';
import { ownPaillierKey } from '../../sdk/paillier-keys.ts';
import { drawn } from '../settings/pages.ts';
import { keyOf, repeating } from '../settings/paillier-keys.ts';
import {
  caught,
  type Enrolled,
  flipped,
  type Place,
  places,
  ReadingTown,
} from '../settings/reading-town.ts';

/** What each of three servers does with its share, over the ledger and gateways of real people. */

let town: ReadingTown;
let doctor: Enrolled;
before(async () => {
  town = await ReadingTown.open();
  await town.tellAddresses();
  // One for all: her key takes seconds to make.
  doctor = await town.town.person('Osei', 'harbour', 'clinician', inPage);
});
after(() => town.close());

const hourMs = 3_600_000;
/** By way of their own hospital's gateway, as a page in a browser goes. */
const inPage = { onlyGateways: true } as const;
const accountOfPerson = ({ person }: Enrolled) =>
  person.accounts[0]?.account ?? accountIdOf(drawn(''));

/** A patient with one doubly encrypted record, and her doctor with a grant of its class. */
async function shared(name: string) {
  const ana = await town.town.person(`${name} Ana`, 'north', 'patient', inPage);
  await ana.person.addCard(doctor.person.card());
  const double = giveHalves(town.accounts);
  const added = await ana.person.addFile(fileOf(`${name}.txt`, utf8(name)), {
    recordClass: 'lab',
    double,
  });
  const recordId = added.items[0]?.recordId;
  assert.ok(recordId);
  const { consent } = await ana.person.grant({
    ...{ grantee: accountOfPerson(doctor), readClasses: ['lab'], purposes: ['TREAT'] },
    notAfterMs: town.town.now() + hourMs,
  } as never);
  await doctor.person.sync();
  return { ana, doctor, consent, recordId };
}

const read = async ({ doctor, consent, recordId }: Awaited<ReturnType<typeof shared>>) => {
  const { records, missing } = await doctor.person.readShared(consent, { recordIds: [recordId] });
  return { text: records.map(({ bytes }) => utf8ToText(bytes)), missing };
};

test('by one look a doctor has the record, and a look at everything opens it not', async () => {
  const of = await shared('plain');
  assert.deepEqual(await read(of), { text: ['plain'], missing: [] });
  const row = await town.town.gateway('north').view.consent(of.consent);
  assert.equal(row?.looks, 1);
  const all = await of.doctor.person.readShared(of.consent);
  assert.deepEqual(all.records, []);
  assert.deepEqual(all.missing, [{ recordId: of.recordId, code: 'RECORD_DOUBLE' }]);
});

test('a look from before the revocation gives no share after it, at none of the three', async () => {
  const of = await shared('revoked');
  const { accesses, records } = await of.doctor.person.readShared(of.consent, {
    recordIds: [of.recordId],
  });
  const [access] = accesses;
  const [record] = records;
  assert.ok(access !== undefined && record !== undefined);
  const lock = lockOf(record.row.header);
  assert.ok(lock);
  const ask: Action<undefined, Uint8Array | undefined> = {
    name: 'test/ask',
    run: (ctx) =>
      askHalf(
        ctx,
        { account: accountOfPerson(of.ana), recordId: of.recordId, recordClass: 'lab', lock },
        () => receiptOfAccess(ctx, access),
      ),
  };
  assert.equal((await of.doctor.person.run(ask, undefined))?.length, 32);
  // Nobody else has anything of his look.
  const other = await town.town.person('other Osei', 'harbour', 'clinician', inPage);
  const stranger: Action<Uint8Array, unknown> = {
    name: 'test/ask',
    run: (ctx, receipt) =>
      askHalf(
        ctx,
        { account: accountOfPerson(of.ana), recordId: of.recordId, recordClass: 'lab', lock },
        async () => receipt,
      ),
  };
  const receipt = await of.doctor.person.run(
    { name: 'test/receipt', run: (ctx) => receiptOfAccess(ctx, access) },
    undefined,
  );
  assert.equal(await caught(other.person.run(stranger, receipt)), 'NOT_SHARED');
  assert.equal(await caught(other.person.run(stranger, new Uint8Array(0))), 'NOT_SHARED');
  await of.ana.person.revoke(of.consent);
  assert.equal(await caught(of.doctor.person.run(ask, undefined)), 'CONSENT_ENDED');
});

test('where one server is dead, or keeps another share than it was given, the record stays closed and the server is named', async () => {
  const of = await shared('dead');
  const { store } = town.server(1);
  const honest = store.kept.bind(store);
  const named = async () => {
    const { text, missing } = await read(of);
    assert.deepEqual(text, []);
    const because = missing[0]?.because;
    return [because?.code, because?.details.server];
  };
  store.kept = async (name) => {
    const kept = await honest(name);
    return name.startsWith('half ') && kept !== undefined ? flipped(kept, kept.length - 1) : kept;
  };
  assert.deepEqual(await named(), ['HALF_DAMAGED', town.accounts[1]]);
  store.kept = async (name) => (name.startsWith('half ') ? undefined : honest(name));
  assert.deepEqual(await named(), ['HALF_UNKNOWN', town.accounts[1]]);
  store.kept = honest;
  assert.deepEqual((await read(of)).text, ['dead']);
});

test('an owner whose wallet has not the half is given it by the three servers, by no look', async () => {
  const of = await shared('back');
  const forget: Action<undefined, void> = {
    name: 'test/forget',
    run: (ctx) =>
      ctx.noteDown((content) =>
        entriesOf(content, halvesDrawer).reduce(
          (kept, entry) => withEnded(kept, halvesDrawer, halvesDrawer.key(entry)),
          content,
        ),
      ),
  };
  await of.ana.person.run(forget, undefined);
  const [row] = await of.ana.person.openRecords([of.recordId]).catch((error: unknown) => [error]);
  assert.ok(row instanceof CodedError && row.code === 'RECORD_DOUBLE', 'of several nobody asks');
  const opened = await of.ana.person.openRecord(of.recordId);
  assert.equal(utf8ToText(opened.bytes), 'back');
  // From then on it is in the wallet again, and no server that goes takes the record from her.
  assert.equal((await of.ana.person.openRecords([of.recordId])).length, 1);
  const consent = await town.town.gateway('north').view.consent(of.consent);
  assert.equal(consent?.looks, 0);
});

test('a server that lost its shares has them again when the owner hands them over, and keeps those that it has', async () => {
  const of = await shared('lost');
  const { store } = town.server(2);
  const honest = [store.kept.bind(store), store.keepOnce.bind(store)] as const;
  const renamed = (name: string): string => (name.startsWith('half ') ? `new ${name}` : name);
  // Another database: what it had is not there.
  store.kept = (name) => honest[0](renamed(name));
  store.keepOnce = (name, value) => honest[1](renamed(name), value);
  assert.equal((await read(of)).missing[0]?.because?.code, 'HALF_UNKNOWN');
  const said = await of.ana.person.run(handHalvesAgain, undefined);
  const codes = town.accounts.map((server) => ({ server, code: '' }));
  assert.deepEqual(said, { records: 1, servers: codes });
  assert.deepEqual((await read(of)).text, ['lost']);
  [store.kept, store.keepOnce] = honest;
});

test('a server that was away for one record of a look is not waited for by the next that it has a share of', async () => {
  const [server = assert.fail()] = town.accounts;
  const none = [1, 2, 3].map(() => drawn('none'));
  const lock = encodeLock({ servers: town.accounts, commitments: none, whole: drawn('none') });
  const recordId = recordIdOf(drawn('away').subarray(0, 16));
  const asked = { account: accountOfPerson(doctor), recordId, recordClass: 'lab', lock };
  const ask: Action<undefined, unknown> = {
    name: 'test/ask',
    run: (ctx) => askHalf(ctx, { ...asked, away: new Set([server]) }, undefined),
  };
  assert.equal(await caught(doctor.person.run(ask, undefined)), 'HALF_AWAY');
});

test('after a rotation shares come under another Paillier key: who had the wallet of before opens none', async () => {
  const mine = await town.town.person('rotating Osei', 'harbour', 'clinician', inPage);
  const name: Action<undefined, string> = {
    name: 'test/paillier-key',
    run: async (ctx) => (await ownPaillierKey(ctx)).id,
  };
  const before = await mine.person.run(name, undefined);
  assert.equal(await mine.person.run(name, undefined), before);
  await mine.person.rotate();
  const next = await mine.person.run(name, undefined);
  assert.notEqual(next, before);
  assert.equal(await mine.person.run(name, undefined), next);
  // What came under the former one is opened still.
  const former: Action<undefined, string> = {
    name: 'test/former-key',
    run: async (ctx) => (await ownPaillierKey(ctx, before)).id,
  };
  assert.equal(await mine.person.run(former, undefined), before);
});

/** How many entries the wallet has. */
const halves: Action<undefined, number> = {
  name: 'test/halves',
  run: async (ctx) => entriesOf(ctx.vault.content, halvesDrawer).length,
};

test('of a file that is not added, since one server takes no share, the wallet keeps no half', async () => {
  const ana = await town.town.person('refused Ana', 'north', 'patient', inPage);
  const { store } = town.server(2);
  const honest = store.keepOnce;
  store.keepOnce = async () => {
    throw new CodedError('STORE_BUSY');
  };
  const double = giveHalves(town.accounts);
  const adding = ana.person.addFile(fileOf('refused.txt', utf8('refused')), { double });
  assert.equal(await caught(adding), 'STORE_BUSY');
  store.keepOnce = honest;
  assert.equal(await ana.person.run(halves, undefined), 0);
  await ana.person.addFile(fileOf('refused.txt', utf8('refused')), { double });
  assert.equal(await ana.person.run(halves, undefined), 1);
});

test('before her wallet has its copy no server has a share', async () => {
  const { store } = await town.town.person('copied Ana', 'north', 'patient', inPage);
  let tries = 0;
  const refusing = (url: string, init: RequestInit): Promise<Response> => {
    if (init.method !== 'PUT' || !new URL(url).pathname.includes('/wallet'))
      return fetch(url, init);
    tries += 1;
    return Promise.resolve(new Response(null, { status: 503 }));
  };
  const options = { now: town.town.now, ...inPage, http: { fetch: refusing, retryDelaysMs: [] } };
  const ana = await Person.open({ store, passphrase }, options);
  const handed: string[] = [];
  const kept = town.accounts.map((_, at) => town.server(at as Place).store);
  const honest = kept.map((it) => it.keepOnce);
  for (const it of kept) {
    it.keepOnce = async (name, value) => {
      handed.push(name);
      return value;
    };
  }
  const double = giveHalves(town.accounts);
  assert.notEqual(
    await caught(ana.addFile(fileOf('copied.txt', utf8('copied')), { double })),
    'nothing was refused',
  );
  for (const [at, it] of kept.entries()) it.keepOnce = honest[at] ?? it.keepOnce;
  assert.ok(tries > 0);
  assert.equal(await ana.run(halves, undefined), 0);
  assert.deepEqual(
    handed.filter((it) => it.startsWith('half ')),
    [],
  );
});

test('a share that was kept stays: another one for the same record is refused', async () => {
  const of = await shared('again');
  const again: Action<undefined, unknown> = {
    name: 'test/again',
    run: (ctx) => giveHalves(town.accounts)(ctx, [{ recordId: of.recordId, recordClass: 'lab' }]),
  };
  assert.equal(await caught(of.ana.person.run(again, undefined)), 'HALF_TAKEN');
  assert.deepEqual((await read(of)).text, ['again']);
});

test('of three shares that do not add up the server that gave another one is named', async () => {
  const arithmetic = await modularArithmetic();
  const secretKey = await keyOf(1);
  const encryption = openEncryption(secretKey.publicKey, {
    ...{ arithmetic, random: repeating(u32be(77)) },
  });
  const [account, recordId] = [accountIdOf(drawn('ana')), recordIdOf(drawn('r').subarray(0, 16))];
  // Carries: the sum of two is more than 2^256.
  const shares = [new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(0xfe), drawn('third')];
  const sum = shares.reduce((all, it) => all + bytesToInteger(it), 0n);
  const half = integerToBytes(BigInt.asUintN(256, sum), 32);
  const of = { account, recordId };
  const lock: DoubleLock = {
    servers: places.map((at) => accountIdOf(drawn(`server ${at}`))),
    commitments: shares.map((share, at) => commitmentTo({ ...of, place: at + 1 }, share)),
    whole: commitmentTo({ ...of, place: 0 }, half),
  };
  const key = { id: '', secretKey };
  const encrypted = (list: readonly Uint8Array[]) =>
    list.map((it) => encryption.encrypt(bytesToInteger(it)));
  assert.deepEqual(await openHalf(of, lock, { ciphertexts: encrypted(shares), key }), half);
  for (const liar of places) {
    const given = shares.map((it, at) => (at === liar ? drawn('lie') : it));
    await assert.rejects(
      openHalf(of, lock, { ciphertexts: encrypted(given), key }),
      (error) =>
        error instanceof CodedError &&
        error.code === 'SERVER_LIED' &&
        error.details.server === lock.servers[liar],
    );
  }
  // A share and so much more that the sum goes around N: modulo 2^256 it is still his share.
  const around = secretKey.publicKey.modulus - 1n;
  for (const liar of places) {
    const ciphertexts = shares.map((share, at) => {
      const value = bytesToInteger(share);
      const most = around - ((around - value) % (1n << 256n));
      return encryption.encrypt(at === liar ? most : value);
    });
    await assert.rejects(
      openHalf(of, lock, { ciphertexts, key }),
      (error) =>
        error instanceof CodedError &&
        error.code === 'SERVER_LIED' &&
        error.details.server === lock.servers[liar],
    );
  }
  const other = { ...of, recordId: recordIdOf(drawn('o').subarray(0, 16)) as RecordId };
  const opening = openHalf(other, lock, { ciphertexts: encrypted(shares), key });
  assert.equal(await caught(opening), 'SERVER_LIED');
});
