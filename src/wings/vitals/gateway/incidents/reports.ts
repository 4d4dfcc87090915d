import type { Attempt } from '../../../../gateway/parts/findings/attempts.ts';
import type { OpenFinding } from '../../../../gateway/parts/findings/findings.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { type IncidentReport, mostPlaces } from '../../api/incident-report.ts';
import { claimedMacOf, writtenFiles } from './machine-facts.ts';

const hourMs = 60 * 60_000;
const mostAttempts = 64;

/** What a report is made of. */
interface About {
  readonly chainId: string;
  readonly by: AccountId;
  /** All of one store. */
  readonly findings: readonly OpenFinding[];
  readonly people: number;
  readonly nowMs: number;
  /** Found: when that store was whole last; ended: when. */
  readonly ms: number;
  readonly folder: string | undefined;
}

const untoldOfFiles = [
  'Who wrote: a file names its owner and when it was written last, and the hospital’s own processes write it too.',
  'From where: nothing came through a door of this hospital that was refused.',
];

const placesOf = (findings: readonly OpenFinding[]) =>
  findings.slice(0, mostPlaces).map(({ table, row, column, bound }) => ({
    ...{ table: table.slice(0, 64), row: row.slice(0, 128) },
    ...{ column: column.slice(0, 64), bound: bound.slice(0, 64) },
  }));

const isGone = ({ bound }: OpenFinding): boolean => /: (missing|gone)$/.test(bound);

function common({ chainId, by, findings, people }: About) {
  return {
    ...{ chainId, by, people, store: (findings[0]?.store ?? '').slice(0, 32) },
    kind: findings.every(isGone) ? ('lost' as const) : ('tampering' as const),
    places: placesOf(findings),
    more: Math.max(0, findings.length - mostPlaces),
    batches: [],
  };
}

/** A store is not what it was. Rule VT-20. */
export function foundReport(of: About): IncidentReport {
  const { findings, nowMs, ms: wholeMs, folder } = of;
  const foundMs = Math.min(nowMs, ...findings.map((it) => it.foundMs));
  return {
    ...common(of),
    ...{ foundBy: findings.some((it) => it.part === 'start') ? 'start' : 'scrub' },
    ...{ foundMs, wholeMs },
    ...{ firstHour: Math.floor(wholeMs / hourMs), lastHour: Math.floor(foundMs / hourMs) },
    attempts: folder === undefined ? [] : writtenFiles(folder, findings),
    untold: untoldOfFiles,
    done: [],
    follows: new Uint8Array(0),
  };
}

/** The same places are as they were kept again. Rule VT-21. */
export function endedReport({
  follows,
  ...of
}: About & { readonly follows: Uint8Array }): IncidentReport {
  const { findings, nowMs, ms: endedMs } = of;
  const foundMs = Math.min(nowMs, ...findings.map((it) => it.foundMs));
  return {
    ...common(of),
    ...{ foundBy: 'scrub', foundMs, wholeMs: 0 },
    ...{ firstHour: Math.floor(foundMs / hourMs), lastHour: Math.floor(endedMs / hourMs) },
    ...{ attempts: [], untold: [] },
    done: [{ what: 'whole again', atMs: endedMs }],
    follows,
  };
}

/** Somebody was refused again and again where only the hospital's own people, or other hospitals, write. Rule VT-22. */
export function attemptReport(of: {
  readonly chainId: string;
  readonly by: AccountId;
  readonly met: readonly Attempt[];
  readonly nowMs: number;
}): IncidentReport {
  const { chainId, by, met, nowMs } = of;
  const firstMs = Math.min(nowMs, ...met.map((it) => it.firstMs));
  return {
    ...{ chainId, by, kind: 'write-attempt', store: 'gateway', foundBy: 'watch', foundMs: nowMs },
    ...{ wholeMs: 0, places: [], more: Math.max(0, met.length - mostAttempts), batches: [] },
    ...{ firstHour: Math.floor(firstMs / hourMs), lastHour: Math.floor(nowMs / hourMs), people: 0 },
    attempts: met.slice(0, mostAttempts).map(({ from, route, code, firstMs: atMs, times }) => ({
      ...{ atMs, way: 'http', who: '', from: from.slice(0, 128) },
      ...{ claimedMac: claimedMacOf(from), what: `${route}: ${code}, ${times} times` },
    })),
    untold: [
      'Who: whoever asked showed nothing that this hospital knows.',
      ...(met.every(({ from }) => claimedMacOf(from) === '')
        ? ['A hardware address: this machine’s table of neighbours has none for these addresses.']
        : []),
    ],
    done: [{ what: 'refused', atMs: nowMs }],
    follows: new Uint8Array(0),
  };
}
