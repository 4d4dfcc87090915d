import {
  harmlessText,
  isNumber,
  type RecordLine,
  spokenName,
  valueForPeople,
} from '@salus/salus/sdk/browser';
import { unitShown } from '../boundary/units.ts';
import type { Handles } from './handles.ts';

/** A record in one line, as a page shows it. */
export interface LineView {
  /** Of this device: `/item/HANDLE`. */
  readonly handle: string;
  readonly state: 'live' | 'erased';
  readonly recordClass: string | undefined;
  /** Empty: its headline does not open, or it is erased. */
  readonly name: string;
  /** Without what turns its meaning: that is in `marks`, and is always said beside it. */
  readonly bareName: string;
  readonly type: string;
  readonly code: string;
  /** As spelled in the record: `2019`, `2019-05-14`, `2019-05-14T07:40:00-05:00`; empty: it says none. */
  readonly clinicalDate: string;
  readonly value: string;
  readonly isNumber: boolean;
  readonly unit: string;
  /** `H`, `LL`, `A`, or `range:H` where it is read off the source's range. */
  readonly flag: string;
  readonly marks: readonly string[];
  /** Of its anchor. */
  readonly writtenMs: number;
  /** Under which share somebody wrote it; undefined: the owner brought it. */
  readonly byConsent: string | undefined;
  readonly versions: number;
  readonly isOlder: boolean;
  readonly isWithdrawn: boolean;
}

export function lineViews(
  handles: Handles,
  lines: readonly RecordLine[],
): Promise<readonly LineView[]> {
  return Promise.all(
    lines.map(async (it): Promise<LineView> => {
      const { headline } = it;
      return {
        handle: await handles.of(it.recordId),
        state: it.state,
        recordClass: it.recordClass,
        name: headline === undefined ? '' : harmlessText(spokenName(headline)),
        bareName:
          headline === undefined ? '' : harmlessText(spokenName({ ...headline, marks: [] })),
        type: headline?.type ?? '',
        code: headline?.code ?? '',
        clinicalDate: headline?.clinicalDate ?? '',
        value: headline === undefined ? '' : harmlessText(valueForPeople(headline.value)),
        isNumber: headline !== undefined && isNumber(headline.value),
        unit: harmlessText(unitShown(headline?.unit ?? '')),
        flag: headline?.flag ?? '',
        marks: headline?.marks ?? [],
        writtenMs: it.timeMs,
        byConsent: it.consent,
        versions: it.versions,
        isOlder: it.isOlder,
        isWithdrawn: it.isWithdrawn,
      };
    }),
  );
}
