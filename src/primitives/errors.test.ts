import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError, isCoded } from './errors.ts';

const long = 'x'.repeat(1_000);

for (const [name, details, told] of [
  ['no details', {}, 'There is no such grant. (CONSENT_UNKNOWN)'],
  [
    'details',
    { consent: 'ab12', height: 7, live: false },
    'There is no such grant. (CONSENT_UNKNOWN: consent ab12, height 7, live false)',
  ],
  [
    'details that a liar made for a terminal and a log',
    { 'a\u001b[2J': '\u202e1\r\n    at x\u2028\ud800', b: 1 },
    'There is no such grant. (CONSENT_UNKNOWN: a [2J  1     at x , b 1)',
  ],
  [
    'more details than a person reads',
    { long },
    `There is no such grant. (CONSENT_UNKNOWN: ${`long ${long}`.slice(0, 400)}…)`,
  ],
] as const) {
  test(`a message is the sentence, the code and, on one line, what it is about: ${name}`, () => {
    const error = new CodedError('CONSENT_UNKNOWN', details);
    assert.equal(error.message, told);
    assert.equal(String(error), `CodedError: ${told}`);
    assert.deepEqual(error.details, details);
  });
}

test('an error is known by its code, and a plain one is none of ours', () => {
  const cause = new Error('why');
  const error = new CodedError('CANNOT_OPEN', {}, cause);
  assert.equal(error.cause, cause);
  assert.deepEqual(
    [isCoded(error), isCoded(error, 'CANNOT_OPEN'), isCoded(error, 'INTERNAL')],
    [true, true, false],
  );
  assert.ok(!isCoded(cause));
});
