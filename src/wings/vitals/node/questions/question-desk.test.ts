import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, day } from '../../../../../test/world.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import {
  debitOf,
  encodeManifest,
  type QueryManifest,
  queryIdOf,
} from '../../api/query-manifest.ts';
import { type Question, releasedBy } from '../../api/question.ts';
import { questionsAtOnce, questionsWanted } from '../../api/routes/stat-questions-post.ts';
import { decodeStatAnswer } from '../../api/stat-answer.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { noiseVariances, totalDeviation } from '../../crypto/statistics/privacy.ts';
import { statPermits } from '../../ledger/tables/stat-permits.ts';
import { statQueries } from '../../ledger/tables/stat-queries.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { statWithdrawn } from '../../ledger/tables/stat-withdrawn.ts';
import { vitalsNames } from '../../names.ts';
import {
  askedStudy,
  firstHour,
  memoryPages,
  pagesOf,
  totalsOf,
} from '../../test/settings/asked-study.ts';
import { idOf, trio, withdrawAct, withdrawingLogs } from '../../test/settings/study.ts';
import { productPlace } from './answer-share.ts';

const refusedWith = (code: CodedError['code']) => (error: unknown) => isCoded(error, code);
const study = await askedStudy();
const [desk] = study.desks;
assert.ok(desk !== undefined);

const questions: readonly Question[] = [
  { kind: 'mean', vital: 0 },
  { kind: 'regression', vital: 1, on: [0, 4] },
  { kind: 'histogram', vital: 2 },
];
for (const question of questions) {
  test(`three parts of ${question.kind} open to what is on the pages and noise of the size that was said`, async () => {
    const own = await askedStudy({ pages: pagesOf({ patients: 40, rows: 64 }) });
    const manifest = own.manifest({ question, microRho: 500_000 });
    const values = await own.asked(manifest);
    const totals = own.pages.map(totalsOf).reduce((a, b) => a.map((it, at) => it + (b[at] ?? 0n)));
    const n = BigInt(own.pages.length * 64);
    const at = (place: number): bigint => totals[place] ?? 0n;
    const places = releasedBy(question);
    const spending = { pagesPerPatient: 2, microRho: 500_000 };
    const deviations = noiseVariances(places, spending).map(totalDeviation);
    for (const [i, it] of places.entries()) {
      const exact = (): bigint => {
        switch (it.kind) {
          case 'patients':
            return 40n;
          case 'readings':
            return n;
          case 'sum':
            return at(it.vital) - 128n * n;
          case 'product': {
            const sums = at(it.a) + at(it.b);
            return at(5 + productPlace(it.a, it.b)) - 128n * sums + 16_384n * n;
          }
          case 'bin':
            return at(20 + 32 * it.vital + it.bin);
        }
      };
      const error = Math.abs(Number((values[i] ?? 0n) - exact()));
      // The noise follows from fixed keys but for the page ids: eight deviations are never met by chance.
      assert.ok(error < 8 * (deviations[i] ?? 0), `${it.kind}: ${error}`);
    }
    await own.close();
  });
}

test('asked again, a server gives the same bytes, and they are what it sealed on the ledger', async () => {
  const manifest = study.manifest({ microRho: 1_000 });
  assert.equal(study.pay(manifest), 'accepted');
  const question = await study.signed(manifest);
  const query = queryIdOf(encodeManifest(manifest));
  for (const [at, it] of study.desks.entries()) {
    const first = await it.ask(question);
    assert.deepEqual(await it.ask(question), first);
    await it.idle();
    const server = accountOf(trio[at] ?? '');
    const seal = study.world.view.get(statSeals, sealRowId(accountOf('rosa'), query, server));
    assert.deepEqual(seal?.answer, sha256(first));
  }
  assert.equal(study.pay(manifest), 'QUERY_TAKEN');
});

test('asked twice at once, it is answered once', async () => {
  const manifest = study.manifest({ microRho: 1_000 });
  study.pay(manifest);
  const question = await study.signed(manifest);
  const [a, b] = await Promise.all([desk.ask(question), desk.ask(question)]);
  assert.deepEqual(a, b);
});

const refusals: readonly (readonly [
  why: string,
  code: CodedError['code'],
  change: Partial<QueryManifest>,
])[] = [
  ['of another ledger', 'MANIFEST_MALFORMED', { chainId: 'another' }],
  ['of somebody who is no researcher', 'ROLE_WRONG', { researcher: accountOf('ana') }],
  ['of nobody', 'ACCOUNT_UNKNOWN', { researcher: accountOf('nobody') }],
  ['under the permit of another', 'PERMIT_UNKNOWN', { permit: idOf('permit raul') }],
  ['under no permit', 'PERMIT_UNKNOWN', { permit: idOf('none') }],
  ['of another dataset', 'PERMIT_UNKNOWN', { dataset: idOf('another') }],
  ['for another purpose', 'PURPOSE_NOT_ALLOWED', { purpose: 'trial' }],
  ['that was not paid', 'QUERY_UNKNOWN', {}],
];
for (const [why, code, change] of refusals) {
  test(`a question ${why}: ${code}`, async () => {
    const question = await study.signed(study.manifest(change));
    await assert.rejects(desk.ask(question), refusedWith(code));
  });
}

test('a question that somebody else signed: SIGNATURE_WRONG', async () => {
  const question = await study.signed(study.manifest(), 'raul');
  await assert.rejects(desk.ask(question), refusedWith('SIGNATURE_WRONG'));
  await assert.rejects(desk.check(question), refusedWith('SIGNATURE_WRONG'));
});

test('bytes that are no question: MANIFEST_MALFORMED', async () => {
  await assert.rejects(desk.ask(Uint8Array.of(1)), refusedWith('MANIFEST_MALFORMED'));
});

test('what was paid is what is asked: another price under the same hash is none, and QUERY_UNKNOWN', async () => {
  const manifest = study.manifest({ microRho: 1_000 });
  study.pay(manifest);
  const dearer = await study.signed({ ...manifest, microRho: 2_000 });
  await assert.rejects(desk.ask(dearer), refusedWith('QUERY_UNKNOWN'));
});

test('a row that says another price than the manifest: MANIFEST_MALFORMED', async () => {
  const manifest = study.manifest({ microRho: 5_000 });
  const cheap = { ...manifest, microRho: 1 };
  const act = debitOf(cheap, queryIdOf(encodeManifest(manifest)));
  study.world.mustSend({ from: 'rosa', acts: [act] });
  const question = await study.signed(manifest);
  await assert.rejects(desk.ask(question), refusedWith('MANIFEST_MALFORMED'));
});

test('time is that of the block that paid: a server that was down for a week answers still', async () => {
  const own = await askedStudy();
  const manifest = own.manifest();
  own.pay(manifest);
  own.world.timeMs += 7 * day;
  const question = await own.signed(manifest);
  await own.desks[0]?.ask(question);
  const late = { ...own.manifest(), issuedMs: 0, expiresMs: 1_000 };
  own.pay(late);
  const refused = own.desks[0]?.ask(await own.signed(late));
  await assert.rejects(refused ?? Promise.resolve(), refusedWith('QUERY_EXPIRED'));
  await own.close();
});

test('19 patients: COHORT_TOO_SMALL, by the check before anything is paid', async () => {
  const cohort = [{ attribute: 'region', from: 0, to: 0 }] as const;
  const question = await study.signed(study.manifest({ cohort }));
  await assert.rejects(desk.check(question), refusedWith('COHORT_TOO_SMALL'));
});

test('the check says how many patients, rounded down, and which pages; and begins nothing', async () => {
  const own = await askedStudy({ pages: pagesOf({ patients: 39 }) });
  const question = await own.signed(own.manifest());
  const [a, b, c] = await Promise.all(own.desks.map((it) => it.check(question)));
  assert.equal(a?.patients, 20);
  assert.deepEqual([b?.selection, c?.selection], [a?.selection, a?.selection]);
  for await (const _ of own.stores[0]?.earlierSets(accountOf('rosa'), idOf('dataset')) ?? [])
    assert.fail();
  await own.close();
});

test('a question that differs from an earlier one by one patient: COHORT_OVERLAP, and another researcher may ask it', async () => {
  const own = await askedStudy();
  const [first] = own.desks;
  const all = own.manifest({ microRho: 1_000 });
  await own.asked(all);
  const [gone] = own.pages;
  own.pages = own.pages.filter(({ patient }) => patient !== gone?.patient);
  const fewer = own.manifest({ microRho: 1_000 });
  own.pay(fewer);
  const question = await own.signed(fewer);
  await assert.rejects(first?.check(question) ?? Promise.resolve(), refusedWith('COHORT_OVERLAP'));
  await assert.rejects(first?.ask(question) ?? Promise.resolve(), refusedWith('COHORT_OVERLAP'));
  const his = own.manifest({ researcher: accountOf('raul'), permit: idOf('permit raul') });
  await own.asked(his, 'raul');
  await own.close();
});

test('a permit that ran out is refused by the check: PERMIT_EXPIRED', async () => {
  const own = await askedStudy();
  const permit = own.world.view.get(statPermits, idOf('permit rosa'));
  own.world.timeMs = (permit?.notAfterMs ?? 0) + 1;
  const question = await own.signed(own.manifest());
  await assert.rejects(
    own.desks[0]?.check(question) ?? Promise.resolve(),
    refusedWith('PERMIT_EXPIRED'),
  );
  await own.close();
});

test('a permit that was taken back: nothing new is checked or answered, and what was paid before is, for ever', async () => {
  const own = await askedStudy({ logs: withdrawingLogs });
  const [first] = own.desks;
  assert.ok(first !== undefined);
  const answered = own.manifest({ microRho: 1_000 });
  await own.asked(answered);
  const paid = own.manifest({ microRho: 2_000 });
  assert.equal(own.pay(paid), 'accepted');
  const bytes = await first.ask(await own.signed(answered));
  own.world.mustSend({ from: 'valley', acts: [withdrawAct(idOf('permit rosa'))] });
  const late = own.manifest({ microRho: 3_000 });
  assert.equal(own.pay(late), 'PERMIT_WITHDRAWN');
  const question = await own.signed(late);
  await assert.rejects(first.check(question), refusedWith('PERMIT_WITHDRAWN'));
  await assert.rejects(first.ask(question), refusedWith('PERMIT_WITHDRAWN'));
  assert.deepEqual(await first.ask(await own.signed(answered)), bytes);
  // Nobody had asked for this one yet.
  const answers = await Promise.all(own.desks.map(async (it) => it.ask(await own.signed(paid))));
  assert.equal((await own.open(answers)).length, 3);
  const his = own.manifest({ researcher: accountOf('raul'), permit: idOf('permit raul') });
  await first.check(await own.signed(his, 'raul'));
  await own.close();
});

test('a question that is paid while a server looks, and whose permit is taken back at once after, is answered', async () => {
  const own = await askedStudy({ logs: withdrawingLogs });
  const manifest = own.manifest();
  const question = await own.signed(manifest);
  let isOver = false;
  const ledger: typeof own.ledger = {
    ...own.ledger,
    async row(table, id) {
      const seen = await own.ledger.row(table, id);
      const isFirst = table.name === statWithdrawn.name || table.name === statQueries.name;
      if (isFirst && !isOver) {
        isOver = true;
        assert.equal(own.pay(manifest), 'accepted');
        own.world.mustSend({ from: 'north', acts: [withdrawAct(idOf('permit rosa'))] });
      }
      return seen;
    },
  };
  assert.ok((await own.again(1, { ledger }).ask(question)).length > 0);
  assert.ok(isOver);
  await own.close();
});

for (const step of ['summed', 'begun', 'kept', 'sent', 'sealed'] as const) {
  test(`a server that ends when it has ${step} gives the same answer after a restart, and nothing is debited twice`, async () => {
    const own = await askedStudy();
    const manifest = own.manifest();
    own.pay(manifest);
    const question = await own.signed(manifest);
    const faultPoint = (at: string): void => {
      if (at === step) throw new Error('killed');
    };
    const killed = own.again(1, { faultPoint });
    // What is kept is given, and sealed meanwhile.
    if (step === 'sent' || step === 'sealed') {
      await killed.ask(question);
      await killed.idle();
    } else await assert.rejects(killed.ask(question), /killed/);
    const restarted = own.again(1);
    await restarted.settle();
    const answer = await restarted.ask(question);
    assert.deepEqual(await restarted.ask(question), answer);
    await restarted.idle();
    const others = await Promise.all(own.desks.slice(1).map((it) => it.ask(question)));
    const values = await own.open([answer, ...others]);
    // What a server that was never killed makes of the same question: the numbers are the same to the last digit.
    const calm = await askedStudy();
    calm.pay(manifest);
    const same = await Promise.all(calm.desks.map((it) => it.ask(question)));
    assert.deepEqual(values, await calm.open(same));
    const permit = own.world.view.get(statPermits, idOf('permit rosa'));
    assert.equal(permit?.spent, manifest.microRho);
    const query = queryIdOf(encodeManifest(manifest));
    const id = sealRowId(accountOf('rosa'), query, accountOf('server north'));
    assert.deepEqual(own.world.view.get(statSeals, id)?.answer, sha256(answer));
    await own.close();
    await calm.close();
  });
}

test('an answer is given while the ledger is away, kept before; what it owes the ledger is sent later', async () => {
  const own = await askedStudy();
  const manifest = own.manifest();
  own.pay(manifest);
  const question = await own.signed(manifest);
  const query = queryIdOf(encodeManifest(manifest));
  const away = own.again(1, { send: () => Promise.reject(new CodedError('GATEWAY_UNREACHABLE')) });
  const answer = await away.ask(question);
  await away.idle();
  assert.deepEqual((await own.stores[0]?.known(query))?.answer, Uint8Array.from(answer));
  await assert.rejects(away.settle(), refusedWith('GATEWAY_UNREACHABLE'));
  await own.again(1).settle();
  const id = sealRowId(accountOf('rosa'), query, accountOf('server north'));
  assert.deepEqual(own.world.view.get(statSeals, id)?.answer, sha256(answer));
  assert.deepEqual(await own.stores[0]?.unsealed(), []);
  await own.close();
});

test('killed before anything was written, a server answers on the pages as they are then, with other noise', async () => {
  const own = await askedStudy();
  const manifest = own.manifest();
  own.pay(manifest);
  const question = await own.signed(manifest);
  const { selection } = (await own.desks[0]?.check(question)) ?? {};
  const faultPoint = (): void => {
    throw new Error('killed');
  };
  await assert.rejects(own.again(1, { faultPoint }).ask(question), /killed/);
  assert.equal(await own.stores[0]?.known(queryIdOf(encodeManifest(manifest))), undefined);
  own.pages = own.pages.slice(1);
  const answer = decodeStatAnswer(await own.again(1).ask(question));
  assert.notDeepEqual(answer.selection, selection);
  const others = await Promise.all(own.desks.slice(1).map((it) => it.ask(question)));
  assert.deepEqual(others.map((it) => decodeStatAnswer(it).selection)[0], answer.selection);
  await own.close();
});

test('pages that changed since a question was begun and not answered: ANSWER_LOST', async () => {
  const own = await askedStudy();
  const manifest = own.manifest();
  own.pay(manifest);
  const question = await own.signed(manifest);
  const { selection } = (await own.desks[0]?.check(question)) ?? {};
  assert.ok(selection !== undefined);
  // As a store keeps it that writes in two steps.
  const query = queryIdOf(encodeManifest(manifest));
  const begun = { query, researcher: accountOf('rosa'), dataset: idOf('dataset'), selection };
  await own.stores[0]?.begin({ ...begun, signed: question }, new Uint8Array(48), () => {});
  own.pages = own.pages.slice(1);
  await assert.rejects(own.again(1).ask(question), refusedWith('ANSWER_LOST'));
  await own.close();
});

test('a server that took other pages says so in its answer, before anybody takes the sum for a number', async () => {
  const own = await askedStudy();
  const manifest = own.manifest();
  own.pay(manifest);
  const question = await own.signed(manifest);
  const fewer = own.again(2, { pages: memoryPages(2, () => own.pages.slice(1)) });
  const [one] = await Promise.all([own.desks[0]?.ask(question)]);
  const two = await fewer.ask(question);
  assert.notDeepEqual(
    decodeStatAnswer(two).selection,
    decodeStatAnswer(one ?? new Uint8Array(0)).selection,
  );
  await own.close();
});

test('a trio that has not agreed on its keys refuses the check, before anything is paid', async () => {
  const own = await askedStudy();
  const hidingKeys = () => Promise.reject(new CodedError('GATEWAY_UNREACHABLE'));
  const question = await own.signed(own.manifest());
  await assert.rejects(
    own.again(1, { hidingKeys }).check(question),
    refusedWith('GATEWAY_UNREACHABLE'),
  );
  await own.close();
});

test('patients who opted in see the questions, a researcher his own, and nobody else any', async () => {
  const own = await askedStudy();
  const manifest = own.manifest();
  await own.asked(manifest);
  const requestOf = async (name: string, word = 'questions', skip = 0) => {
    const bytes = encodeAs(statement, {
      ...{ from: accountOf(name), to: idBytes(accountOf('server north')), word },
      timeMs: own.world.timeMs,
      payload: encodeAs(questionsWanted, { dataset: idOf('dataset'), skip }),
    });
    const { statement: label } = vitalsNames.labels;
    const signature = await signLabelled(own.keysOf(name).sign, label, bytes);
    return encodeAs(signedStatement, { statement: bytes, signature });
  };
  const [first] = own.desks;
  const signed = await own.signed(manifest);
  assert.deepEqual(await first?.questions(await requestOf('ana')), [Uint8Array.from(signed)]);
  assert.equal((await first?.questions(await requestOf('rosa')))?.length, 1);
  assert.deepEqual(await first?.questions(await requestOf('raul')), []);
  const another = first?.questions(await requestOf('server north'));
  await assert.rejects(another ?? Promise.resolve(), refusedWith('NOT_FOUND'));
  const otherwise = first?.questions(await requestOf('ana', 'address'));
  await assert.rejects(otherwise ?? Promise.resolve(), refusedWith('UNAUTHENTICATED'));
  // Who pays next to nothing for hundreds more hides none of them: they come in parts.
  for (let n = 0; n < questionsAtOnce; n++) {
    const query = Buffer.from(sha256(Uint8Array.of(n >> 8, n))).toString('hex');
    const one = { query, researcher: accountOf('rosa'), dataset: idOf('dataset'), signed };
    await own.stores[0]?.begin({ ...one, selection: signed }, new Uint8Array(48), () => {});
  }
  const parts = [0, questionsAtOnce].map(async (skip) =>
    first?.questions(await requestOf('ana', 'questions', skip)),
  );
  assert.deepEqual(
    (await Promise.all(parts)).map((part) => part?.length),
    [questionsAtOnce, 1],
  );
  await own.close();
});

test('hours are from and until, until not included', async () => {
  const own = await askedStudy({ pages: pagesOf({ patients: 40, each: 2, rows: 1 }) });
  const hours = { fromHour: firstHour + 1, untilHour: firstHour + 2 };
  const { selection } = (await own.desks[0]?.check(await own.signed(own.manifest(hours)))) ?? {};
  assert.ok(selection !== undefined);
  const none = { fromHour: firstHour + 2, untilHour: firstHour + 3 };
  await assert.rejects(
    own.desks[0]?.check(await own.signed(own.manifest(none))) ?? Promise.resolve(),
    refusedWith('COHORT_TOO_SMALL'),
  );
  await own.close();
});

test('a server that has not taken in the batch yet: BATCH_UNKNOWN', async () => {
  const own = await askedStudy();
  const question = await own.signed(own.manifest({ asOfBatch: 2 }));
  await assert.rejects(
    own.desks[0]?.check(question) ?? Promise.resolve(),
    refusedWith('BATCH_UNKNOWN'),
  );
  await own.close();
});
