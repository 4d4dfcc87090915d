import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Code } from '../codes/index.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AnyPart, WingParts } from './part.ts';
import type { PartFigures, PartMetric } from './part-metrics.ts';
import { spineParts } from './parts/all.ts';

/**
 * Refusals that call an operator (docs/operations/alerts.yml). They begin at 0: of a series that begins with its first
 * refusal, nobody sees an increase.
 */
export const alertedCodes: readonly Code[] = [
  'CLOCK_BEHIND',
  'CLOCK_AHEAD',
  'DISK_FULL',
  'BLOB_CORRUPT',
  'PROOF_INVALID',
  'LEDGER_CORRUPT',
  'GATEWAY_UNREACHABLE',
  'GATEWAY_LIED',
  'RATE_LIMITED',
  'SENDER_BUSY',
  'LEDGER_BUSY',
  'STORE_BUSY',
  'QUOTA_EXCEEDED',
];

/**
 * What an operator watches: the figures of the server and the ledger here, those of a part where the part is
 * declared. Labels are hospitals, routes and codes, never accounts. Each is explained in
 * docs/operations/metrics.md.
 */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'hospital' | 'route' | 'status'>;
  readonly requestMs: Histogram<'hospital' | 'route'>;
  readonly refusals: Counter<'hospital' | 'code'>;
  readonly indexedHeight: Gauge<'hospital'>;
  readonly ledgerHeight: Gauge<'hospital'>;
  readonly ledgerStalledMs: Gauge<'hospital'>;
  readonly blobBytes: Gauge<'hospital'>;
  readonly diskFreeBytes: Gauge<'hospital'>;
  readonly backupAgeMs: Gauge<'hospital'>;
  /** This hospital is served from now on. */
  readonly begin: (hospital: string) => void;
  /** Where a part of one hospital counts. Throws INTERNAL for a part whose wing was not named. */
  readonly figuresOf: (part: AnyPart, hospital: string) => PartFigures;
}

/** One registry for all hospitals of a process, with the figures of the spine's parts and these wings'. */
export function createMetrics(wings: readonly WingParts[] = []): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Name extends string>(name: string, help: string, labelNames: Name[]) =>
    new Counter({ name: `salus_gateway_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `salus_gateway_${name}`, help, labelNames: ['hospital'], registers });
  const figures = new Map<AnyPart, Figures>();
  for (const { name, parts } of [{ name: 'gateway', parts: spineParts }, ...wings]) {
    for (const part of parts) figures.set(part, register(part, `salus_${name}_`, registry));
  }
  const refusals = counter('refusals_total', 'Requests refused', ['hospital', 'code']);
  return {
    registry,
    requests: counter('requests_total', 'Requests answered', ['hospital', 'route', 'status']),
    requestMs: new Histogram({
      name: 'salus_gateway_request_ms',
      help: 'Time to the answer',
      labelNames: ['hospital', 'route'],
      buckets: [1, 5, 20, 50, 100, 250, 1_000, 5_000, 30_000],
      registers,
    }),
    refusals,
    indexedHeight: gauge('indexed_height', 'Height up to which the ledger is indexed'),
    ledgerHeight: gauge('ledger_height', 'Height of the newest block'),
    ledgerStalledMs: gauge('ledger_stalled_ms', 'How long the ledger has stood still with work'),
    blobBytes: gauge('blob_bytes', 'Bytes of stored blobs'),
    diskFreeBytes: gauge('disk_free_bytes', 'Free bytes on the disk of this gateway'),
    backupAgeMs: gauge('backup_age_ms', 'Age of the newest backup that is known'),
    begin: (hospital) => {
      for (const code of alertedCodes) refusals.inc({ hospital, code }, 0);
    },
    figuresOf: (part, hospital) => figuresOf(figures.get(part), part.name, hospital),
  };
}

type Figure = Counter<string> | Gauge<string> | Histogram<string>;
type Figures = ReadonlyMap<string, Figure>;

function register(part: AnyPart, prefix: string, registry: Registry): Figures {
  return new Map(
    Object.entries(part.metrics ?? {}).map(([name, metric]) => [
      name,
      figureOf(`${prefix}${name}`, metric, registry),
    ]),
  );
}

function figureOf(name: string, metric: PartMetric<unknown>, registry: Registry): Figure {
  const { help } = metric;
  const labelNames = ['hospital', ...(metric.kind === 'counter' ? (metric.labels ?? []) : [])];
  const common = { name, help, labelNames, registers: [registry] };
  if (metric.kind === 'counter') return new Counter(common);
  if (metric.kind === 'gauge') return new Gauge(common);
  return new Histogram({ ...common, buckets: [...metric.buckets] });
}

function figuresOf(figures: Figures | undefined, part: string, hospital: string): PartFigures {
  const wrong = (metric: string) => new CodedError('INTERNAL', { part, metric });
  if (figures === undefined) throw wrong('');
  return {
    add(name, by, labels = {}) {
      const figure = figures.get(name);
      if (!(figure instanceof Counter)) throw wrong(name);
      figure.inc({ hospital, ...labels }, by);
    },
    observe(name, value) {
      const figure = figures.get(name);
      if (!(figure instanceof Histogram)) throw wrong(name);
      figure.observe({ hospital }, value);
    },
    set(name, value) {
      const figure = figures.get(name);
      if (!(figure instanceof Gauge)) throw wrong(name);
      figure.set({ hospital }, value);
    },
  };
}
