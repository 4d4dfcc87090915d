import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { type PageSet, pageSetOf } from './page-selection.ts';
import type { QuestionStore } from './question-store.ts';

const hash = (name: string): Uint8Array => sha256(utf8(name));
const setOf = (...names: readonly string[]): PageSet =>
  pageSetOf(names.map((it) => ({ patient: hash(it).slice(0, 16), digest: hash(`${it} pages`) })));
const questionOf = (name: string, researcher = 'rosa') => ({
  ...{ query: bytesToHex(hash(name)), researcher, dataset: 'one' },
  ...{ signed: utf8(`signed ${name}`), selection: hash(`${name} selection`) },
});
const anything = (): void => {};
const all = { skip: 0, most: 100 };

/** What every store of questions does. `open` gives the same one again: what was confirmed is there. */
export function questionStoreContract(
  name: string,
  open: () => Promise<() => Promise<QuestionStore>>,
): void {
  describe(`question store: ${name}`, () => {
    const opened: QuestionStore[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function begin() {
      const reopen = await open();
      return async () => {
        for (const store of opened.splice(0)) await store.close();
        const store = await reopen();
        opened.push(store);
        return store;
      };
    }

    test('what was begun, answered and sealed is there again after a restart', async () => {
      const reopen = await begin();
      const question = questionOf('a');
      let store = await reopen();
      assert.equal(await store.known(question.query), undefined);
      await store.begin(question, setOf('ana'), anything);
      store = await reopen();
      assert.deepEqual(await store.known(question.query), {
        ...question,
        ...{ answer: undefined, isSealed: false },
      });
      await store.keep(question.query, utf8('answer'));
      store = await reopen();
      assert.deepEqual(
        (await store.unsealed()).map(({ query }) => query),
        [question.query],
      );
      await store.sealed(question.query);
      store = await reopen();
      const known = await store.known(question.query);
      assert.deepEqual(known?.answer, Uint8Array.from(utf8('answer')));
      assert.deepEqual(await store.unsealed(), []);
    });

    test('an answer that comes with the beginning is kept with it, in one step', async () => {
      const reopen = await begin();
      let store = await reopen();
      const question = questionOf('a');
      const begun = await store.begin(question, setOf('ana'), anything, utf8('answer'));
      assert.deepEqual(begun, { ...question, answer: utf8('answer'), isSealed: false });
      store = await reopen();
      const known = await store.known(question.query);
      assert.deepEqual(known, {
        ...question,
        ...{ answer: Uint8Array.from(utf8('answer')), isSealed: false },
      });
      assert.equal((await store.unsealed()).length, 1);
      // Begun before without one, it is its caller's to compare before he keeps another.
      const other = questionOf('b');
      await store.begin(other, setOf('ana'), anything);
      const again = await store.begin(other, setOf('ana'), anything, utf8('answer'));
      assert.equal(again.answer, undefined);
    });

    test('what the guard refuses leaves no answer either', async () => {
      const store = await (await begin())();
      await store.begin(questionOf('a'), setOf('ana'), anything);
      const refuse = (): never => {
        throw new CodedError('COHORT_OVERLAP');
      };
      await assert.rejects(
        store.begin(questionOf('b'), setOf('ben'), refuse, utf8('answer')),
        (error) => isCoded(error, 'COHORT_OVERLAP'),
      );
      assert.equal(await store.known(questionOf('b').query), undefined);
    });

    test('the first answer stays', async () => {
      const store = await (await begin())();
      const { query } = await store.begin(questionOf('a'), setOf('ana'), anything);
      await store.keep(query, utf8('first'));
      assert.deepEqual(await store.keep(query, utf8('second')), Uint8Array.from(utf8('first')));
    });

    test('a question that was begun before stays as it was, and the guard is not asked again', async () => {
      const store = await (await begin())();
      await store.begin(questionOf('a'), setOf('ana'), anything);
      const other = { ...questionOf('a'), selection: hash('another selection') };
      const kept = await store.begin(other, setOf('ben'), () => assert.fail());
      assert.deepEqual(kept.selection, Uint8Array.from(hash('a selection')));
      assert.equal((await setsIn(store)).length, 1);
    });

    test('what the guard refuses leaves nothing written', async () => {
      const store = await (await begin())();
      const refuse = () => {
        throw new CodedError('COHORT_OVERLAP');
      };
      await store.begin(questionOf('b'), setOf('ana'), anything);
      await assert.rejects(store.begin(questionOf('a'), setOf('ben'), refuse), (error) =>
        isCoded(error, 'COHORT_OVERLAP'),
      );
      assert.equal(await store.known(questionOf('a').query), undefined);
      assert.deepEqual(await setsIn(store), [setOf('ana')]);
      assert.deepEqual((await store.signedOn('one', all)).map(textOf), ['signed b']);
    });

    test('the guard sees the sets of this researcher on this dataset, each once', async () => {
      const store = await (await begin())();
      await store.begin(questionOf('a'), setOf('ana', 'ben'), anything);
      await store.begin(questionOf('b'), setOf('ana', 'ben'), anything);
      await store.begin(questionOf('c', 'raul'), setOf('cleo'), anything);
      await store.begin({ ...questionOf('d'), dataset: 'two' }, setOf('dora'), anything);
      const seen: PageSet[] = [];
      await store.begin(questionOf('e'), setOf('ana'), (earlier) => seen.push(earlier));
      assert.deepEqual(
        seen.map((it) => Uint8Array.from(it)),
        [setOf('ana', 'ben')],
      );
    });

    test('so many groups are looked at for a researcher in a quarter, also after a restart; one of before is none', async () => {
      const reopen = await begin();
      const look = (store: QuestionStore, group: string, change: object = {}) =>
        store.look(
          { researcher: 'rosa', dataset: 'one', quarter: 7, group: hash(group), ...change },
          2,
        );
      const said: boolean[] = [];
      for (const group of ['a', 'b', 'a', 'c']) said.push(await look(await reopen(), group));
      assert.deepEqual(said, [true, true, true, false]);
      const again = await reopen();
      assert.equal(await look(again, 'c', { researcher: 'raul' }), true);
      assert.equal(await look(again, 'c', { dataset: 'two' }), true);
      assert.equal(await look(again, 'c', { quarter: 8 }), true);
      assert.equal(await look(again, 'b'), true);
    });

    test('of two at once the second one’s guard sees the first', async () => {
      const store = await (await begin())();
      const seen: PageSet[] = [];
      const see = (set: PageSet) => void seen.push(Uint8Array.from(set));
      await Promise.all([
        store.begin(questionOf('a'), setOf('ana'), see),
        store.begin(questionOf('b'), setOf('ben'), see),
      ]);
      assert.equal(seen.length, 1);
      const of = { researcher: 'rosa', dataset: 'one', quarter: 7 };
      const looks = ['a', 'b', 'c'].map((it) => store.look({ ...of, group: hash(it) }, 2));
      assert.equal((await Promise.all(looks)).filter((it) => it).length, 2);
    });

    test('patients see the questions on their dataset, a researcher his own', async () => {
      const store = await (await begin())();
      for (const question of [questionOf('a'), questionOf('b', 'raul')])
        await store.begin(question, setOf('ana'), anything);
      assert.deepEqual((await store.signedOn('one', all)).map(textOf), ['signed a', 'signed b']);
      const his = { ...all, researcher: 'raul' };
      assert.deepEqual((await store.signedOn('one', his)).map(textOf), ['signed b']);
      const parts = await Promise.all(
        [0, 1, 2].map((skip) => store.signedOn('one', { skip, most: 1 })),
      );
      assert.deepEqual(
        parts.map((part) => part.map(textOf)),
        [['signed a'], ['signed b'], []],
      );
      assert.deepEqual(await store.signedOn('two', all), []);
    });
  });
}

async function setsIn(store: QuestionStore): Promise<readonly PageSet[]> {
  const sets: PageSet[] = [];
  for await (const set of store.earlierSets('rosa', 'one')) sets.push(Uint8Array.from(set));
  return sets;
}
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
