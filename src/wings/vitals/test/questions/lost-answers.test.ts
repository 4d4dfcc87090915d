import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { accountOf } from '../../../../../test/world.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { encodeManifest, queryIdOf } from '../../api/query-manifest.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { statSpent } from '../../ledger/tables/stat-spent.ts';
import { RowMacs } from '../../node/stores/row-macs.ts';
import { sqliteQuestionStore } from '../../node/stores/sqlite/sqlite-question-store.ts';
import { collectAnswers, openAnswers } from '../../sdk/asking/collecting.ts';
import { askedStudy, pagesOf } from '../settings/asked-study.ts';
import { trio } from '../settings/study.ts';

/** Rosa paid, and has three answers; server 3 lost its disk before its seal was on the ledger. */
async function lostBeforeItSealed(t: TestContext) {
  const study = await askedStudy();
  t.after(() => study.close());
  const manifest = study.manifest();
  const query = queryIdOf(encodeManifest(manifest));
  const question = await study.signed(manifest);
  assert.equal(study.pay(manifest), 'accepted');
  const send = async () => {
    throw new CodedError('GATEWAY_UNREACHABLE');
  };
  const desks = [...study.desks.slice(0, 2), study.again(3, { send })];
  const before = await Promise.all(desks.map((desk) => desk.ask(question)));
  await Promise.all(desks.map((desk) => desk.idle()));
  const store = sqliteQuestionStore(':memory:', new RowMacs(new Uint8Array(32)));
  t.after(() => store.close());
  const again = [...study.desks.slice(0, 2), study.again(3, { store })];
  const sealed = async (at: number) => {
    const id = sealRowId(accountOf('rosa'), query, accountOf(trio[at] ?? ''));
    return (await study.ledger.row(statSeals, id))?.answer;
  };
  const ask = async (at: number) => (again[at] ?? assert.fail()).ask(question);
  const open = async (answers: readonly Uint8Array[]) =>
    (await openAnswers(answers, query, [study.keysOf('rosa').kem])).values;
  const spent = async () => study.ledger.row(statSpent, study.spentRow());
  return { study, again, before, ask, sealed, open, spent };
}

test('a server that lost its disk before it sealed gives the same numbers again, seals those bytes, and nothing is paid twice', async (t) => {
  const { again, before, ask, sealed, open, spent } = await lostBeforeItSealed(t);
  assert.equal(await sealed(2), undefined);
  const paid = await spent();
  const asked: number[] = [];
  const { answers, failed } = await collectAnswers(before, {
    sealed,
    ask: async (at) => {
      asked.push(at);
      return ask(at);
    },
  });
  assert.deepEqual([asked, failed], [[2], []]);
  await again[2]?.idle();
  for (const at of trio.keys())
    assert.deepEqual(await sealed(at), sha256(answers[at] ?? assert.fail()));
  assert.notDeepEqual(answers[2], before[2]);
  assert.deepEqual(await open(answers), await open(before));
  assert.deepEqual(await spent(), paid);
  // Asked once more it gives these for ever, and the wallet asks nobody.
  assert.deepEqual(await ask(2), answers[2]);
  const nobody = { sealed, ask: async () => assert.fail() };
  assert.deepEqual((await collectAnswers(answers, nobody)).answers, answers);
});

test('where its pages are others by then, its part fits no other: no second answer comes of it', async (t) => {
  const { study, before, ask, sealed, open } = await lostBeforeItSealed(t);
  study.pages = pagesOf({ patients: 41, each: 2 });
  const { answers } = await collectAnswers(before, { sealed, ask });
  await assert.rejects(open(answers), (error) => isCoded(error, 'ANSWERS_DIFFER'));
  // Nor of the parts themselves, whatever a client checks: the masks are the selection's.
  const [first, mixed] = [await open(before), await study.open(answers)];
  const apart = first.map((it, at) => Math.abs(Number(it - (mixed[at] ?? 0n))));
  assert.ok(apart.every((it) => it > 2 ** 40));
});

test('while it is away, or in quarantine, what it gave before stays, and a server that never gave says why', async (t) => {
  const { before, sealed } = await lostBeforeItSealed(t);
  const away = async () => {
    throw new CodedError('SERVER_QUARANTINED');
  };
  assert.deepEqual(await collectAnswers(before, { sealed, ask: away }), {
    ...{ answers: before, failed: [] },
  });
  const two = [...before.slice(0, 2), new Uint8Array(0)];
  const { answers, failed } = await collectAnswers(two, { sealed, ask: away });
  assert.deepEqual(answers, two);
  assert.ok(failed.length === 1 && isCoded(failed[0], 'SERVER_QUARANTINED'));
});
