import { type ModelContext, Refused, type TestWing } from '../../../../test/model/wing.ts';
import { accountOf, bytesOf, identityOf, t0 } from '../../../../test/world.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { LedgerView, StateTable } from '../../../ledger/table.ts';
import { bytesToHex, hexToBytes, utf8 } from '../../../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../primitives/cbor.ts';
import { accountIdOf } from '../../../primitives/ids.ts';
import type { Incident } from '../ledger/acts/incident.ts';
import type { ServerQuarantine } from '../ledger/acts/server-quarantine.ts';
import type { ServerRebuilt } from '../ledger/acts/server-rebuilt.ts';
import type { StatApprove } from '../ledger/acts/stat-approve.ts';
import type { StatBatch } from '../ledger/acts/stat-batch.ts';
import type { StatDataset } from '../ledger/acts/stat-dataset.ts';
import type { StatPermit } from '../ledger/acts/stat-permit.ts';
import type { StatQuery } from '../ledger/acts/stat-query.ts';
import type { StatSeal } from '../ledger/acts/stat-seal.ts';
import type { StatWithdraw } from '../ledger/acts/stat-withdraw.ts';
import { incidentKinds } from '../ledger/incidents.ts';
import { vitalsLedger } from '../ledger/index.ts';
import { type StatPurpose, statPurposes } from '../ledger/purposes.ts';
import { vitalsNames } from '../names.ts';

/** The wing's rules once more, sentence by sentence as docs/protocol/vitals-ledger.md has them: rows as JSON, no shared rule. */
type Rows = Map<string, string>;
type Row = Readonly<Record<string, unknown>>;

const read = <R extends Row>(rows: Rows, id: string): R | undefined => {
  const text = rows.get(id);
  return text === undefined ? undefined : (JSON.parse(text) as R);
};
/** Bytes as hex, and fields by name: what the model and the ledger are compared in. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) => {
    if (it instanceof Uint8Array) return bytesToHex(it);
    if (it === null || typeof it !== 'object' || Array.isArray(it)) return it;
    return Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
const keep = (rows: Rows, id: string, row: Row): unknown => rows.set(id, plain(row));

const number = (value: number): string => value.toString(16).padStart(16, '0');
const hexOf = (text: string): Uint8Array => hexToBytes(text) ?? new Uint8Array(0);

/** VL-3. */
export function modelTrioId(servers: readonly string[]): string {
  const content: Cbor = servers.map(hexOf);
  const label = utf8(`${vitalsNames.labels.trio}\0`);
  return bytesToHex(sha256(label, encodeCbor(content)));
}

function needsRight({ sender, height, spine }: ModelContext): void {
  if (!hasRight(spine, sender, height)) throw new Refused('SENDER_WRONG');
}

function hasRight(spine: ModelContext['spine'], id: string, height: number): boolean {
  const steps = spine.consortium.named.get(id)?.rights ?? [];
  const now = steps.filter(({ from }) => from <= height).at(-1);
  return now?.rights.includes('stat') === true;
}

interface TrioRow extends Row {
  readonly servers: readonly string[];
  readonly newestBatch: number;
}
interface DatasetRow extends Row {
  readonly trio: string;
  readonly researcherCap: number;
  readonly datasetCap: number;
  readonly purposes: readonly string[];
}
interface PermitRow extends Row {
  readonly dataset: string;
  readonly researcher: string;
  readonly purpose: string;
  readonly microRho: number;
  readonly notAfterMs: number;
  readonly proposer: string;
  readonly approver: string;
  readonly spent: number;
}

/** VL-10. */
function judgeDataset(rows: Rows, act: StatDataset, context: ModelContext): void {
  const { spine, height, sender } = context;
  const { dataset, servers, kMin, pagesPerPatient, researcherCap, datasetCap, purposes } = act;
  needsRight(context);
  if (rows.has(`stat-datasets/${dataset}`)) throw new Refused('DATASET_TAKEN');
  const inOrder = statPurposes.filter((purpose) => purposes.includes(purpose));
  const isFine =
    [kMin >= 20, kMin <= 1_000_000, pagesPerPatient > 0, pagesPerPatient <= 366 * 24].every(
      Boolean,
    ) &&
    [researcherCap > 0, datasetCap >= researcherCap, datasetCap <= 10_000_000].every(Boolean) &&
    purposes.length > 0 &&
    inOrder.join() === purposes.join();
  if (!isFine) throw new Refused('DATASET_TERMS');
  const domains = servers.map((server) => {
    const row = spine.account(server);
    if (row === undefined || row.role !== 'data-server' || row.frozen)
      throw new Refused('SERVER_UNKNOWN');
    if (!hasRight(spine, row.organisation, height)) throw new Refused('SERVER_UNKNOWN');
    return row.organisation;
  });
  if (new Set(domains).size < 3) throw new Refused('DOMAIN_OVERLAP');
  const trio = modelTrioId(servers);
  if (!rows.has(`stat-trios/${trio}`))
    keep(rows, `stat-trios/${trio}`, { servers, newestBatch: 0 });
  const { panel, edges, windows } = act;
  const terms = { kMin, pagesPerPatient, researcherCap, datasetCap, purposes };
  const row = { trio, founder: sender, panel, edges, windows, ...terms, height };
  keep(rows, `stat-datasets/${dataset}`, row);
}

/** VL-11. */
function judgePermit(rows: Rows, act: StatPermit, context: ModelContext): void {
  const { permit, dataset, researcher, purpose, microRho, notAfterMs } = act;
  const { spine, sender, timeMs } = context;
  needsRight(context);
  if (rows.has(`stat-permits/${permit}`)) throw new Refused('PERMIT_TAKEN');
  const of = read<DatasetRow>(rows, `stat-datasets/${dataset}`);
  if (of === undefined) throw new Refused('DATASET_UNKNOWN');
  const person = spine.account(researcher);
  if (person?.role !== 'researcher' || person.frozen) throw new Refused('RESEARCHER_UNKNOWN');
  if (!of.purposes.includes(purpose)) throw new Refused('PURPOSE_NOT_ALLOWED');
  const twoYears = 2 * 365 * 24 * 3_600_000;
  const isLong = notAfterMs <= timeMs || notAfterMs - timeMs > twoYears;
  if (isLong || microRho === 0 || microRho > 40_000_000) throw new Refused('PERMIT_TERMS');
  const said = { dataset, researcher, purpose, microRho, notAfterMs };
  keep(rows, `stat-permits/${permit}`, { ...said, proposer: sender, approver: '', spent: 0 });
}

/** VL-12. */
function judgeApprove(rows: Rows, act: StatApprove, context: ModelContext): void {
  needsRight(context);
  const id = `stat-permits/${act.permit}`;
  const permit = read<PermitRow>(rows, id);
  if (permit === undefined) throw new Refused('PERMIT_UNKNOWN');
  if (rows.has(`stat-withdrawn/${act.permit}`)) throw new Refused('PERMIT_WITHDRAWN');
  if (permit.proposer === context.sender) throw new Refused('APPROVAL_OWN');
  if (permit.approver !== '') throw new Refused('APPROVAL_TAKEN');
  if (permit.notAfterMs <= context.timeMs) throw new Refused('PERMIT_EXPIRED');
  keep(rows, id, { ...permit, approver: context.sender });
}

/** VL-13. */
function judgeBatch(rows: Rows, act: StatBatch, context: ModelContext): void {
  const { spine, sender, timeMs, height, holds } = context;
  const { root, pages, firstHour, lastHour } = act;
  const trio = read<TrioRow>(rows, `stat-trios/${act.trio}`);
  if (trio === undefined) throw new Refused('TRIO_UNKNOWN');
  const domains = trio.servers.map((server) => spine.account(server)?.organisation);
  if (![...trio.servers, ...domains].includes(sender)) throw new Refused('SENDER_WRONG');
  const isEarly = lastHour * 3_600_000 > timeMs + 60_000;
  if (pages === 0 || pages > 4_096 || firstHour > lastHour || isEarly)
    throw new Refused('BATCH_TIMES');
  if (act.number - trio.newestBatch !== 1) throw new Refused('BATCH_NUMBER');
  if (!holds) throw new Refused('SIGNATURE_WRONG');
  const keys = trio.servers.map((server) =>
    spine.account(server)?.frozen === false ? spine.keyOf(server) : 'frozen',
  );
  const given = act.signatures.map(({ signKey }) => bytesToHex(signKey));
  if (keys.join() !== given.join()) throw new Refused('BATCH_SIGNERS');
  const id = `stat-batches/${act.trio}${number(act.number)}`;
  keep(rows, id, { root, pages, firstHour, lastHour, height });
  keep(rows, `stat-trios/${act.trio}`, { ...trio, newestBatch: act.number });
}

/** VL-14: what was spent is added up from the queries themselves. */
function judgeQuery(rows: Rows, act: StatQuery, context: ModelContext): void {
  const { sender, timeMs, height } = context;
  const { dataset, purpose, asOfBatch, microRho } = act;
  const permit = read<PermitRow>(rows, `stat-permits/${act.permit}`);
  const of = read<DatasetRow>(rows, `stat-datasets/${dataset}`);
  if (permit === undefined || of === undefined) throw new Refused('PERMIT_UNKNOWN');
  if (permit.researcher !== sender || permit.dataset !== dataset)
    throw new Refused('PERMIT_UNKNOWN');
  if (rows.has(`stat-withdrawn/${act.permit}`)) throw new Refused('PERMIT_WITHDRAWN');
  if (permit.approver === '') throw new Refused('APPROVAL_MISSING');
  if (permit.notAfterMs <= timeMs) throw new Refused('PERMIT_EXPIRED');
  if (permit.purpose !== purpose) throw new Refused('PURPOSE_NOT_ALLOWED');
  const id = `stat-queries/${sender}${act.query}`;
  if (rows.has(id)) throw new Refused('QUERY_TAKEN');
  const newest = read<TrioRow>(rows, `stat-trios/${of.trio}`)?.newestBatch ?? 0;
  if (asOfBatch === 0 || asOfBatch > newest) throw new Refused('BATCH_UNKNOWN');
  const quarter = Math.floor(timeMs / (90 * 24 * 3_600_000));
  const spentOn = (fits: (it: Row, by: string) => boolean): number =>
    paid(rows)
      .filter(({ row, by }) => fits(row, by))
      .reduce((sum, { row }) => sum + Number(row.microRho), 0);
  const now = (it: Row) => it.dataset === dataset && it.quarter === quarter;
  const ofPermit = spentOn((it) => it.permit === act.permit);
  const ofOne = spentOn((it, by) => now(it) && by === sender);
  const ofAll = spentOn(now);
  const isTooMuch =
    ofPermit + microRho > permit.microRho ||
    ofOne + microRho > of.researcherCap ||
    ofAll + microRho > of.datasetCap;
  if (microRho === 0 || isTooMuch) throw new Refused('BUDGET_SPENT');
  const said = { permit: act.permit, dataset, purpose, asOfBatch, microRho };
  keep(rows, id, { ...said, quarter, height, timeMs });
  keep(rows, `stat-permits/${act.permit}`, { ...permit, spent: ofPermit + microRho });
  keep(rows, `stat-spent/${dataset}${number(quarter)}`, { microRho: ofAll + microRho });
  keep(rows, `stat-spent-by/${dataset}${number(quarter)}${sender}`, { microRho: ofOne + microRho });
}

/** Every query that was paid, and by whom. */
export function paid(rows: ReadonlyMap<string, string>): readonly { row: Row; by: string }[] {
  return [...rows]
    .filter(([key]) => key.startsWith('stat-queries/'))
    .map(([key, text]) => ({
      row: JSON.parse(text) as Row,
      by: key.slice('stat-queries/'.length, -64),
    }));
}

/** VL-15. */
function judgeSeal(rows: Rows, act: StatSeal, { sender, height }: ModelContext): void {
  const { researcher, query, answer } = act;
  const asked = read<{ dataset: string } & Row>(rows, `stat-queries/${researcher}${query}`);
  if (asked === undefined) throw new Refused('QUERY_UNKNOWN');
  const { trio } = read<DatasetRow>(rows, `stat-datasets/${asked.dataset}`) ?? { trio: '' };
  const servers = read<TrioRow>(rows, `stat-trios/${trio}`)?.servers ?? [];
  if (!servers.includes(sender)) throw new Refused('SENDER_WRONG');
  const id = `stat-seals/${researcher}${query}${sender}`;
  if (rows.has(id)) throw new Refused('SEAL_TAKEN');
  keep(rows, id, { answer, height });
}

/** VL-16. */
function judgeWithdraw(rows: Rows, act: StatWithdraw, context: ModelContext): void {
  const { sender, height, timeMs } = context;
  const permit = read<PermitRow>(rows, `stat-permits/${act.permit}`);
  if (permit === undefined) throw new Refused('PERMIT_UNKNOWN');
  if (![permit.proposer, permit.approver].includes(sender)) throw new Refused('SENDER_WRONG');
  const id = `stat-withdrawn/${act.permit}`;
  if (rows.has(id)) throw new Refused('PERMIT_WITHDRAWN');
  keep(rows, id, { by: sender, height, timeMs });
}

interface QuarantineRow extends Row {
  readonly state: string;
  readonly by: readonly string[];
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly height: number;
}

/** VL-17: every number from the first to the last, put together and looked at anew. */
function judgeQuarantine(rows: Rows, act: ServerQuarantine, context: ModelContext): void {
  const { spine, sender, height, timeMs } = context;
  const { server, incident, firstBatch, lastBatch } = act;
  const trio = read<TrioRow>(rows, `stat-trios/${act.trio}`);
  if (trio === undefined) throw new Refused('TRIO_UNKNOWN');
  if (!trio.servers.includes(server)) throw new Refused('SERVER_UNKNOWN');
  const domain = (id: string): string => spine.account(id)?.organisation ?? '';
  if (!trio.servers.map(domain).includes(domain(sender))) throw new Refused('SENDER_WRONG');
  if (firstBatch > lastBatch || trio.newestBatch < lastBatch) throw new Refused('BATCH_UNKNOWN');
  const reported = read<{ height: number } & Row>(rows, `stat-incidents/${sender}${incident}`);
  if (reported === undefined) throw new Refused('INCIDENT_UNKNOWN');
  const id = `stat-quarantines/${act.trio}${server}`;
  const stands = read<QuarantineRow>(rows, id);
  if (stands?.state === 'rebuilt' && stands.height >= reported.height)
    throw new Refused('INCIDENT_OLD');
  const open = stands === undefined || stands.state === 'rebuilt' ? undefined : stands;
  const isOwn = domain(sender) === domain(server);
  const first = Math.min(firstBatch, open?.firstBatch ?? firstBatch);
  const last = Math.max(lastBatch, open?.lastBatch ?? lastBatch);
  const isSame = open !== undefined && first === open.firstBatch && last === open.lastBatch;
  if (open?.state === 'quarantined' && (!isOwn || isSame)) throw new Refused('QUARANTINE_TAKEN');
  const others = isOwn ? [] : (open?.by ?? []);
  if (others.includes(domain(sender))) throw new Refused('QUARANTINE_TAKEN');
  const by = [...others, domain(sender)];
  const state = isOwn || by.length === 2 ? 'quarantined' : 'accused';
  keep(rows, id, { state, by, incident, firstBatch: first, lastBatch: last, height, timeMs });
}

/** VL-18. */
function judgeRebuilt(rows: Rows, act: ServerRebuilt, context: ModelContext): void {
  const { spine, sender, height, timeMs } = context;
  const { server, fromBatch, roots } = act;
  const trio = read<TrioRow>(rows, `stat-trios/${act.trio}`);
  if (trio === undefined) throw new Refused('TRIO_UNKNOWN');
  if (!trio.servers.includes(server)) throw new Refused('SERVER_UNKNOWN');
  if (spine.account(sender)?.organisation !== spine.account(server)?.organisation)
    throw new Refused('SENDER_WRONG');
  const id = `stat-quarantines/${act.trio}${server}`;
  const stands = read<QuarantineRow>(rows, id);
  if (stands === undefined || stands.state === 'rebuilt') throw new Refused('QUARANTINE_UNKNOWN');
  const left: number[] = [];
  for (let at = Math.max(stands.firstBatch, 1); at <= stands.lastBatch; at++) left.push(at);
  if (fromBatch !== (left[0] ?? 1)) throw new Refused('ROOT_DIFFERS');
  if (roots.length > left.length || (roots.length === 0 && left.length > 0))
    throw new Refused('ROOT_DIFFERS');
  for (const [at, root] of roots.entries()) {
    const row = read<{ root: string } & Row>(
      rows,
      `stat-batches/${act.trio}${number(left[at] ?? 0)}`,
    );
    if (row?.root !== bytesToHex(root)) throw new Refused('ROOT_DIFFERS');
  }
  const [next] = left.slice(roots.length);
  const change = next === undefined ? { state: 'rebuilt' } : { firstBatch: next };
  keep(rows, id, { ...stands, ...change, height, timeMs });
}

/** VL-19. */
function judgeIncident(rows: Rows, act: Incident, context: ModelContext): void {
  const { sender, height, timeMs } = context;
  const id = `stat-incidents/${sender}${bytesToHex(act.report)}`;
  if (rows.has(id)) throw new Refused('INCIDENT_TAKEN');
  keep(rows, id, { kind: act.incident, height, timeMs });
}

const idOf = (name: string): string => bytesToHex(bytesOf(name)).slice(0, 32);
export const purposeBy = (twist: number): StatPurpose => statPurposes[twist % 4] ?? 'research';
const servers = ['server one', 'server two', 'server three'] as const;

/** Out of one small number, so that datasets, permits and queries meet. */
const drawn = {
  dataset: ({ small, twist }: Step): StatDataset => ({
    ...{ kind: 'StatDataset', dataset: idOf(`dataset ${small % 2}`) },
    ...{ panel: 1, edges: 1, windows: 1, kMin: twist === 0 ? 19 : 20, pagesPerPatient: 24 },
    servers: servers.map((name, at) => accountOf(at === 2 && twist % 2 === 0 ? servers[0] : name)),
    ...{ researcherCap: 500_000, datasetCap: 2_000_000 },
    purposes: twist === 1 ? ['trial', 'research'] : ['research', 'quality'],
  }),
  permit: ({ small, twist }: Step): StatPermit => ({
    ...{ kind: 'StatPermit', permit: idOf(`permit ${small % 3}`) },
    ...{ dataset: idOf(`dataset ${small % 2}`), purpose: purposeBy(twist) },
    researcher: accountOf(twist === 0 ? 'ana' : 'researcher'),
    ...{ microRho: 700_000, notAfterMs: t0 + small * 86_400_000 },
  }),
  batch: ({ small, twist }: Step): StatBatch => ({
    ...{ kind: 'StatBatch', trio: modelTrioId(servers.map(accountOf)), number: small },
    ...{ root: bytesOf(`root ${small}`), pages: twist },
    ...{ firstHour: 500_000, lastHour: 500_000 + twist },
    signatures: servers.map((name) => ({
      ...{ signKey: identityOf(name).signKey, signature: new Uint8Array(64) },
    })),
  }),
  query: ({ small, twist }: Step): StatQuery => ({
    ...{ kind: 'StatQuery', permit: idOf(`permit ${small % 3}`) },
    ...{ dataset: idOf(`dataset ${small % 2}`), purpose: purposeBy(twist) },
    ...{ query: bytesToHex(bytesOf(`query ${twist}`)), asOfBatch: small, microRho: 10_000 * twist },
  }),
  seal: ({ small, twist }: Step): StatSeal => ({
    ...{ kind: 'StatSeal', researcher: accountOf('researcher') },
    ...{ query: bytesToHex(bytesOf(`query ${twist}`)), answer: bytesOf(`answer ${small}`) },
  }),
  incident: ({ small, twist }: Step): Incident => ({
    ...{ kind: 'Incident', report: bytesOf(`report ${small % 2}`) },
    incident: incidentKinds[twist % incidentKinds.length] ?? 'tampering',
  }),
  quarantine: ({ small, twist }: Step): ServerQuarantine => ({
    ...{ kind: 'ServerQuarantine', trio: modelTrioId(servers.map(accountOf)) },
    server: accountOf(servers[twist % 3] ?? 'researcher'),
    incident: bytesToHex(bytesOf(`report ${small % 2}`)),
    ...{ firstBatch: 0, lastBatch: small % 2 },
  }),
  rebuilt: ({ small, twist }: Step): ServerRebuilt => ({
    ...{ kind: 'ServerRebuilt', trio: modelTrioId(servers.map(accountOf)), fromBatch: 1 },
    server: accountOf(servers[twist % 3] ?? 'researcher'),
    roots: small % 2 === 0 ? [] : [bytesOf(`root ${small}`)],
  }),
};
interface Step {
  readonly small: number;
  readonly twist: number;
}

const most = Number.MAX_SAFE_INTEGER;
const full = (length: number): Uint8Array => new Uint8Array(length).fill(255);
const account = accountIdOf(full(32));
const [id16, id32] = ['ff'.repeat(16), 'ff'.repeat(32)];
const largestRows = {
  'stat-trios': { servers: [account, account, account], newestBatch: most },
  'stat-datasets': {
    ...{ trio: id32, founder: account, panel: most, edges: most, windows: most, kMin: most },
    ...{ pagesPerPatient: most, researcherCap: most, datasetCap: most, height: most },
    purposes: [...statPurposes],
  },
  'stat-permits': {
    ...{ dataset: id16, researcher: account, purpose: 'public-health', microRho: most },
    ...{ notAfterMs: most, proposer: account, approver: account, spent: most },
  },
  'stat-batches': { root: full(32), pages: most, firstHour: most, lastHour: most, height: most },
  'stat-queries': {
    ...{ permit: id16, dataset: id16, purpose: 'public-health', asOfBatch: most, microRho: most },
    ...{ quarter: most, height: most, timeMs: most },
  },
  'stat-spent': { microRho: most },
  'stat-spent-by': { microRho: most },
  'stat-seals': { answer: full(32), height: most },
  'stat-withdrawn': { by: account, height: most, timeMs: most },
  'stat-incidents': { kind: 'write-attempt', height: most, timeMs: most },
  'stat-quarantines': {
    ...{ state: 'quarantined', by: [account, account], incident: id32 },
    ...{ firstBatch: most, lastBatch: most, height: most, timeMs: most },
  },
};

const tables: readonly StateTable<unknown>[] = vitalsLedger.tables;

/** The wing's acts once more, for the model ledger and the histories. */
export const vitalsTest: TestWing = {
  name: 'vitals',
  tables: tables.map(({ name }) => name),
  largestRows,
  vectors: async () => {
    const { statCodes, statPages } = await import('./page-vectors.ts');
    const { statEnvelopes } = await import('./recovery-vectors.ts');
    const { statisticsActs, statisticsQuarantines, statisticsQueries, statisticsWithdrawals } =
      await import('./study-vectors.ts');
    const { statisticsSelections, vitalsReading } = await import('./reading-vectors.ts');
    const { paillier, paillierAnswers } = await import('./paillier-vectors.ts');
    const { doubleLocks } = await import('./double-vectors.ts');
    return {
      ...{ paillier, 'paillier-answers': paillierAnswers, 'double-locks': doubleLocks },
      ...{ 'statistics-selections': statisticsSelections, 'vitals-reading': vitalsReading },
      ...{ 'stat-codes': statCodes, 'stat-pages': statPages, 'stat-envelopes': statEnvelopes },
      ...{ 'statistics-acts': statisticsActs, 'statistics-queries': statisticsQueries },
      'statistics-withdrawals': statisticsWithdrawals,
      'statistics-quarantines': statisticsQuarantines,
    };
  },
  people: {
    researcher: 'researcher',
    ...Object.fromEntries(servers.map((name) => [name, 'data-server' as const])),
  },
  acts: [
    {
      kind: 'StatDataset',
      number: 40,
      senders: ['organisation'],
      draw: drawn.dataset,
      judge: (rows, act, context) => judgeDataset(rows, act as StatDataset, context),
    },
    {
      kind: 'StatPermit',
      number: 41,
      senders: ['organisation'],
      draw: drawn.permit,
      judge: (rows, act, context) => judgePermit(rows, act as StatPermit, context),
    },
    {
      kind: 'StatApprove',
      number: 42,
      senders: ['organisation'],
      draw: ({ small }): StatApprove => ({
        kind: 'StatApprove',
        permit: idOf(`permit ${small % 3}`),
      }),
      judge: (rows, act, context) => judgeApprove(rows, act as StatApprove, context),
    },
    {
      kind: 'StatBatch',
      number: 43,
      senders: ['organisation', 'data-server'],
      draw: drawn.batch,
      judge: (rows, act, context) => judgeBatch(rows, act as StatBatch, context),
    },
    {
      kind: 'StatQuery',
      number: 44,
      senders: ['researcher'],
      draw: drawn.query,
      judge: (rows, act, context) => judgeQuery(rows, act as StatQuery, context),
    },
    {
      kind: 'StatSeal',
      number: 45,
      senders: ['data-server'],
      draw: drawn.seal,
      judge: (rows, act, context) => judgeSeal(rows, act as StatSeal, context),
    },
    {
      kind: 'ServerQuarantine',
      number: 46,
      senders: ['organisation', 'data-server'],
      draw: drawn.quarantine,
      judge: (rows, act, context) => judgeQuarantine(rows, act as ServerQuarantine, context),
    },
    {
      kind: 'ServerRebuilt',
      number: 47,
      senders: ['organisation', 'data-server'],
      draw: drawn.rebuilt,
      judge: (rows, act, context) => judgeRebuilt(rows, act as ServerRebuilt, context),
    },
    {
      kind: 'Incident',
      number: 48,
      senders: ['organisation', 'data-server'],
      draw: drawn.incident,
      judge: (rows, act, context) => judgeIncident(rows, act as Incident, context),
    },
    {
      kind: 'StatWithdraw',
      number: 49,
      senders: ['organisation'],
      draw: ({ small }): StatWithdraw => ({
        kind: 'StatWithdraw',
        permit: idOf(`permit ${small % 3}`),
      }),
      judge: (rows, act, context) => judgeWithdraw(rows, act as StatWithdraw, context),
    },
  ],
  assertSame(rows: ReadonlyMap<string, string>, view: LedgerView) {
    for (const [key, text] of rows) {
      const [name, id = ''] = key.split('/');
      const table = tables.find((it) => it.name === name);
      if (table === undefined) continue;
      const said = plain(view.get(table, id));
      if (said !== text) throw new Error(`${key}: ${said} is not ${text}`);
    }
  },
};
