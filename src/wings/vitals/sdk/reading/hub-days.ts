import type { SigningKey } from '../../../../crypto/signature.ts';
import type { ConsentId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import { dayOf } from '../../api/chart-records.ts';
import { edgesVersion } from '../../crypto/histogram-edges.ts';
import { encodePage, withBlankRows } from '../../crypto/pages/page-values.ts';
import type { QueuedPage } from '../sensor/sensor-queue.ts';
import type { SensorPage } from './replica.ts';
import { writeReplica } from './write-replica.ts';

interface HubDays {
  /** Writes class `iot` in the patient's chart. */
  readonly consent: ConsentId;
  readonly sensor: SigningKey;
  /** As the patient signed it. */
  readonly registration: Uint8Array;
  /** Closed pages of the sensor, of any panel and in any order; all of each day that is over. */
  readonly pages: readonly QueuedPage[];
  /** 0 to 7, another for each sensor of a panel. */
  readonly number?: number;
}

interface HubDay {
  readonly panel: number;
  /** Days since 1970. */
  readonly day: number;
  readonly pages: number;
  /** False: its replica stood in the chart already. */
  readonly isNew: boolean;
}

const hourMs = 3_600_000;

/**
 * What a sensor's hub does when a day has ended: the replica of every day that is over and of which it has pages, a record a
 * panel. To be called again after a failure, or with days of before: each is written once. Throws as `writeReplica`.
 * Source: docs/protocol/vitals-reading.md, rule VR-20.
 */
export const writeHubDays: Action<HubDays, readonly HubDay[]> = {
  name: 'vitals/write-hub-days',
  async run(ctx, { pages, ...of }, options) {
    const today = dayOf(Math.floor(ctx.nowMs() / hourMs));
    const written: HubDay[] = [];
    for (const { panel, day, pages: ofDay } of daysIn(pages)) {
      if (day >= today) continue;
      const replica = { ...of, panel, day, pages: ofDay.map(sensorPage) };
      const isNew = await writeReplica.run(ctx, replica, options);
      written.push({ panel, day, pages: ofDay.length, isNew });
    }
    return written;
  },
};

/** By day and panel, each in the order of its numbers. */
function daysIn(pages: readonly QueuedPage[]) {
  const days = new Map<string, { panel: number; day: number; pages: QueuedPage[] }>();
  for (const page of [...pages].sort((a, b) => a.sequence - b.sequence)) {
    const { panel } = page;
    const day = dayOf(page.startHour);
    const of = days.get(`${day} ${panel}`) ?? { panel, day, pages: [] };
    of.pages.push(page);
    days.set(`${day} ${panel}`, of);
  }
  return [...days.values()].sort((a, b) => a.day - b.day || a.panel - b.panel);
}

/** The codes that its shares are of. */
function sensorPage({ panel, sequence, startHour, rows }: QueuedPage): SensorPage {
  const measured = rows.map((row) => row.values);
  // In the chart as at the servers: how many were measured shows nowhere.
  const values = withBlankRows(panel, measured);
  const { n, clinical } = encodePage(values, { panel, edges: edgesVersion });
  return { panel, sequence, startHour, n, clinical };
}
