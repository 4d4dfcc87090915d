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
import { openAnswer } from '../../crypto/answer-seal.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { type AskedStudy, askedStudy, memoryPages } from '../../test/asked-study.ts';
import type { DeskParts } from './desk-parts.ts';

/** What a server makes of a question when it is paid, before anybody asks. Source: docs/protocol/vitals-statistics.md, VQ-32b. */

const refusedWith = (code: CodedError['code']) => (error: unknown) => isCoded(error, code);

/** The first server of a study, and how often it added pages up. */
async function watched(change: Partial<DeskParts> = {}) {
  const study = await askedStudy();
  const pages = memoryPages(1, () => study.pages);
  let sums = 0;
  const counted: typeof pages = {
    ...pages,
    sum(counting, of) {
      sums++;
      return pages.sum(counting, of);
    },
  };
  const desk = study.again(1, { pages: counted, ...change });
  const manifest = study.manifest();
  const question = await study.signed(manifest);
  await desk.check(question);
  return { study, desk, manifest, question, sums: () => sums };
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

/** The ledger, with one row of Rosa as `change` makes it from the time that `isOver` says. */
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
  const study = await askedStudy();
  let isFrozen = false;
  const ledger = changed(study, accounts, (row) => ({ ...row, frozen: isFrozen }));
  const desk = study.again(1, { ledger });
  const manifest = study.manifest();
  const question = await study.signed(manifest);
  await desk.check(question);
  study.pay(manifest);
  await desk.meetBlock();
  isFrozen = true;
  await assert.rejects(desk.ask(question), refusedWith('ACCOUNT_FROZEN'));
  await study.close();
});

test('a key that the researcher changed since: what is given is sealed to the new one', async () => {
  const study = await askedStudy();
  const kem = await xwingKeyFromSeed(bytesOf('another kem'));
  let isNew = false;
  const ledger = changed(study, keys, (row) => ({
    ...row,
    identities: row.identities.map((it) =>
      isNew ? { ...it, identity: { ...it.identity, kemKey: kem.publicKey } } : it,
    ),
  }));
  const desk = study.again(1, { ledger });
  const manifest = study.manifest();
  const question = await study.signed(manifest);
  await desk.check(question);
  study.pay(manifest);
  await desk.meetBlock();
  isNew = true;
  const answer = decodeStatAnswer(await desk.ask(question));
  const query = hexToBytes(answer.query) ?? assert.fail();
  const of = { query, context: answerContext(answer) };
  assert.equal((await openAnswer(kem, of, answer)).length, 3);
  const { kem: old } = study.keysOf('rosa');
  await assert.rejects(openAnswer(old, of, answer), refusedWith('CANNOT_OPEN'));
  await study.close();
});

test('batches that the server must not answer from since it was made ready: SERVER_QUARANTINED', async () => {
  let isHeld = false;
  const study = await askedStudy();
  const pages = memoryPages(1, () => study.pages);
  const desk = study.again(1, {
    pages: {
      ...pages,
      async select(wanted) {
        if (isHeld) throw new CodedError('SERVER_QUARANTINED');
        return pages.select(wanted);
      },
    },
  });
  const manifest = study.manifest();
  const question = await study.signed(manifest);
  await desk.check(question);
  study.pay(manifest);
  await desk.meetBlock();
  isHeld = true;
  await assert.rejects(desk.ask(question), refusedWith('SERVER_QUARANTINED'));
  await study.close();
});
