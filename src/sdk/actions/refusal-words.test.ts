import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCode } from '../../codes/index.ts';
import { refusalReason, refusalsInWords } from './refusal-words.ts';

const languages = ['en', 'es', 'ar'] as const;

test('why a look was refused stands in each language, in words and without a code', () => {
  for (const language of languages) {
    assert.deepEqual(refusalsInWords(language), refusalsInWords('en'));
    for (const code of refusalsInWords(language)) {
      assert.ok(isCode(code), code);
      const said = refusalReason(language, code);
      assert.match(said, /^\S[^.]+\. [^.]+\.$/u);
      assert.doesNotMatch(said, /_/u);
    }
  }
});

test('of any other code the code stands beside, and of what was counted alone nothing', () => {
  assert.equal(
    refusalReason('en', 'SOMETHING_NEW'),
    'The hospital refused it (SOMETHING_NEW). Nothing was handed out.',
  );
  assert.equal(refusalReason('es', ''), 'No se entregó nada.');
});
