import { cpus } from 'node:os';

/** One measured figure beside its peer, as `npm run bench -- NAME --json` prints it (protocol 11). */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string;
  readonly peerValue: number;
  /** value / peerValue for rates, peerValue / value for times: above 1 is better than the peer. */
  readonly ratio: number;
  readonly goal: string;
  readonly ok: boolean;
  readonly n: number;
  readonly rounds: number;
  /** How it grows, x then y, for bench/draw.ts. */
  readonly points?: readonly (readonly [number, number])[];
  readonly axes?: readonly [string, string];
}

export const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`;

export type Report = (figure: Figure) => void;

export function printTo(json: boolean): Report {
  return (figure) => {
    if (json) process.stdout.write(`${JSON.stringify({ ...figure, machine })}\n`);
    else {
      const { figure: name, value, unit, peer, peerValue, ratio, goal, ok } = figure;
      process.stdout.write(
        `${ok ? 'ok  ' : 'MISS'} ${name}: ${round(value)} ${unit} · ${peer}: ${round(peerValue)} · ratio ${round(ratio)} · goal ${goal}\n`,
      );
    }
  };
}

export function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** The value below which `share` of the sorted samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);
