import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { serversOf } from '../../../../server/process.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';
import type { PanelRow } from '../../sdk/sensor/reading.ts';
import { dataServerFolder } from '../../server/data-server-keys.ts';
import { provenRows } from '../../server/ledger-line.ts';
import { hoursAgo, type SettingsOf, VitalsHome } from './vitals-home.ts';

export interface AnchoredPages {
  readonly trio: string;
  readonly pseudonym: Uint8Array;
  /** The first of the two. */
  readonly hour: number;
}

/** A value a minute, for an hour and forty minutes. */
const rowsFrom = (hour: number): readonly PanelRow[] =>
  Array.from({ length: 100 }, (_, at) => ({
    ...{ panel: 3, timeMs: hour * 3_600_000 + at * 60_000 },
    values: [{ value: 4 + at / 50, unit: 'mmol/L' }],
  }));

/**
 * Three processes of a home take a sensor's pages in and anchor them on the ledger. `settingsOf`: what a hospital's data
 * server is told more, its folder given. `meanwhile`: called with the home, and whose pages of which two hours, while they run.
 */
export async function pagesAreAnchored(
  t: TestContext,
  of: {
    readonly settingsOf?: SettingsOf;
    readonly meanwhile?: (home: string, anchored: AnchoredPages) => Promise<void>;
  } = {},
): Promise<void> {
  const town = await VitalsHome.open(of.settingsOf);
  t.after(() => town.close());
  const { home, ledger, servers, studies } = town;
  // A study of North: only then the ledger knows the three.
  const { dataset } = await studies.found(
    {
      ...{ panel: 3, edges: 1, windows: 1, servers: [...servers], kMin: 20, pagesPerPatient: 24 },
      ...{ researcherCap: 500_000, datasetCap: 2_000_000, purposes: ['research'] },
    },
    await studies.speaker('north'),
  );
  const ana = await town.person('Ana', 'patient');
  const attributes = { sex: 1, ageBand: 4, region: 0, arm: 0 };
  const sensor = await town.sensor(ana, { panel: 3, datasets: [dataset], attributes });

  const onDisk = ['north', 'harbour', 'valley'].map((name) =>
    readFileSync(join(dataServerFolder(join(serversOf(home), name)), 'recovery.pub')),
  );
  assert.deepEqual(
    (await town.recoveryKeys()).map((it) => it && Buffer.from(it)),
    onDisk,
  );
  const hour = hoursAgo(2);
  const pages = await town.measure(sensor, rowsFrom(hour));
  assert.equal(pages.length, 2);
  const trio = trioId(servers);
  // In one batch, or in two where one page was judged later.
  const numbers = Array.from({ length: await town.sealed(2) }, (_, at) => at + 1);
  const rows = provenRows(ledger);
  const batches = await Promise.all(
    numbers.map((it) => rows.row(statBatches, batchRowId(trio, it))),
  );
  assert.equal(
    batches.reduce((sum, it) => sum + (it?.pages ?? 0), 0),
    2,
  );
  assert.equal(Math.min(...batches.map((it) => it?.firstHour ?? 0)), hour);
  assert.equal(Math.max(...batches.map((it) => it?.lastHour ?? 0)), hour + 1);
  await of.meanwhile?.(home, { trio, pseudonym: sensor.pseudonym, hour });
}
