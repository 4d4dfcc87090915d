import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suite } from '../../../ledger/object-types.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { chosenCauses } from './causes.ts';
import { type Choice, choice, noCode } from './choice.ts';
import { confirmationCode, formatConfirmation, parseConfirmation } from './confirmation.ts';
import { alertsObjects } from './object-types.ts';

/** What a letter shows and what is typed. Source: docs/protocol/alerts.md, AL-20. */

const key = new Uint8Array(32).fill(1);
const of = {
  account: 'a'.repeat(64) as AccountId,
  address: 'ana@example.org',
  codeKeyId: new Uint8Array(16).fill(2),
};
const code = confirmationCode(key, of);
const shown = formatConfirmation(code, of);

test('a code is three groups of four, and is read in any grouping, in small letters, and with letters for the digits that they look like', () => {
  assert.match(shown, /^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
  for (const typed of [
    shown,
    shown.toLowerCase(),
    ` ${shown.replaceAll('-', ' ')} `,
    `\u200e${shown}\u2069`,
    shown.replaceAll('-', ''),
    shown.replaceAll('0', 'O').replaceAll('1', 'l'),
  ]) {
    assert.deepEqual(parseConfirmation(typed, of), code, typed);
  }
});

test('a slip is found before anybody is asked: another character, two that changed places, one too few, one too many', () => {
  const plain = shown.replaceAll('-', '');
  const wrong = (typed: string) =>
    assert.throws(() => parseConfirmation(typed, of), { code: 'ALERT_CODE_WRONG' }, typed);
  for (let at = 0; at < plain.length; at++) {
    const [before, here = '', next = '', rest] = [
      plain.slice(0, at),
      plain[at],
      plain[at + 1],
      plain.slice(at + 2),
    ];
    for (const other of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
      if (other !== here) wrong(before + other + next + rest);
    }
    if (here !== next && next !== '') wrong(before + next + here + rest);
  }
  for (const typed of ['', plain.slice(1), `${plain}0`, 'U'.repeat(12), `${plain.slice(0, 8)}****`])
    wrong(typed);
});

for (const [name, other] of [
  ['of another account', { account: 'b'.repeat(64) as AccountId }],
  ['of an address of before', { address: 'anna@example.org' }],
  ['of another hospital', { codeKeyId: new Uint8Array(16).fill(3) }],
] as const)
  test(`the code ${name} is refused where it is typed`, () => {
    assert.throws(() => parseConfirmation(formatConfirmation(code, { ...of, ...other }), of), {
      code: 'ALERT_CODE_WRONG',
    });
  });

test('a choice without a code ends as those of builds before codes, which open as not confirmed; no choice has two encodings', () => {
  const secret = new Uint8Array(0);
  const plain: Omit<Choice, 'code'> = {
    ...{ counter: 1, channel: 'mail', address: of.address, language: 'en', quietFrom: 0 },
    ...{ quietUntil: 0, zoneMinutes: 720, secret, causes: ['look'], known: chosenCauses.length },
  };
  const none = encodeAs(choice, { ...plain, code: noCode });
  const fields = ['mail', of.address, 'en', 0, 0, 720, secret, ['look'], chosenCauses.length];
  assert.deepEqual(choice.encode({ ...plain, code: noCode }), [
    suite,
    alertsObjects.choice,
    1,
    ...fields,
  ]);
  assert.deepEqual(decodeAs(choice, none), { ...plain, code: noCode });
  const confirmed = encodeAs(choice, { ...plain, code });
  assert.deepEqual(decodeAs(choice, confirmed), { ...plain, code });
  assert.equal(confirmed.length, none.length + 6);
  const spelled = Uint8Array.from([...none, 0x40]);
  spelled[0] = (spelled[0] ?? 0) + 1;
  assert.throws(() => decodeAs(choice, spelled), { code: 'CBOR_SHAPE' });
});
