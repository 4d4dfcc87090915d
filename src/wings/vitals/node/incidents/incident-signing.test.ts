import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { type IncidentReport, readReport, reportName } from '../../api/incident-report.ts';
import { openReport, signReport } from './incident-signing.ts';

const report: IncidentReport = {
  ...{ chainId: 'salus-test-1', by: accountIdOf(new Uint8Array(32).fill(1)), kind: 'tampering' },
  ...{ store: 'data-server', foundBy: 'scrub', foundMs: 1_700_000_000_000, wholeMs: 0 },
  places: [{ table: 'pages', row: '7', column: 'roll', bound: 'ledger root' }],
  ...{ more: 0, batches: [], firstHour: 0, lastHour: 0, people: 1, attempts: [] },
  ...{ untold: ['who wrote'], done: [{ what: 'quarantined', atMs: 1_700_000_000_001 }] },
  follows: new Uint8Array(0),
};

test('a report is read by the key that signed it, and by no other; its name is its hash', async () => {
  const sign = await signingKeyFromSeed(new Uint8Array(32).fill(7));
  const other = await signingKeyFromSeed(new Uint8Array(32).fill(8));
  const { signed, hash } = await signReport(sign, report);
  assert.deepEqual(await openReport(signed, sign.publicKey), report);
  assert.deepEqual(readReport(signed), report);
  assert.equal(reportName(signed), Buffer.from(sha256(signed)).toString('hex'));
  assert.deepEqual(hash, sha256(signed));
  await assert.rejects(openReport(signed, other.publicKey), { code: 'SIGNATURE_WRONG' });
});

test('a report of which one byte is another is no report', async () => {
  const sign = await signingKeyFromSeed(new Uint8Array(32).fill(7));
  const { signed } = await signReport(sign, report);
  for (let at = 0; at < signed.length; at += 7) {
    const changed = signed.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(openReport(changed, sign.publicKey), { name: 'CodedError' });
  }
});
