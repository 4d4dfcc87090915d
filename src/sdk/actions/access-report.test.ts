import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../crypto/labels.ts';
import { signingKeyFromSeed, signLabelled } from '../../crypto/signature.ts';
import { bytesToBase64url, utf8, utf8ToText } from '../../primitives/bytes.ts';
import { type AccessReport, readReportFile, reportFile } from './access-report.ts';

const key = await signingKeyFromSeed(new Uint8Array(32).fill(3));

/** A file that a key signed: anybody has one. */
async function fileOf(said: unknown, text = JSON.stringify(said)): Promise<string> {
  const signature = bytesToBase64url(await signLabelled(key, labels.reportSign, utf8(text)));
  const publicKey = bytesToBase64url(key.publicKey);
  return utf8ToText(reportFile({ report: said as AccessReport, text, publicKey, signature }));
}

const line = {
  ...{ kind: 'look', atMs: 5, account: 'a'.repeat(64), txId: 'b'.repeat(64), height: 3 },
  facts: { purpose: 'TREAT', count: 1 },
};
const report = {
  ...{ account: 'a'.repeat(64), chain: 'salus-test', madeMs: 9, fromMs: 0, untilMs: 9 },
  ...{ lines: [line], withheld: [], missing: [{ wing: 'vitals/incidents', code: 'NOT_FOUND' }] },
};

test('a report that was signed is read as it was', async () => {
  assert.deepEqual((await readReportFile(await fileOf(report))).report, report);
});

for (const [name, said] of [
  ['a word', 'report'],
  ['nothing', null],
  ['lines that are none', { ...report, lines: 'many' }],
  ['a line that is none', { ...report, lines: [7] }],
  ['a line of no kind', { ...report, lines: [{ ...line, kind: 'praise' }] }],
  ['a line at no time', { ...report, lines: [{ ...line, atMs: 'now' }] }],
  ['facts within facts', { ...report, lines: [{ ...line, facts: { a: { b: 1 } } }] }],
  ['an account that is none', { ...report, account: { toString: 1 } }],
  ['a time that is none', { ...report, madeMs: -1 }],
  ['no parts', { ...report, missing: [null] }],
] as const)
  test(`${name}, signed, is no report, and says so`, async () => {
    await assert.rejects(readReportFile(await fileOf(said)), { code: 'REPORT_WRONG' });
  });
