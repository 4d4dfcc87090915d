import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
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

/** What every store of questions does. `open` gives the same one again: what was confirmed is there. */
export function questionStoreContract(
  name: string,
  open: () => Promise<() => QuestionStore>,
): void {
  describe(`question store: ${name}`, () => {
    const opened: QuestionStore[] = [];
    afterEach(() => {
      for (const store of opened.splice(0)) store.close();
    });
    async function begin() {
      const reopen = await open();
      return () => {
        const store = reopen();
        opened.push(store);
        return store;
      };
    }

    test('what was begun, answered and sealed is there again after a restart', async () => {
      const reopen = await begin();
      const question = questionOf('a');
      const store = reopen();
      assert.equal(store.known(question.query), undefined);
      store.begin(question, setOf('ana'), anything);
      assert.deepEqual(reopen().known(question.query), {
        ...question,
        ...{ answer: undefined, isSealed: false },
      });
      store.keep(question.query, utf8('answer'));
      assert.deepEqual(
        reopen()
          .unsealed()
          .map(({ query }) => query),
        [question.query],
      );
      store.sealed(question.query);
      const again = reopen();
      assert.deepEqual(again.known(question.query)?.answer, Uint8Array.from(utf8('answer')));
      assert.deepEqual(again.unsealed(), []);
    });

    test('the first answer stays', async () => {
      const store = (await begin())();
      const { query } = store.begin(questionOf('a'), setOf('ana'), anything);
      store.keep(query, utf8('first'));
      assert.deepEqual(store.keep(query, utf8('second')), Uint8Array.from(utf8('first')));
    });

    test('a question that was begun before stays as it was, and the guard is not asked again', async () => {
      const store = (await begin())();
      store.begin(questionOf('a'), setOf('ana'), anything);
      const other = { ...questionOf('a'), selection: hash('another selection') };
      const kept = store.begin(other, setOf('ben'), () => assert.fail());
      assert.deepEqual(kept.selection, Uint8Array.from(hash('a selection')));
      assert.equal([...store.earlierSets('rosa', 'one')].length, 1);
    });

    test('what the guard refuses leaves nothing written', async () => {
      const store = (await begin())();
      const refuse = () => {
        throw new CodedError('COHORT_OVERLAP');
      };
      assert.throws(
        () => store.begin(questionOf('a'), setOf('ana'), refuse),
        (error) => isCoded(error, 'COHORT_OVERLAP'),
      );
      assert.equal(store.known(questionOf('a').query), undefined);
      assert.deepEqual([...store.earlierSets('rosa', 'one')], []);
    });

    test('the guard sees the sets of this researcher on this dataset, each once', async () => {
      const store = (await begin())();
      store.begin(questionOf('a'), setOf('ana', 'ben'), anything);
      store.begin(questionOf('b'), setOf('ana', 'ben'), anything);
      store.begin(questionOf('c', 'raul'), setOf('cleo'), anything);
      store.begin({ ...questionOf('d'), dataset: 'two' }, setOf('dora'), anything);
      const seen: PageSet[] = [];
      store.begin(questionOf('e'), setOf('ana'), (earlier) => seen.push(...earlier));
      assert.deepEqual(
        seen.map((it) => Uint8Array.from(it)),
        [setOf('ana', 'ben')],
      );
    });

    test('so many groups are looked at for a researcher in a quarter, also after a restart; one of before is none', async () => {
      const reopen = await begin();
      const look = (store: QuestionStore, group: string, change: object = {}): boolean =>
        store.look(
          { researcher: 'rosa', dataset: 'one', quarter: 7, group: hash(group), ...change },
          2,
        );
      assert.deepEqual(
        ['a', 'b', 'a', 'c'].map((it) => look(reopen(), it)),
        [true, true, true, false],
      );
      const again = reopen();
      assert.equal(look(again, 'c', { researcher: 'raul' }), true);
      assert.equal(look(again, 'c', { dataset: 'two' }), true);
      assert.equal(look(again, 'c', { quarter: 8 }), true);
      assert.equal(look(again, 'b'), true);
    });

    test('patients see the questions on their dataset, a researcher his own', async () => {
      const store = (await begin())();
      for (const question of [questionOf('a'), questionOf('b', 'raul')])
        store.begin(question, setOf('ana'), anything);
      assert.deepEqual(store.signedOn('one').map(textOf), ['signed a', 'signed b']);
      assert.deepEqual(store.signedOn('one', 'raul').map(textOf), ['signed b']);
      assert.deepEqual(store.signedOn('two'), []);
    });
  });
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
