import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../../../../../test/world.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex, hexToBytes, u32be } from '../../../../primitives/bytes.ts';
import { type CodedError, isCoded } from '../../../../primitives/errors.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { encodeAs, type Of } from '../../../../primitives/shape.ts';
import {
  decodeEncryptedAnswer,
  encodeEncryptedAnswer,
  encodeEncryptedAsked,
  encryptedWord,
  keyWord,
  paillierKeyId,
} from '../../api/encrypted-answer.ts';
import { paillierKey } from '../../api/paillier-key.ts';
import { encodeManifest, type QueryManifest, queryIdOf } from '../../api/query-manifest.ts';
import { integerToBytes } from '../../crypto/paillier/integers.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { proveKey } from '../../crypto/paillier/key-proof.ts';
import { modulusToBytes, rootToBytes } from '../../crypto/paillier/keys.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { statSpent } from '../../ledger/tables/stat-spent.ts';
import { ShownKeys } from '../../node/reading/shown-keys.ts';
import { openEncrypted } from '../../sdk/asking/encrypted-form.ts';
import { openKeptStatement, signStatement } from '../../sdk/statements.ts';
import { askedStudy, pagesOf } from '../settings/asked-study.ts';
import { keyOf, repeating } from '../settings/paillier-keys.ts';
import { trio } from '../settings/study.ts';

const arithmetic = await modularArithmetic();
const secretKey = await keyOf(1);
const key = {
  modulus: modulusToBytes(secretKey.publicKey),
  root: rootToBytes(secretKey.publicKey),
};
const id = paillierKeyId(key);
const proofOf = (owner: string) =>
  proveKey(secretKey, idBytes(accountOf(owner)), { arithmetic, random: repeating(u32be(7)) });
const proof = proofOf('rosa');
const written: Of<typeof paillierKey> = { ...key, proof };
const refusedWith = (code: CodedError['code']) => (error: unknown) => isCoded(error, code);

const study = await askedStudy();
const { shownKeys } = study;

/** What an account says to server `place`, 0 to 2. */
async function said(word: string, payload: Uint8Array, of: { by?: string; place?: number } = {}) {
  const { by = 'rosa', place = 0 } = of;
  return signStatement(study.keysOf(by).sign, {
    ...{ from: accountOf(by), to: accountOf(trio[place] ?? ''), word },
    ...{ timeMs: study.world.timeMs, payload },
  });
}
const shown = async (value: Of<typeof paillierKey>, of: { by?: string; place?: number } = {}) =>
  shownKeys[of.place ?? 0]?.take(await said(keyWord, encodeAs(paillierKey, value), of));

async function showEverywhere(): Promise<void> {
  for (const place of trio.keys()) assert.equal(await shown(written, { place }), id);
}

const askedEncrypted = async (place: number, manifest: QueryManifest, name = id) => {
  const question = await study.signed(manifest);
  const desk = study.desks[place];
  assert.ok(desk);
  return desk.askEncrypted(
    await said(encryptedWord, encodeEncryptedAsked({ question, key: name }), { place }),
  );
};
const allEncrypted = (manifest: QueryManifest) =>
  Promise.all([0, 1, 2].map((place) => askedEncrypted(place, manifest)));
/** What each server signed, as the asker reads it. */
const partsOf = (answers: readonly Uint8Array[]) =>
  Promise.all(
    answers.map(async (signed, place) => {
      const name = trio[place] ?? '';
      const expected = { from: accountOf(name), to: accountOf('rosa'), word: encryptedWord };
      const keysOf = async () => [study.keysOf(name).sign.publicKey];
      return (await openKeptStatement(signed, expected, keysOf)).payload;
    }),
  );
const keptOf = async (manifest: QueryManifest) => ({
  query: hexToBytes(queryIdOf(encodeManifest(manifest))) ?? new Uint8Array(0),
  signed: await study.signed(manifest),
});

test('wrong keys are refused before anything is encrypted under them', async () => {
  const { publicKey } = secretKey;
  const number = (value: bigint) => integerToBytes(value, 384);
  const prime = 2n ** 3071n + 1n;
  const wrong: readonly (readonly [string, Partial<Of<typeof paillierKey>>])[] = [
    ['even', { modulus: number(publicKey.modulus - 1n) }],
    ['small', { modulus: number(publicKey.modulus >> 8n) }],
    ['a power', { modulus: number((2n ** 1536n - 1n) ** 2n) }],
    ['divisible by 3', { modulus: number(prime + (3n - (prime % 3n)) * 2n) }],
    ['another root', { root: number(publicKey.root + 1n) }],
    ['a proof with one bit changed', { proof: { ...proof, roots: flipped(proof.roots) } }],
    ['the proof of another account', { proof: proofOf('raul') }],
  ];
  for (const [why, change] of wrong) {
    const own = new ShownKeys(study.shownKeysBase(0));
    const stated = await said(keyWord, encodeAs(paillierKey, { ...written, ...change }));
    await assert.rejects(own.take(stated), refusedWith('KEY_INVALID'), why);
  }
  await assert.rejects(shown(written, { by: 'raul' }), refusedWith('KEY_INVALID'));
});

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((it, at) => (at === 5 ? it ^ 1 : it));

test('one account has few proofs verified in a minute, and another is not in its way', async () => {
  const own = new ShownKeys(study.shownKeysBase(1));
  const bad = async (n: number) =>
    said(keyWord, encodeAs(paillierKey, { ...written, root: integerToBytes(BigInt(n), 384) }), {
      place: 1,
    });
  for (let n = 4; n < 10; n++)
    await assert.rejects(own.take(await bad(n)), refusedWith('KEY_INVALID'));
  await assert.rejects(own.take(await bad(10)), refusedWith('RATE_LIMITED'));
  const raul = encodeAs(paillierKey, { ...key, proof: proofOf('raul') });
  assert.equal(await own.take(await said(keyWord, raul, { by: 'raul', place: 1 })), id);
});

test('asked for encrypted, a question costs once, is sealed on the ledger, and opens to a number each', async () => {
  await showEverywhere();
  const manifest = study.manifest({ question: { kind: 'sd', vital: 0 }, microRho: 1_000 });
  assert.equal(study.pay(manifest), 'accepted');
  const answers = await allEncrypted(manifest);
  const kept = await keptOf(manifest);
  const parts = await partsOf(answers);
  const { values, ciphertext } = await openEncrypted(kept, parts, { id, secretKey });
  assert.equal(ciphertext.length, 768);
  assert.equal(values.length, 4);
  for (const [place, answer] of answers.entries()) {
    assert.deepEqual(await askedEncrypted(place, manifest), answer);
    const rowId = sealRowId(
      accountOf('rosa'),
      bytesToHex(kept.query),
      accountOf(trio[place] ?? ''),
    );
    assert.deepEqual(study.world.view.get(statSeals, rowId)?.answer, sha256(answer));
  }
  // The other way, later: the same numbers, the same seal, nothing debited.
  const spent = study.world.view.get(statSpent, study.spentRow());
  const signed = await study.signed(manifest);
  const sealed = await Promise.all(study.desks.map((desk) => desk.ask(signed)));
  assert.deepEqual(await study.open(sealed), values);
  assert.deepEqual(study.world.view.get(statSpent, study.spentRow()), spent);
});

test('made ready when it was paid and asked for encrypted, what is given and sealed on the ledger is that, with the same numbers', async () => {
  await showEverywhere();
  const manifest = study.manifest({ question: { kind: 'sd', vital: 0 }, microRho: 1_000 });
  const question = await study.signed(manifest);
  for (const it of study.desks) await it.check(question);
  assert.equal(study.pay(manifest), 'accepted');
  for (const it of study.desks) await it.meetBlock();
  const answers = await allEncrypted(manifest);
  const kept = await keptOf(manifest);
  const { values } = await openEncrypted(kept, await partsOf(answers), { id, secretKey });
  for (const [place, answer] of answers.entries()) {
    await study.desks[place]?.idle();
    const server = accountOf(trio[place] ?? '');
    const rowId = sealRowId(accountOf('rosa'), bytesToHex(kept.query), server);
    assert.deepEqual(study.world.view.get(statSeals, rowId)?.answer, sha256(answer));
  }
  const sealed = await Promise.all(study.desks.map((it) => it.ask(question)));
  assert.deepEqual(await study.open(sealed), values);
});

test('first sealed and then encrypted, every kind of question gives the same numbers', async () => {
  await showEverywhere();
  for (const question of [
    { kind: 'mean', vital: 0 },
    { kind: 'regression', vital: 1, on: [0, 2, 3, 4] },
    { kind: 'histogram', vital: 2 },
  ] as const) {
    const manifest = study.manifest({ question, microRho: 1_000 });
    const values = await study.asked(manifest);
    const answers = await allEncrypted(manifest);
    const parts = await partsOf(answers);
    const opened = await openEncrypted(await keptOf(manifest), parts, { id, secretKey });
    assert.deepEqual(opened.values, values, question.kind);
    assert.deepEqual(await allEncrypted(manifest), answers);
  }
});

test('where the pages are others by now, no second form is made: ANSWER_LOST', async () => {
  await showEverywhere();
  const own = await askedStudy();
  for (const place of trio.keys())
    await own.shownKeys[place]?.take(
      await said(keyWord, encodeAs(paillierKey, written), { place }),
    );
  const manifest = own.manifest({ microRho: 1_000 });
  await own.asked(manifest);
  own.pages = pagesOf({ patients: 41, each: 2 });
  const question = await own.signed(manifest);
  const stated = await said(encryptedWord, encodeEncryptedAsked({ question, key: id }));
  await assert.rejects(own.desks[0]?.askEncrypted(stated) ?? assert.fail(), (error) =>
    isCoded(error, 'ANSWER_LOST'),
  );
  await own.close();
});

test('refused: a key that was not shown here, another’s question, one that nobody paid', async () => {
  await showEverywhere();
  const manifest = study.manifest({ microRho: 1_000 });
  await assert.rejects(askedEncrypted(0, manifest), refusedWith('QUERY_UNKNOWN'));
  study.pay(manifest);
  await assert.rejects(askedEncrypted(0, manifest, 'ab'.repeat(32)), refusedWith('KEY_UNKNOWN'));
  const question = await study.signed(manifest);
  const byRaul = await said(encryptedWord, encodeEncryptedAsked({ question, key: id }), {
    by: 'raul',
  });
  await assert.rejects(
    study.desks[0]?.askEncrypted(byRaul) ?? assert.fail(),
    refusedWith('UNAUTHENTICATED'),
  );
});

test('three parts that are not of one question, key or place, or are no ciphertexts, are not opened', async () => {
  await showEverywhere();
  const manifest = study.manifest({ microRho: 1_000 });
  study.pay(manifest);
  const signed = await allEncrypted(manifest);
  await assert.rejects(partsOf([...signed].reverse()), refusedWith('UNAUTHENTICATED'));
  await assert.rejects(partsOf(signed.map(flipped)), (error) => isCoded(error));
  const answers = await partsOf(signed);
  const kept = await keptOf(manifest);
  const changed = (change: object) => [
    encodeEncryptedAnswer({ ...decodeEncryptedAnswer(answers[0] ?? new Uint8Array(0)), ...change }),
    ...answers.slice(1),
  ];
  const own = { id, secretKey };
  const cases: readonly (readonly [CodedError['code'], readonly Uint8Array[]])[] = [
    ['ANSWERS_DIFFER', answers.slice(0, 2)],
    ['ANSWERS_DIFFER', [...answers].reverse()],
    ['ANSWERS_DIFFER', changed({ selection: new Uint8Array(32) })],
    ['ANSWERS_DIFFER', changed({ key: 'ab'.repeat(32) })],
    ['CIPHERTEXT_INVALID', changed({ ciphertext: new Uint8Array(768) })],
    ['CIPHERTEXT_INVALID', changed({ ciphertext: new Uint8Array(768).fill(0xff) })],
    ['CIPHERTEXT_INVALID', changed({ ciphertext: integerToBytes(secretKey.p, 768) })],
    [
      'SLOT_OVERFLOW',
      changed({
        ciphertext: flipped(decodeEncryptedAnswer(answers[0] ?? new Uint8Array(0)).ciphertext),
      }),
    ],
  ];
  for (const [code, parts] of cases)
    await assert.rejects(openEncrypted(kept, parts, own), refusedWith(code), code);
});
