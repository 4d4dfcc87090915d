import { useEffect, useState } from 'react';
import { asOf } from '../../boundary/as-of.ts';
import { CallError, link } from '../../boundary/link.ts';
import { chartShown } from '../../boundary/use-away.ts';
import type { ChartView } from '../../worker/chart-view.ts';
import { refusalIn } from './refused.tsx';

export interface FollowedChart {
  /** What has come so far, of this patient and no other. */
  readonly chart: ChartView | undefined;
  readonly error: CallError | undefined;
  /** One more look. */
  readonly again: () => void;
}

/** A chart while it opens: each part as soon as it is whole. Another patient's is gone before the first of this one shows. */
export function useChart(patient: string): FollowedChart {
  const [shown, setShown] = useState<{ readonly of: string; readonly chart: ChartView }>();
  const [error, setError] = useState<CallError>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const follow = async () => {
      for (let after = 0; !signal.aborted; ) {
        const asked = { patient, after, again: round > 0 && after === 0 };
        const chart = await link.call('chart.follow', asked, { signal });
        if (signal.aborted) return;
        asOf.note(chartShown, chart.isFromDevice ? chart.lookedMs : undefined);
        setShown({ of: patient, chart });
        if (chart.isWhole) return;
        after = chart.version;
      }
    };
    setError(undefined);
    follow().catch((failure: unknown) => {
      if (!signal.aborted) {
        // Whom the patient does not let in any more keeps nothing of the chart before his eyes.
        if (refusalIn(failure instanceof CallError ? failure : undefined)) setShown(undefined);
        setError(failure instanceof CallError ? failure : new CallError(internal));
      }
    });
    return () => {
      stop.abort();
      asOf.note(chartShown, undefined);
    };
  }, [patient, round]);
  return {
    chart: shown?.of === patient ? shown.chart : undefined,
    error,
    again: () => setRound((before) => before + 1),
  };
}

const internal = { code: 'INTERNAL', details: {} };
