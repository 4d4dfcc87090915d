import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What an operator watches. Labels are hospitals, routes and codes, never accounts.
 * Each is explained in docs/operations/metrics.md.
 */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Counter<'hospital' | 'route' | 'status'>;
  readonly requestMs: Histogram<'hospital' | 'route'>;
  readonly refusals: Counter<'hospital' | 'code'>;
  /** What failed authentication: it leaves no trace on the ledger, so it must show here. */
  readonly unauthenticated: Counter<'hospital' | 'code'>;
  readonly looks: Counter<'hospital'>;
  readonly looksPerTx: Histogram<'hospital'>;
  readonly itemsDelivered: Counter<'hospital'>;
  readonly itemsErased: Counter<'hospital'>;
  readonly inboxMessages: Counter<'hospital' | 'kind'>;
  readonly indexedHeight: Gauge<'hospital'>;
  readonly ledgerHeight: Gauge<'hospital'>;
  readonly ledgerStalledMs: Gauge<'hospital'>;
  readonly anchorsWithoutRows: Gauge<'hospital'>;
  readonly leavesWaiting: Gauge<'hospital'>;
  readonly blobBytes: Gauge<'hospital'>;
  readonly diskFreeBytes: Gauge<'hospital'>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Name extends string>(name: string, help: string, labelNames: Name[]) =>
    new Counter({ name: `salus_gateway_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `salus_gateway_${name}`, help, labelNames: ['hospital'], registers });
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
    refusals: counter('refusals_total', 'Requests refused', ['hospital', 'code']),
    unauthenticated: counter('unauthenticated_total', 'Failed authentication', [
      'hospital',
      'code',
    ]),
    looks: counter('looks_total', 'Reads served', ['hospital']),
    looksPerTx: new Histogram({
      name: 'salus_gateway_looks_per_tx',
      help: 'Entries gathered into one AccessLog',
      labelNames: ['hospital'],
      buckets: [1, 2, 5, 10, 50, 100, 500],
      registers,
    }),
    itemsDelivered: counter('items_delivered_total', 'Item rows delivered', ['hospital']),
    itemsErased: counter('items_erased_total', 'Item rows erased', ['hospital']),
    inboxMessages: counter('inbox_messages_total', 'Messages stored', ['hospital', 'kind']),
    indexedHeight: gauge('indexed_height', 'Height up to which the ledger is indexed'),
    ledgerHeight: gauge('ledger_height', 'Height of the newest block'),
    ledgerStalledMs: gauge('ledger_stalled_ms', 'How long the ledger has stood still with work'),
    anchorsWithoutRows: gauge('anchors_without_rows', 'Anchors whose rows were never delivered'),
    leavesWaiting: gauge('leaves_waiting', 'Refusals and tombstones that wait for their anchor'),
    blobBytes: gauge('blob_bytes', 'Bytes of stored blobs'),
    diskFreeBytes: gauge('disk_free_bytes', 'Free bytes on the disk of this gateway'),
  };
}
