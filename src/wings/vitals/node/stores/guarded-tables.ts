/** A table of a data server's database, and what of its rows the row's MAC is over. Source: vitals-tampering.md, rule VT-6. */
export interface GuardedTable {
  readonly name: string;
  /** By which a row is found; they never change. */
  readonly key: readonly string[];
  /** The other columns under the MAC, in their order. What is missing here is bound otherwise (the table of VT-5). */
  readonly bound: readonly string[];
  /** Read beside them by a scrub: bound by what is under a MAC, of this row or another. */
  readonly beside?: readonly string[];
  /** Columns of `beside` by the bound column that has their MAC: large ones are read once, where they lie. Rule VT-6a. */
  readonly parts?: Readonly<Record<string, string>>;
  /** No row has a MAC: another table says what stands here. Only this connection writes it, all the same. */
  readonly isIndex?: true;
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
    bound: [
      ...['page', 'trio', 'manifest_hash', 'manifest', 'signature', 'sensor', 'pseudonym', 'panel'],
      ...['hour', 'n', 'leaf', 'at_ms', 'body_hash', 'envelope', 'code'],
    ],
    // Where its saying and its share are, by the lists of those rows.
    beside: ['said', 'accepted'],
  },
  // By the hash in the page's row.
  { name: 'bodies', key: ['id'], bound: [], beside: ['body'], isIndex: true, isCounted: false },
  {
    ...{ name: 'sayings', key: ['number'], bound: ['ids', 'said_mac'], isCounted: false },
    ...{ beside: ['said'], parts: { said: 'said_mac' } },
  },
  {
    ...{ name: 'accepted', key: ['number'], bound: ['ids', 'shares_mac'], isCounted: false },
    ...{ beside: ['shares'], parts: { shares: 'shares_mac' } },
  },
  {
    ...{ name: 'sealed', key: ['number'], isCounted: true },
    bound: [
      ...['trio', 'panel', 'day', 'batch', 'first', 'last', 'heads', 'names_mac', 'shares_mac'],
    ],
    beside: ['names', 'shares'],
    parts: { names: 'names_mac', shares: 'shares_mac' },
  },
  // By the heads of the sealed rows.
  {
    ...{ name: 'sealed_pages', key: ['id'], bound: [], beside: ['page'] },
    ...{ isIndex: true, isCounted: false },
  },
  { name: 'arrivals', key: ['rowid'], bound: ['sensor', 'at_ms', 'pages'], isCounted: false },
  {
    ...{ name: 'batches', key: ['trio', 'number', 'root'], isCounted: true },
    bound: ['pages', 'first_hour', 'last_hour', 'sealed'],
  },
  {
    ...{ name: 'days', key: ['id'], isCounted: true },
    bound: ['trio', 'panel', 'day', 'batch', 'patients', 'digests', 'counts', 'rolls'],
  },
  {
    ...{ name: 'day_counters', key: ['id'], bound: ['histograms_mac'], isCounted: true },
    ...{ beside: ['histograms'], parts: { histograms: 'histograms_mac' } },
  },
  { name: 'kept', key: ['name'], bound: ['value'], isCounted: true },
  // Its bytes by its name.
  {
    ...{ name: 'envelopes', key: ['number'], bound: ['name', 'pages'] },
    ...{ beside: ['envelope'], isCounted: true },
  },
] as const satisfies readonly GuardedTable[];
export type PageTable = (typeof pageTables)[number]['name'];

/** Tables that are an index of another: who knows that one looks at them. */
export const indexesAmong = (tables: readonly GuardedTable[]): readonly string[] =>
  tables.filter(({ isIndex }) => isIndex === true).map(({ name }) => name);

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
