import type { ReceivedGrant } from '@salus/salus/sdk/browser';
import type { SharedView } from './chart-view.ts';

const treating: readonly string[] = ['TREAT', 'ETREAT'];

/** For what a chart is read here; undefined: it was not given for treatment. */
export const treatingPurpose = ({ terms }: ReceivedGrant) =>
  terms.purposes.find((it) => treating.includes(it));

/** Refused before anybody is asked: which of the four things is wrong. */
export type RefusalView = 'notShared' | 'over' | 'notThisKind' | 'notThisPurpose';

/** What is wrong with everything that a patient gave, where nothing of it opens her chart; undefined: it opens. */
export function refusalOf(grants: readonly ReceivedGrant[]): RefusalView | undefined {
  const live = grants.filter((it) => it.state === 'live');
  if (live.length === 0) {
    // Who stopped a share before its end does not share; one that came to its end is over.
    const isOver = grants.some((it) => it.state === 'ended' && it.notAfterMs <= Date.now());
    return isOver ? 'over' : 'notShared';
  }
  const reading = live.filter((it) => it.terms.readClasses.length > 0);
  if (reading.length === 0) return 'notThisKind';
  return reading.some(isForTreatment) ? undefined : 'notThisPurpose';
}

export const isForTreatment = ({ terms }: ReceivedGrant): boolean =>
  terms.purposes.some((it) => treating.includes(it));

/** Over everything that is live. */
export function sharedOf(grants: readonly ReceivedGrant[]): SharedView {
  const live = grants.filter((it) => it.state === 'live');
  const union = (of: (grant: ReceivedGrant) => readonly string[]) => [...new Set(live.flatMap(of))];
  const reading = live.filter(isForTreatment);
  return {
    readClasses: [...new Set(reading.flatMap((it) => it.terms.readClasses))],
    isPart: !reading.some((it) => it.terms.recordIds.length === 0 && it.terms.fromMs === 0),
    writeClasses: union((it) => (it.mayWrite ? it.terms.writeClasses : [])),
    untilMs: Math.max(...live.map((it) => it.notAfterMs)),
  };
}
