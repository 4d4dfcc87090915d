import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { type AnyChapter, type Chapter, chapterNamed, hold, refused } from './chapter.ts';
import { mainChapter } from './chapters/main/chapter.ts';

const short: Chapter<{ count: number }> = {
  name: 'short',
  tells: 'Counts to one.',
  flags: {},
  open: async () => ({ count: 0 }),
  steps: [{ name: 'count', tells: '', play: async (scene) => ({ count: ++scene.count }) }],
};
const chapters: readonly AnyChapter[] = [mainChapter, short];

test('a chapter is found by its name; an unknown one is refused with the names there are', () => {
  assert.equal(chapterNamed('short', chapters).name, 'short');
  assert.throws(
    () => chapterNamed('none', chapters),
    (e) => isCoded(e, 'USAGE') && e.details.known === 'main, short',
  );
});

test('a step holds what must be so and names the code of what must be refused', async () => {
  assert.throws(
    () => hold(false, 'one is two'),
    (e) => isCoded(e, 'STEP_FAILED') && e.details.what === 'one is two',
  );
  const code = await refused('x', () => Promise.reject(new CodedError('ACCOUNT_FROZEN')));
  assert.equal(code, 'ACCOUNT_FROZEN');
  await assert.rejects(
    refused('x', async () => 1),
    (e) => isCoded(e, 'STEP_FAILED'),
  );
});
