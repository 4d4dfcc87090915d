import type { HealthView, NetworkView } from '../../worker/calls/network.ts';

export const topics = ['ledger', 'behind', 'disk', 'backup', 'process', 'refusals'] as const;
export type Topic = (typeof topics)[number];

/** Something that an operator should look at, and the page that says what to do. */
export interface Trouble {
  readonly topic: Topic;
  /** Which hospital, or process. */
  readonly where: string;
  /** Nothing can be served, or nothing written: red; the rest is amber. */
  readonly isBad: boolean;
}

const gibibyte = 1024 ** 3;
const dayMs = 86_400_000;
/** Under it a night may fill the disk. */
const littleFree = 5 * gibibyte;
const oldBackupMs = 2 * dayMs;
/** A ledger with nothing to do makes a block every five minutes. */
const oldBlockMs = 15 * 60_000;

export const isLedgerBad = (it: HealthView): boolean =>
  !it.reads || it.stalledMs > 0 || it.ageMs > oldBlockMs;
export const isDiskLittle = ({ freeBytes }: HealthView): boolean =>
  freeBytes !== undefined && freeBytes < littleFree;

/** What is not well, the worst first; empty: all is well. A red cell of the page is one of these. */
export function troublesOf({ own, all }: NetworkView): readonly Trouble[] {
  const { backup, processes } = own;
  const found: Trouble[] = [
    ...all.flatMap((it): readonly Trouble[] => [
      ...(isLedgerBad(it) ? [{ topic: 'ledger' as const, where: it.title, isBad: !it.reads }] : []),
      ...(it.behind > 10 ? [{ topic: 'behind' as const, where: it.title, isBad: false }] : []),
      ...(isDiskLittle(it) || !it.writes
        ? [{ topic: 'disk' as const, where: it.title, isBad: !it.writes }]
        : []),
    ]),
    ...(backup === undefined || backup.ageMs > oldBackupMs
      ? [{ topic: 'backup' as const, where: own.hospital.title, isBad: false }]
      : []),
    ...processes
      .filter((it) => it.state !== 'running')
      .map((it) => ({ topic: 'process' as const, where: it.name, isBad: true })),
  ];
  return found.toSorted((a, b) => Number(b.isBad) - Number(a.isBad));
}
