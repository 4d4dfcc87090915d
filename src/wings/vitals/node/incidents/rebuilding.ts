import { sha256 } from '../../../../crypto/hash.ts';
import type { KemKey } from '../../../../crypto/kem.ts';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { IncidentReport } from '../../api/incident-report.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { mostRootsOfRebuilt } from '../../ledger/acts/server-rebuilt.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { forgeryIn } from '../forged.ts';
import { copyPeople } from '../pages/batch-copies.ts';
import { type EnvelopeOpener, openedHere } from '../pages/envelope-opener.ts';
import { register, registerAsOthers } from '../pages/registering.ts';
import { forgetSealedPeople } from '../pages/trio-people.ts';
import type { KeptQuarantine } from '../stores/incident-store.ts';
import type { PageUpkeep } from '../stores/page-store.ts';
import { ownTrio, triosOf } from '../trio.ts';
import { AccusationPace } from './accusation-pace.ts';
import { BatchMending } from './batch-mending.ts';
import type { Tampering } from './tampering.ts';

/** What was put right of one trio. */
export interface Rebuilt {
  readonly trio: string;
  readonly batches: number;
  readonly pages: number;
  /** Of them those whose share came out of an envelope; the others still held. */
  readonly fromEnvelopes: number;
}

/** A scrub that somebody waits for. */
const fullRows = 1_024;

/**
 * Puts right what a data server keeps, without plaintext: lists and manifests from the other two, shares from envelopes that its
 * own recovery key opens, each batch held to its root. Source: docs/protocol/vitals-tampering.md, rule VT-11.
 */
export class Rebuilding {
  readonly #base: DataServerBase;
  readonly #tampering: Tampering;
  readonly #accusations = new AccusationPace();

  constructor(base: DataServerBase, tampering: Tampering) {
    this.#base = base;
    this.#tampering = tampering;
  }

  /**
   * All that is in quarantine; a scrub that finds nothing ends it, and ServerRebuilt says so. Throws ROOT_DIFFERS, ENVELOPE_BAD,
   * ROW_TAMPERED {rows}: something is still not what it was, or was met to be none while this ended; and what asking the other two
   * throws. What was put right stays.
   */
  async rebuild(key: KemKey): Promise<readonly Rebuilt[]> {
    await this.#tampering.open();
    const upkeep = this.#base.store.upkeep;
    if (upkeep === undefined) throw new CodedError('INTERNAL', { what: 'upkeep' });
    const standing = this.#tampering.quarantines();
    const rebuilt: Rebuilt[] = [];
    const opener = this.#base.openerAside?.() ?? openedHere(this.#base.arithmetic, key);
    try {
      for (const it of standing) rebuilt.push(await this.#batches(upkeep, it, opener));
    } finally {
      await opener.close();
    }
    forgetSealedPeople(this.#base.store);
    const numbers = await this.#numbers();
    const numberOf = (trio: string) => numbers.get(trio);
    let finds = this.#tampering.finds;
    const isWhole = (await this.#tampering.scrub.round(fullRows)).bad.length === 0;
    if (!isWhole) {
      await upkeep.drop('PEER_DISAGREES', numberOf);
      await this.#base.questions.upkeep?.drop('ANSWER_LOST', numberOf);
    }
    for (const { trio } of standing) {
      const own = await ownTrio(this.#base, trio);
      await copyPeople(this.#base, own, takingPeople(this.#base));
    }
    if (!isWhole) {
      finds = this.#tampering.finds;
      await this.#requireWhole();
    }
    // Of what was met since then nothing is put right: its quarantine stands.
    const requireNoMore = () => {
      if (this.#tampering.finds !== finds) throw new CodedError('ROW_TAMPERED');
    };
    for (const [at, quarantine] of standing.entries()) {
      await this.#tampering.tellLedger();
      requireNoMore();
      await this.#tellRebuilt(quarantine);
      requireNoMore();
      await this.#tampering.lifted(quarantine.trio, this.#report(quarantine, rebuilt[at]));
    }
    return rebuilt;
  }

  async #requireWhole(): Promise<void> {
    const { bad } = await this.#tampering.scrub.round(fullRows);
    if (bad.length > 0)
      throw new CodedError('ROW_TAMPERED', { rows: bad.length, table: bad[0]?.table ?? '' });
  }

  async #numbers(): Promise<ReadonlyMap<string, ServerNumber>> {
    const numbers = new Map<string, ServerNumber>();
    for (const trio of await triosOf(this.#base)) {
      const own = await ownTrio(this.#base, trio).catch(unlessUnknown);
      if (own !== undefined) numbers.set(trio, own.place);
    }
    return numbers;
  }

  /** Of the next batch everything is asked for, and opened, while one is written. */
  async #batches(upkeep: PageUpkeep, of: KeptQuarantine, opener: EnvelopeOpener): Promise<Rebuilt> {
    const trio = await ownTrio(this.#base, of.trio);
    const mending = new BatchMending({ base: this.#base, upkeep, trio, opener });
    let [pages, fromEnvelopes, batches] = [0, 0, 0];
    const first = Math.max(1, of.first);
    let next = first <= of.last ? mending.begin(first) : undefined;
    for (let number = first; next !== undefined; number++) {
      const begun = await next;
      next = number < of.last ? mending.begin(number + 1) : undefined;
      // What fails of the next one keeps nothing of this one back.
      await next?.catch(() => {});
      const mended = await begun.mended();
      await upkeep.mendBatch(mended.batch, mended.pages);
      pages += mended.pages.length;
      fromEnvelopes += mended.fromEnvelopes;
      batches++;
    }
    return { trio: of.trio, batches, pages, fromEnvelopes };
  }

  /**
   * What others of its trios say of this server on the ledger, while it knows of nothing: it looks at everything once, and where
   * all of it holds it says so in each. Returns how many accusations it answered; throws what kept it from answering the first that
   * it did not. Rule VT-13.
   */
  async answerAccusations(): Promise<number> {
    await this.#tampering.open();
    const { now } = this.#base;
    const accused = await this.#accusedIn();
    if (accused.length === 0 || !this.#accusations.isTime(now())) return 0;
    this.#accusations.looked(now());
    const { bad } = await this.#tampering.fullScrub('peer');
    if (bad.length > 0) return 0;
    const errors: unknown[] = [];
    for (const trio of accused)
      await this.#tellRebuilt({ trio }).catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
    return accused.length;
  }

  async #accusedIn(): Promise<readonly string[]> {
    const { ledger, account } = this.#base;
    const own = new Set(this.#tampering.quarantines().map(({ trio }) => trio));
    const accused: string[] = [];
    for (const trio of await triosOf(this.#base)) {
      const row = await ledger.row(statQuarantines, quarantineRowId(trio, account));
      if (!own.has(trio) && row !== undefined && row.state !== 'rebuilt') accused.push(trio);
    }
    return accused;
  }

  /** As many acts as it takes. Again: nothing more. */
  async #tellRebuilt({ trio }: Pick<KeptQuarantine, 'trio'>): Promise<void> {
    const { ledger, send, account } = this.#base;
    for (;;) {
      const row = await ledger.row(statQuarantines, quarantineRowId(trio, account));
      if (row === undefined || row.state === 'rebuilt') return;
      const fromBatch = Math.max(1, row.firstBatch);
      const roots: Uint8Array[] = [];
      for (let at = fromBatch; at <= row.lastBatch && roots.length < mostRootsOfRebuilt; at++) {
        const batch = await ledger.row(statBatches, batchRowId(trio, at));
        const own = await this.#base.store.sealedBatch(trio, at);
        if (batch === undefined || own === undefined || !equalBytes(own.root, batch.root))
          throw new CodedError('ROOT_DIFFERS', { number: at });
        roots.push(own.root);
      }
      await send({ kind: 'ServerRebuilt', trio, server: account, fromBatch, roots });
    }
  }

  #report({ trio, first, last, began }: KeptQuarantine, of: Rebuilt | undefined): IncidentReport {
    const { account, ledger, now } = this.#base;
    return {
      ...{ chainId: ledger.chainId, by: account, kind: 'tampering', store: 'data-server' },
      ...{ foundBy: 'scrub', foundMs: now(), wholeMs: now(), places: [], more: 0 },
      batches: [{ trio, firstBatch: first, lastBatch: last }],
      ...{ firstHour: 0, lastHour: 0, people: 0, attempts: [], untold: [] },
      done: [
        { what: `rebuilt ${of?.pages ?? 0} pages of ${of?.batches ?? 0} batches`, atMs: now() },
        { what: 'serves again', atMs: now() },
      ],
      follows: Uint8Array.from(Buffer.from(began, 'hex')),
    };
  }
}

/**
 * What a patient signed with the key in use is taken from one of the others; what is not shown so is taken where both have it: one
 * alone could give her name away, or bring back what was stolen. False: it is nobody's.
 */
function takingPeople(base: DataServerBase) {
  const seen = new Map<string, AccountId>();
  return async (signed: Uint8Array, by: AccountId): Promise<boolean> => {
    try {
      await register(base, signed);
      return true;
    } catch (error) {
      requireCode(error, [...passedOver, ...doubtful]);
      if (isNobodys(error)) return false;
      if (isCoded(error) && passedOver.includes(error.code)) return true;
    }
    const name = bytesToHex(sha256(signed));
    const first = seen.get(name) ?? by;
    seen.set(name, first);
    if (first === by) return true;
    await registerAsOthers(base, signed).catch((error: unknown) =>
      requireCode(error, [...passedOver, ...doubtful]),
    );
    return true;
  };
}

/** Of no patient of the ledger, or by no key that it has of her. */
const isNobodys = (error: unknown): boolean =>
  isCoded(error, 'ACCOUNT_UNKNOWN') || forgeryIn(error)?.signer !== undefined;

type Code = CodedError['code'];
const passedOver: readonly Code[] = [
  'REGISTRATION_OLD',
  'PSEUDONYM_TAKEN',
  'ACCOUNT_UNKNOWN',
  'REQUEST_INVALID',
];
const doubtful: readonly Code[] = ['PSEUDONYM_UNPROVEN', 'SIGNATURE_WRONG', 'ACCOUNT_FROZEN'];
function requireCode(error: unknown, codes: readonly Code[]): void {
  if (!isCoded(error) || !codes.includes(error.code)) throw error;
}

const unlessUnknown = (error: unknown): undefined => {
  if (!isCoded(error, 'TRIO_UNKNOWN')) throw error;
};
