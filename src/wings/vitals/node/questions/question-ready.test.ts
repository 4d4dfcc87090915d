import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, bytesOf } from '../../../../../test/world.ts';
import { xwingKeyFromSeed } from '../../../../crypto/kem.ts';
import type { StateTable } from '../../../../ledger/table.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { encodeManifest, queryIdOf } from '../../api/query-manifest.ts';
import { answerContext, decodeStatAnswer } from '../../api/stat-answer.ts';
import { openAnswer } from '../../crypto/statistics/answer-seal.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { type AskedStudy, askedStudy, memoryPages } from '../../test/settings/asked-study.ts';
import type { DeskParts } from './desk-parts.ts';

/** What a server makes of a question when it is paid, before anybody asks. Source: docs/protocol/vitals-statistics.md, VQ-32b. */

const refusedWith = (code: CodedError['code']) => (error: unknown) => isCoded(error, code);

/** The first server of a study with a part of its own, after it checked a question. */
async function checked(partOf: (study: AskedStudy) => Partial<DeskParts>) {
  const study = await askedStudy();
  const desk = study.again(1, partOf(study));
  const manifest = study.manifest();
  const question = await study.signed(manifest);
  await desk.check(question);
  return { study, desk, manifest, question };
}

/** With a part that is as it should be until the answer is ready; `change` changes it then. */
async function ready(partOf: (study: AskedStudy, isChanged: () => boolean) => Partial<DeskParts>) {
  let isChanged = false;
  const made = await checked((study) => partOf(study, () => isChanged));
  made.study.pay(made.manifest);
  await made.desk.meetBlock();
  const change = () => {
    isChanged = true;
  };
  return { ...made, change };
}

/** And how often it added pages up. */
async function watched() {
  let sums = 0;
  const made = await checked((study) => ({ pages: countedPages(study, () => sums++) }));
  return { ...made, sums: () => sums };
}

function countedPages(study: AskedStudy, onSum: () => void): DeskParts['pages'] {
  const pages = memoryPages(1, () => study.pages);
  return {
    ...pages,
    sum(counting, of) {
      onSum();
      return pages.sum(counting, of);
    },
  };
}

const withOthers = async (study: AskedStudy, first: Uint8Array, question: Uint8Array) =>
  study.open([first, ...(await Promise.all(study.desks.slice(1).map((it) => it.ask(question))))]);

test('a question that was checked is made ready in the block that pays it, and the numbers are those of every other day', async () => {
  const { study, desk, manifest, question, sums } = await watched();
  study.pay(manifest);
  await desk.meetBlock();
  assert.equal(sums(), 1);
  const answer = await desk.ask(question);
  assert.equal(sums(), 1);
  const calm = await askedStudy();
  calm.pay(manifest);
  const same = await Promise.all(calm.desks.map((it) => it.ask(question)));
  assert.deepEqual(await withOthers(study, answer, question), await calm.open(same));
  await study.close();
  await calm.close();
});

test('nothing of it is written, and the ledger knows no hash, until it is asked for', async () => {
  const { study, desk, manifest, question } = await watched();
  study.pay(manifest);
  await desk.meetBlock();
  await desk.idle();
  const query = queryIdOf(encodeManifest(manifest));
  const seal = () =>
    study.world.view.get(statSeals, sealRowId(accountOf('rosa'), query, accountOf('server north')));
  assert.equal(await study.stores[0]?.known(query), undefined);
  assert.equal(seal(), undefined);
  await desk.ask(question);
  await desk.idle();
  assert.notEqual(seal(), undefined);
  await study.close();
});

test('what nobody paid is not made ready, however many blocks come, and is not answered', async () => {
  const { study, desk, question, sums } = await watched();
  await desk.meetBlock();
  await desk.meetBlock();
  assert.equal(sums(), 0);
  await assert.rejects(desk.ask(question), refusedWith('QUERY_UNKNOWN'));
  await study.close();
});

test('asked while it is being made ready, it is made once', async () => {
  const { study, desk, manifest, question, sums } = await watched();
  study.pay(manifest);
  const [, answer] = await Promise.all([desk.meetBlock(), desk.ask(question), desk.meetBlock()]);
  assert.equal(sums(), 1);
  assert.deepEqual(await desk.ask(question), answer);
  await study.close();
});

test('a minute after its check it is looked for in no block any more, and answered as ever', async () => {
  const { study, desk, manifest, question, sums } = await watched();
  study.world.timeMs += 60_001;
  study.pay(manifest);
  await desk.meetBlock();
  assert.equal(sums(), 0);
  await desk.ask(question);
  assert.equal(sums(), 1);
  await study.close();
});

test('pages that changed since it was made ready: it is made again, of the pages as they are when it is asked for', async () => {
  const { study, desk, manifest, question, sums } = await watched();
  study.pay(manifest);
  await desk.meetBlock();
  study.pages = study.pages.slice(1);
  const answer = await desk.ask(question);
  assert.equal(sums(), 2);
  assert.equal((await withOthers(study, answer, question)).length, 3);
  await study.close();
});

/** The ledger, with one row of Rosa as `change` makes it. */
const changed = <Changed>(
  study: AskedStudy,
  of: StateTable<Changed>,
  change: (row: Changed) => Changed,
): DeskParts['ledger'] => ({
  ...study.ledger,
  async row(table, id) {
    const row = await study.ledger.row(table, id);
    const isIt = row !== undefined && table.name === of.name && id === accountOf('rosa');
    return isIt ? (change(row as never) as never) : row;
  },
});

test('an account that was frozen since it was made ready: ACCOUNT_FROZEN', async () => {
  const { study, desk, question, change } = await ready((of, isChanged) => ({
    ledger: changed(of, accounts, (row) => ({ ...row, frozen: isChanged() })),
  }));
  change();
  await assert.rejects(desk.ask(question), refusedWith('ACCOUNT_FROZEN'));
  await study.close();
});

test('a key that the researcher changed since: what is given is sealed to the new one', async () => {
  const kem = await xwingKeyFromSeed(bytesOf('another kem'));
  const { study, desk, question, change } = await ready((of, isChanged) => ({
    ledger: changed(of, keys, (row) => ({
      ...row,
      identities: row.identities.map((it) =>
        isChanged() ? { ...it, identity: { ...it.identity, kemKey: kem.publicKey } } : it,
      ),
    })),
  }));
  change();
  const answer = decodeStatAnswer(await desk.ask(question));
  const query = hexToBytes(answer.query) ?? assert.fail();
  const of = { query, context: answerContext(answer) };
  assert.equal((await openAnswer(kem, of, answer)).length, 3);
  const { kem: old } = study.keysOf('rosa');
  await assert.rejects(openAnswer(old, of, answer), refusedWith('CANNOT_OPEN'));
  await study.close();
});

test('batches that the server must not answer from since it was made ready: SERVER_QUARANTINED', async () => {
  const { study, desk, question, change } = await ready((of, isChanged) => {
    const pages = memoryPages(1, () => of.pages);
    return {
      pages: {
        ...pages,
        async select(wanted) {
          if (isChanged()) throw new CodedError('SERVER_QUARANTINED');
          return pages.select(wanted);
        },
      },
    };
  });
  change();
  await assert.rejects(desk.ask(question), refusedWith('SERVER_QUARANTINED'));
  await study.close();
});
