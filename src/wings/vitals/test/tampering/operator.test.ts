import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { serversOf } from '../../../../server/process.ts';
import type { OperatorWord } from '../../api/operator.ts';
import { dataServerFolder } from '../../server/data-server-keys.ts';
import {
  askOperator,
  hospitalsWithServers,
  type OperatorAnswer,
} from '../../server/operator-line.ts';
import { pagesAreAnchored } from '../settings/anchored-pages.ts';
import { flipped } from './tampered-file.ts';

async function worked(home: string, word: OperatorWord): Promise<OperatorAnswer> {
  let answer = await askOperator(home, 'north', word);
  while (answer.work?.isOver === false) {
    await setTimeout(50);
    answer = await askOperator(home, 'north', 'status');
  }
  return answer;
}

test('a running data server is scrubbed, quarantined, put on a real ledger and rebuilt, by who runs it', (t) =>
  pagesAreAnchored(t, { meanwhile: northIsTampered }));

async function northIsTampered(home: string): Promise<void> {
  assert.throws(() => hospitalsWithServers(home, ['elsewhere']), { code: 'USAGE' });
  assert.deepEqual(hospitalsWithServers(home, []), ['north', 'harbour', 'valley']);
  const hospital = join(serversOf(home), 'north');
  const pages = join(dataServerFolder(hospital), 'pages.db');
  // It learns of its batch by its block, a moment after everybody else could.
  const before = await worked(home, 'scrub');
  assert.deepEqual([before.quarantines, before.work?.bad], [[], 0]);
  assert.ok(before.wholeMs > 0);

  flipped(pages, { table: 'sealed', column: 'shares', row: 0 });
  const found = await worked(home, 'scrub');
  assert.equal(found.quarantines.length, 1);
  assert.ok((found.work?.bad ?? 0) > 0);
  // The turn that follows puts it on the ledger.
  while ((await askOperator(home, 'north', 'status')).owed > 0) await setTimeout(50);
  const rebuilt = await worked(home, 'rebuild');
  assert.equal(rebuilt.work?.code, undefined);
  assert.deepEqual(rebuilt.quarantines, []);
  assert.ok(rebuilt.work?.rebuilt.some(({ fromEnvelopes }) => fromEnvelopes > 0));
  assert.equal((await worked(home, 'scrub')).work?.bad, 0);
  // The hospital has the reports of it, beside its servers.
  const reports = readdirSync(join(hospital, 'incidents'));
  assert.equal(reports.length, rebuilt.incidents);
  assert.ok(reports.every((it) => /^[0-9a-f]{64}\.report$/.test(it)));
}
