import { accountOf, bytesOf, type World } from '../../../../../test/world.ts';
import { encodeSigned } from '../../../../api/signed.ts';
import { hmacSha256, sha256 } from '../../../../crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../../../crypto/kem.ts';
import { type SigningKey, signingKeyFromSeed, signLabelled } from '../../../../crypto/signature.ts';
import type { StateTable } from '../../../../ledger/table.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex, compareBytes, hexToBytes, utf8 } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type Attributes, isInCohort } from '../../api/cohort.ts';
import {
  debitOf,
  encodeManifest,
  type QueryManifest,
  queryIdOf,
} from '../../api/query-manifest.ts';
import { answerContext, decodeStatAnswer } from '../../api/stat-answer.ts';
import { field64, modulo } from '../../crypto/field.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { openShares } from '../../crypto/statistics/answer-masks.ts';
import { openAnswer } from '../../crypto/statistics/answer-seal.ts';
import type { StatDataset } from '../../ledger/acts/stat-dataset.ts';
import { quarterOf, spentRowId } from '../../ledger/tables/stat-spent.ts';
import { vitalsNames } from '../../names.ts';
import type { DeskParts } from '../../node/questions/desk-parts.ts';
import { QuestionDesk } from '../../node/questions/question-desk.ts';
import type { QuestionPages, WantedPages } from '../../node/questions/question-pages.ts';
import { ShownKeys, type ShownKeysBase } from '../../node/reading/shown-keys.ts';
import { state } from '../../node/statements.ts';
import { digestOfDays, digestOfPages } from '../../node/stores/page-selection.ts';
import type { QuestionStore } from '../../node/stores/question-store.ts';
import { RowMacs } from '../../node/stores/row-macs.ts';
import { sqliteQuestionStore } from '../../node/stores/sqlite/sqlite-question-store.ts';
import {
  approveAct,
  batchAct,
  by,
  datasetAct,
  idOf,
  permitAct,
  type studyLogs,
  studyWorld,
  trio,
} from './study.ts';

const testMacs = new RowMacs(new Uint8Array(32));

/**
 * A study on a real ledger (rules, budget) with three desks of questions and pages in memory: what tests and attacks
 * ask. Signatures of transactions are by decree, those of questions and mask keys are real.
 */

/** One page as all three servers know it, and what is on it. */
export interface StudyPage {
  readonly page: Uint8Array;
  /** Pseudonym, 32 digits. */
  readonly patient: string;
  readonly hour: number;
  readonly batch: number;
  readonly attributes: Attributes;
  /** Rows of five codes. */
  readonly rows: readonly (readonly number[])[];
}

export const firstHour = 499_990;
export const pseudonymOf = (name: string): string => bytesToHex(bytesOf(name)).slice(0, 32);

/** `patients` of them with `each` pages of `rows` readings; codes around `centre`. */
export function pagesOf(of: {
  readonly patients: number;
  readonly each?: number;
  readonly rows?: number;
  readonly from?: number;
}): StudyPage[] {
  const { patients, each = 1, rows = 4, from = 0 } = of;
  return Array.from({ length: patients * each }, (_, i) => {
    const who = from + (i % patients);
    const hour = firstHour + Math.floor(i / patients);
    return {
      page: bytesOf(`page ${who} ${hour}`).slice(0, 16),
      patient: pseudonymOf(`patient ${who}`),
      ...{ hour, batch: 1 },
      attributes: { sex: 1 + (who % 2), 'age-band': who % 10, region: who % 3, arm: who % 2 },
      rows: Array.from({ length: rows }, (_, r) =>
        Array.from({ length: 5 }, (_, v) => 100 + ((who * 7 + r * 13 + v * 29 + hour) % 56)),
      ),
    };
  });
}

const pairs = [0, 1, 2, 3, 4].flatMap((a) => [0, 1, 2, 3, 4].slice(a).map((b) => [a, b] as const));

/** Everything of a page that is added up: 5 sums, 15 products, 160 counters. */
export function totalsOf({ rows }: Pick<StudyPage, 'rows'>): readonly bigint[] {
  const add = (of: (row: readonly number[]) => number): bigint =>
    BigInt(rows.reduce((sum, row) => sum + of(row), 0));
  const counters = Array.from({ length: 160 }, (_, at) =>
    add((row) => ((row[Math.floor(at / 32)] ?? 0) >> 3 === at % 32 ? 1 : 0)),
  );
  const sums = [0, 1, 2, 3, 4].map((v) => add((row) => row[v] ?? 0));
  return [
    ...sums,
    ...pairs.map(([a, b]) => add((row) => (row[a] ?? 0) * (row[b] ?? 0))),
    ...counters,
  ];
}

/** What server `place` holds of a page: any two of the three look like nothing. */
function shareOf(page: StudyPage, place: number): readonly bigint[] {
  const seeded = (server: number): readonly bigint[] =>
    Array.from({ length: 180 }, (_, at) => {
      const hash = hmacSha256(page.page, utf8(`${server} ${at}`)).subarray(0, 8);
      return modulo(field64, BigInt(`0x${bytesToHex(hash)}`));
    });
  if (place < 3) return seeded(place);
  const [one, two] = [seeded(1), seeded(2)];
  return totalsOf(page).map((it, at) => modulo(field64, it - (one[at] ?? 0n) - (two[at] ?? 0n)));
}

/** The pages at one server, which learns of those that `pages` gives. */
export function memoryPages(place: number, pages: () => readonly StudyPage[]): QuestionPages {
  const shares = new Map<string, readonly bigint[]>();
  const held = (page: StudyPage): readonly bigint[] => {
    const name = bytesToHex(page.page);
    const share = shares.get(name) ?? shareOf(page, place);
    shares.set(name, share);
    return share;
  };
  const within = (wanted: WantedPages): readonly StudyPage[] =>
    pages().filter(
      ({ batch, hour, attributes }) =>
        batch <= wanted.asOfBatch &&
        wanted.fromHour <= hour &&
        hour < wanted.untilHour &&
        isInCohort(wanted.cohort, attributes),
    );
  const meant = ({ page, rows }: StudyPage) => ({ page, readings: rows.length });
  return {
    hasBatch: async (_trio, number) => pages().some(({ batch }) => batch >= number),
    async select(wanted) {
      const names = [...new Set(within(wanted).map(({ patient }) => patient))].sort();
      return names.map((name) => {
        const own = within(wanted).filter(({ patient }) => patient === name);
        const ids = own.map(({ page }) => page).sort(compareBytes);
        return {
          ...{ patient: hexToBytes(name) ?? new Uint8Array(16), name, pages: own.length },
          readings: own.reduce((sum, { rows }) => sum + rows.length, 0),
          digest: digestOfDays(digestOfPages(ids)),
        };
      });
    },
    pagesOf: async (patient, wanted) =>
      within(wanted)
        .filter((it) => it.patient === bytesToHex(patient))
        .map(meant),
    async sum({ whole, pages: some }, wanted) {
      const people = new Set(whole.map(({ patient }) => bytesToHex(patient)));
      const ids = new Set(some.map(bytesToHex));
      const counted = within(wanted).filter(
        ({ page, patient }) => people.has(patient) || ids.has(bytesToHex(page)),
      );
      const total = Array.from({ length: 180 }, () => 0n);
      for (const page of counted) {
        for (const [at, value] of held(page).entries())
          total[at] = modulo(field64, (total[at] ?? 0n) + value);
      }
      const shared = { sums: total.slice(0, 5), products: total.slice(5, 20) };
      return wanted.counters ? { ...shared, counters: total.slice(20) } : shared;
    },
    isInDataset: async (account) => account === accountOf('ana'),
  };
}

interface RealKeys {
  readonly sign: SigningKey;
  readonly kem: KemKey;
}

export interface AskedStudy {
  readonly world: World;
  readonly desks: readonly QuestionDesk[];
  readonly stores: readonly QuestionStore[];
  /** Of each desk. */
  readonly shownKeys: readonly ShownKeys[];
  /** What the keys of a desk stand on. */
  shownKeysBase(at: number): ShownKeysBase;
  /** Of the dataset in this quarter. */
  spentRow(): string;
  /** What the servers see of the world. */
  readonly ledger: DeskParts['ledger'];
  /** What the servers keep; may be changed by a test. */
  pages: readonly StudyPage[];
  keysOf(name: string): RealKeys;
  manifest(change?: Partial<QueryManifest>): QueryManifest;
  signed(manifest: QueryManifest, by?: string): Promise<Uint8Array>;
  /** Debits it on the ledger. */
  pay(manifest: QueryManifest, from?: string): string;
  /** Debits, asks all three and opens. */
  asked(manifest: QueryManifest, from?: string): Promise<readonly bigint[]>;
  open(answers: readonly Uint8Array[], from?: string): Promise<readonly bigint[]>;
  /** A server of the same account and keys again, with another store or fault. */
  again(place: number, change?: Partial<DeskParts>): QuestionDesk;
  close(): Promise<void>;
}

/** What a page store keeps beside its pages, in memory. */
function memoryKeeps(): DeskParts['keeps'] {
  const kept = new Map<string, Uint8Array>();
  return {
    kept: async (name) => kept.get(name),
    async keepOnce(name, value) {
      const stays = kept.get(name) ?? value;
      kept.set(name, stays);
      return stays;
    },
  };
}

/** Between a server and the next. */
const ringKey = (at: number): Uint8Array => bytesOf(`mask ${at}`);

const people = [...trio, 'rosa', 'raul', 'ana'] as const;

/** `pages` as all three keep them; caps of the dataset by `terms`; permits for Rosa and Raul. */
export async function askedStudy(
  of: {
    readonly pages?: readonly StudyPage[];
    readonly terms?: Partial<StatDataset>;
    readonly permit?: number;
    readonly logs?: typeof studyLogs;
  } = {},
): Promise<AskedStudy> {
  const microRho = of.permit ?? 40_000_000;
  const world = studyWorld('enrolled', of.logs);
  const terms = { researcherCap: 500_000, datasetCap: 2_000_000, pagesPerPatient: 2 };
  world.mustSend(by('north', datasetAct({ ...terms, ...of.terms })));
  for (const name of ['rosa', 'raul']) {
    const permit = idOf(`permit ${name}`);
    const researcher = accountOf(name);
    world.mustSend(by('north', permitAct({ permit, researcher, microRho })));
    world.mustSend(by('valley', approveAct(permit)));
  }
  world.mustSend(by('server north', batchAct()));

  const real = new Map<string, RealKeys>();
  for (const name of people) {
    const sign = await signingKeyFromSeed(bytesOf(`${name} real sign`));
    real.set(name, { sign, kem: await xwingKeyFromSeed(bytesOf(`${name} real kem`)) });
  }
  const nameOf = new Map<string, string>(people.map((name) => [accountOf(name), name]));
  const keysOf = (name: string): RealKeys => {
    const found = real.get(name);
    if (found === undefined) throw new Error(`no keys of ${name}`);
    return found;
  };

  /** The world's rows, with the real keys in those that have some. */
  function row<Row>(table: StateTable<Row>, id: string): Row | undefined {
    const found = world.view.get(table, id);
    const name = nameOf.get(id);
    if (found === undefined || name === undefined) return found;
    const { sign, kem } = keysOf(name);
    if (table.name === accounts.name) return { ...found, signKey: sign.publicKey };
    if (table.name !== keys.name) return found;
    const directory = world.view.get(keys, id);
    const identities = directory?.identities.map((it) => ({
      ...it,
      identity: { ...it.identity, kemKey: kem.publicKey },
    }));
    return { ...found, identities };
  }
  const ledger: DeskParts['ledger'] = {
    chainId: world.genesis.chainId,
    row: async (table, id) => row(table, id),
  };

  const stores = trio.map(() => sqliteQuestionStore(':memory:', testMacs));
  const keeps = trio.map(() => memoryKeeps());
  const modular = await modularArithmetic();
  const keysBase = (at: number): ShownKeysBase => ({
    ...{ ledger, now: () => world.timeMs, account: accountOf(trio[at] ?? trio[0]) },
    ...{ store: keeps[at] ?? memoryKeeps(), modular },
  });
  const shownKeys = trio.map((_, at) => new ShownKeys(keysBase(at)));
  const desks: QuestionDesk[] = [];
  let pages = of.pages ?? pagesOf({ patients: 40, each: 2 });
  const partsOf = (at: number): DeskParts => {
    const name = trio[at] ?? trio[0];
    const store = stores[at] ?? stores[0];
    if (store === undefined) throw new Error('no store');
    return {
      ...{ ledger, store, now: () => world.timeMs, account: accountOf(name) },
      ...{ keeps: keysBase(at).store, shownKeys: shownKeys[at] ?? new ShownKeys(keysBase(at)) },
      say: (said) =>
        state({ account: accountOf(name), sign: keysOf(name).sign, now: () => world.timeMs }, said),
      pages: memoryPages(at + 1, () => pages),
      async send(act) {
        const { answer } = world.send({ from: name, acts: [act] });
        if (answer !== 'accepted') throw new CodedError(answer);
      },
      hidingKeys: async () => ({
        maskKeys: { next: ringKey(at), previous: ringKey((at + 2) % 3) },
        noiseKey: bytesOf(`${name} noise`),
      }),
    };
  };
  for (const at of trio.keys()) desks.push(new QuestionDesk(partsOf(at)));

  let drawn = 0;
  const study: AskedStudy = {
    ...{ world, desks, stores, ledger, keysOf, shownKeys, shownKeysBase: keysBase },
    spentRow: () => spentRowId(idOf('dataset'), quarterOf(world.timeMs)),
    get pages() {
      return pages;
    },
    set pages(changed) {
      pages = changed;
    },
    manifest: (change = {}) => ({
      chainId: world.genesis.chainId,
      researcher: accountOf('rosa'),
      permit: idOf('permit rosa'),
      dataset: idOf('dataset'),
      purpose: 'research',
      asOfBatch: 1,
      question: { kind: 'mean', vital: 0 },
      cohort: [],
      fromHour: firstHour,
      untilHour: firstHour + 100,
      microRho: 100_000,
      issuedMs: world.timeMs,
      expiresMs: world.timeMs + 3_600_000,
      nonce: sha256(utf8(`nonce ${drawn++}`)).slice(0, 16),
      ...change,
    }),
    async signed(manifest, from = 'rosa') {
      const bytes = encodeManifest(manifest);
      const { question: label } = vitalsNames.labels;
      return encodeSigned({
        bytes,
        signature: await signLabelled(keysOf(from).sign, label, bytes),
      });
    },
    pay(manifest, from = 'rosa') {
      const act = debitOf(manifest, queryIdOf(encodeManifest(manifest)));
      return world.send(by(from, act)).answer;
    },
    async asked(manifest, from = 'rosa') {
      const paid = study.pay(manifest, from);
      if (paid !== 'accepted') throw new CodedError(paid as 'BUDGET_SPENT');
      const question = await study.signed(manifest, from);
      return study.open(await Promise.all(desks.map((desk) => desk.ask(question))), from);
    },
    async open(answers, from = 'rosa') {
      const { kem } = keysOf(from);
      const shares = await Promise.all(
        answers.map(async (bytes) => {
          const answer = decodeStatAnswer(bytes);
          const query = hexToBytes(answer.query) ?? new Uint8Array(0);
          return openAnswer(kem, { query, context: answerContext(answer) }, answer);
        }),
      );
      return openShares(shares);
    },
    again: (place, change = {}) => new QuestionDesk({ ...partsOf(place - 1), ...change }),
    async close() {
      for (const store of stores) await store.close();
    },
  };
  return study;
}
