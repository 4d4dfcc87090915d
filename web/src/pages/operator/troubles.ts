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
export const isBehind = ({ behind }: HealthView): boolean => behind > 10;
export const isBackupOld = ({ backup }: NetworkView['own']): boolean =>
  backup === undefined || backup.ageMs > oldBackupMs;
export const isDiskLittle = ({ freeBytes }: HealthView): boolean =>
  freeBytes !== undefined && freeBytes < littleFree;

const hourMs = 3_600_000;
/** More than honest people come to, by a mistyped code or an ended share; counted since the server started. */
const manyRefusals = 1_000;

function isRefusingMuch({ own: { refusals, startedMs }, askedMs }: NetworkView): boolean {
  const count = refusals.reduce((sum, it) => sum + it.count, 0);
  return count / Math.max(1, (askedMs - startedMs) / hourMs) > manyRefusals;
}

/** What is not well, the worst first; empty: all is well. A red cell of the page is one of these. */
export function troublesOf(network: NetworkView): readonly Trouble[] {
  const { own, all } = network;
  const { processes } = own;
  const found: Trouble[] = [
    ...all.flatMap((it): readonly Trouble[] => [
      ...(isLedgerBad(it) ? [{ topic: 'ledger' as const, where: it.title, isBad: !it.reads }] : []),
      ...(isBehind(it) ? [{ topic: 'behind' as const, where: it.title, isBad: false }] : []),
      ...(isDiskLittle(it) || !it.writes
        ? [{ topic: 'disk' as const, where: it.title, isBad: !it.writes }]
        : []),
    ]),
    ...(isBackupOld(own)
      ? [{ topic: 'backup' as const, where: own.hospital.title, isBad: false }]
      : []),
    ...processes
      .filter((it) => it.state !== 'running')
      .map((it) => ({ topic: 'process' as const, where: it.name, isBad: true })),
    ...(isRefusingMuch(network)
      ? [{ topic: 'refusals' as const, where: own.hospital.title, isBad: false }]
      : []),
  ];
  return found.toSorted((a, b) => Number(b.isBad) - Number(a.isBad));
}
