/** A table of a data server's database, and what of its rows the row's MAC is over. Source: vitals-tampering.md, rule VT-6. */
export interface GuardedTable {
  readonly name: string;
  /** By which a row is found; they never change. */
  readonly key: readonly string[];
  /** The other columns under the MAC, in their order. What is missing here is bound otherwise (the table of VT-5). */
  readonly bound: readonly string[];
  /** Read beside them by a scrub: bound by what is under the MAC. */
  readonly beside?: readonly string[];
  /** Rows are counted: one that is gone, or is there again, is found by nothing else. */
  readonly isCounted: boolean;
}

/** Of `pages.db`. */
export const pageTables = [
  {
    ...{ name: 'patients', key: ['pseudonym'], bound: ['account', 'counter', 'signed', 'place'] },
    isCounted: true,
  },
  {
    ...{ name: 'pages', key: ['id'], isCounted: false },
    // Its manifest by its hash, its share by the manifest, its batch by the list of that batch.
    bound: [
      ...['page', 'trio', 'manifest_hash', 'signature', 'sensor', 'pseudonym', 'panel', 'hour'],
      ...['n', 'leaf', 'at_ms', 'state', 'code'],
    ],
    beside: ['manifest', 'batch', 'roll', 'histogram', 'clinical', 'salt'],
  },
  { name: 'bodies', key: ['id'], bound: ['body'], isCounted: false },
  { name: 'sayings', key: ['id'], bound: ['said'], isCounted: false },
  { name: 'arrivals', key: ['rowid'], bound: ['sensor', 'at_ms'], isCounted: false },
  {
    ...{ name: 'batches', key: ['trio', 'number', 'root'], isCounted: true },
    bound: ['pages', 'first_hour', 'last_hour', 'sealed'],
  },
  {
    ...{ name: 'days', key: ['id'], isCounted: true },
    bound: ['trio', 'panel', 'day', 'batch', 'patients', 'digests', 'counts', 'rolls'],
  },
  { name: 'day_counters', key: ['id'], bound: ['histograms'], isCounted: true },
  { name: 'kept', key: ['name'], bound: ['value'], isCounted: true },
  // Its bytes by its name.
  { name: 'envelopes', key: ['number'], bound: ['name'], beside: ['envelope'], isCounted: true },
  { name: 'page_envelopes', key: ['id'], bound: ['number'], isCounted: false },
] as const satisfies readonly GuardedTable[];

/** Of `questions.db`. */
export const questionTables = [
  {
    ...{ name: 'questions', key: ['place'], isCounted: true },
    bound: [
      ...['query', 'researcher', 'dataset', 'signed', 'selection', 'page_set', 'answer', 'sealed'],
    ],
  },
  {
    ...{ name: 'looks', key: ['researcher', 'dataset', 'quarter', 'page_set'], bound: [] },
    isCounted: true,
  },
  {
    ...{ name: 'page_sets', key: ['researcher', 'dataset', 'page_set'], bound: ['patients'] },
    isCounted: true,
  },
] as const satisfies readonly GuardedTable[];
