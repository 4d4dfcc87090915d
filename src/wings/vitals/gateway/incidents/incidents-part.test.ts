import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import type { GatewayBase } from '../../../../gateway/base.ts';
import { Causes } from '../../../../gateway/causes.ts';
import type { Finding, StoreReport } from '../../../../gateway/parts/findings/finding.ts';
import { Findings, findings } from '../../../../gateway/parts/findings/findings.ts';
import { Store } from '../../../../gateway/store.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { IncidentNotices, incidentNotices } from '../incident-notices-part.ts';
import { HospitalReports, hospitalReports } from './incidents-part.ts';

const ana = accountIdOf(new Uint8Array(32).fill(7));
const row: Finding = {
  ...{ store: 'gateway', table: 'items', row: '7 0', column: 'body', bound: 'ledger root' },
  code: 'ROW_CORRUPT',
};

test('who is concerned is told once of one incident: not again when a round meets it again, nor when it is over', async () => {
  const owners = [findings.store, incidentNotices.store, hospitalReports.store].flatMap(
    (it) => it ?? [],
  );
  const waiting: StoreReport[] = [];
  const told: string[] = [];
  const causes = new Causes();
  causes.onCause((met) =>
    told.push(`${met.kind} ${met.account} ${met.kind === 'incident' ? met.facts.done : ''}`),
  );
  const base = {
    ...{ db: new Store(':memory:', owners), now: () => 5_000, causes, hospital: 'North' },
    ...{ chainId: 'salus-test', organisation: accountIdOf(new Uint8Array(32)) },
    ...{ key: await signingKeyFromSeed(new Uint8Array(32).fill(9)), folder: undefined },
    figures: { add() {}, observe() {}, set() {} },
    sender: { send: async () => ({ height: 3 }) },
    reports: {
      take(taken: (report: StoreReport) => void) {
        for (const it of waiting.splice(0)) taken(it);
      },
    },
  } as unknown as GatewayBase;
  const part = new Findings(base, () => [ana]);
  const notices = new IncidentNotices(base, () => true);
  const reports = new HospitalReports(base, part, notices);
  const turn = async (found: readonly Finding[]) => {
    waiting.push({ part: 'north gateway', atMs: 1_000, isWhole: true, findings: found });
    await part.turn();
    await reports.turn();
  };
  await turn([row]);
  assert.deepEqual(told, [`incident ${ana} reported`]);
  await turn([row]);
  await turn([]);
  assert.equal(told.length, 1);
  const kept = notices.toldTo(ana, 0).map(({ done }) => done);
  assert.deepEqual(kept, ['reported', 'rebuilt'], 'both stand in her report');
  assert.equal(reports.countWaiting(), 0);
  await turn([row]);
  assert.equal(told.length, 2, 'it was over, and happened again');
});
