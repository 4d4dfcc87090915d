import { type Format, hex, pattern } from '../../../../test/vectors/formats/write.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { accountIdOf } from '../../../primitives/ids.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { chosenCauses } from '../api/causes.ts';
import { type Choice, choice, noCode } from '../api/choice.ts';
import {
  codeKeyIdOf,
  codeKeyOf,
  confirmationCode,
  formatConfirmation,
  parseConfirmation,
} from '../api/confirmation.ts';

const outboxKey = pattern(32, 21);
const codeKeyId = codeKeyIdOf(outboxKey);
const account = accountIdOf(pattern(32, 22));
const other = accountIdOf(pattern(32, 23));
const address = 'ana@example.org';
const of = { account, address, codeKeyId };
const code = confirmationCode(codeKeyOf(outboxKey), of);
const shown = formatConfirmation(code, of);

/** The code of one account and one address, as a letter shows it, and the choice that it confirms, with it and without. */
function made(whose: typeof account, at: string) {
  const own = confirmationCode(codeKeyOf(outboxKey), { account: whose, address: at });
  const chosen: Omit<Choice, 'code'> = {
    ...{ counter: 7, channel: 'mail', address: at, language: 'es', quietFrom: 1_320 },
    ...{ quietUntil: 420, zoneMinutes: 780, secret: new Uint8Array(0) },
    ...{ causes: ['look', 'freeze'], known: chosenCauses.length },
  };
  return {
    ...{ outboxKey: hex(outboxKey), codeKeyId: hex(codeKeyId), account: whose, address: at },
    ...{ code: hex(own), shown: formatConfirmation(own, { ...of, account: whose, address: at }) },
    choice: hex(encodeAs(choice, { ...chosen, code: noCode })),
    confirmed: hex(encodeAs(choice, { ...chosen, code: own })),
  };
}

function read(typed: string) {
  const typedAs = { account, address, codeKeyId: hex(codeKeyId), typed };
  try {
    return { ...typedAs, code: hex(parseConfirmation(typed, of)) };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { ...typedAs, refused: error.code };
  }
}

export const alertConfirmations: Format = {
  about:
    'alerts.md AL-20: the code of an account and a mail address, as a letter shows it, the choice with it and without; then what was typed for the first of them, and what is read or refused',
  cases: async () => [
    ...[
      made(account, address),
      made(account, 'Ana@example.org'),
      made(other, address),
      made(other, `${"x!#$%&'*+/=?^_`{|}~-".repeat(3)}@${'a'.repeat(63)}.example`),
    ],
    ...[
      ...[shown, shown.toLowerCase(), shown.replaceAll('-', ''), ` ${shown.replaceAll('-', ' ')}`],
      ...[shown.replaceAll('0', 'O').replaceAll('1', 'l'), `\u200e${shown}`],
      // Refused: too few, too many, no character of a code, a slip, another account's, another address's, another hospital's.
      ...[shown.slice(1), `${shown}0`, shown.replace(/.$/, 'U'), ''],
      shown.replace(/^./, (first) => (first === '7' ? '8' : '7')),
      formatConfirmation(code, { ...of, account: other }),
      formatConfirmation(code, { ...of, address: 'anna@example.org' }),
      formatConfirmation(code, { ...of, codeKeyId: pattern(16, 24) }),
    ].map(read),
  ],
};
