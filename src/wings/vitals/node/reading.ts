import { decodeGrantBody, type GrantBody, grantBodyHash } from '../../../api/grant-body.ts';
import { decodeReadRequest, type ReadRequest } from '../../../api/read-request.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { sealTo } from '../../../crypto/letter.ts';
import type { ReceiptVerdict } from '../../../ledger/chain/receipt.ts';
import { readTxBody } from '../../../ledger/codec.ts';
import { leafHash, type MerkleTree, merkleTree } from '../../../ledger/merkle.ts';
import type { Account } from '../../../ledger/tables/accounts.ts';
import type { Consent } from '../../../ledger/tables/consents.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { decodeCbor, readArray, readBytes } from '../../../primitives/cbor.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, type ConsentId, idBytes } from '../../../primitives/ids.ts';
import {
  decodeSensorRead,
  encodeSensorReading,
  mostPages,
  readingWord,
  readWord,
  type SensorRead,
  type ShownPage,
} from '../api/sensor-read.ts';
import type { Statement } from '../api/statement.ts';
import type { Trio } from '../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../names.ts';
import type { PageStore } from './page-store.ts';
import { decideReading, type ShownLook } from './reading-decision.ts';

/** What a data server asks of the ledger to decide about a reader; every row proven. Throws LEDGER_OLD and what proofs throw. */
export interface ReadingLedger {
  readonly chainId: string;
  account(account: AccountId): Promise<Account | undefined>;
  /** As it stands now: no state of before `since`, a height. */
  consent(consent: ConsentId, since: number): Promise<Consent | undefined>;
  /** X-Wing. */
  kemKey(account: AccountId): Promise<Uint8Array>;
  trio(trio: string): Promise<Trio | undefined>;
  /** Throws RECEIPT_INVALID, TRUST_ROOT_WRONG. */
  receipt(bytes: Uint8Array): Promise<ReceiptVerdict>;
  nowMs(): number;
}

/** How this server hears and speaks (`vitals-servers.md` VS-5). */
export interface ReadingStatements {
  /** What an account says to this server. Throws UNAUTHENTICATED. */
  open(signed: Uint8Array, word: string): Promise<Pick<Statement, 'from' | 'payload'>>;
  /** Signed by this server. */
  say(to: AccountId, word: string, payload: Uint8Array): Promise<Uint8Array>;
}

interface ReadingParts {
  readonly me: AccountId;
  readonly ledger: ReadingLedger;
  readonly statements: ReadingStatements;
  readonly store: PageStore;
}

/** Batches whose trees are remembered. */
const mostTrees = 64;

/**
 * What one data server shows to readers under grants: who asks → what he shows as a look → may he, by this server's own
 * view of the ledger → its shares, sealed to him. Source: docs/protocol/vitals-reading.md, VR-11 to VR-13.
 */
export class VitalsReading {
  readonly #of: ReadingParts;
  readonly #trees = new Map<string, BatchTree>();

  constructor(of: ReadingParts) {
    this.#of = of;
  }

  /**
   * The sealed answer. Throws UNAUTHENTICATED, CHAIN_WRONG, TRIO_UNKNOWN, LOOK_WRONG, RECEIPT_INVALID and every refusal of
   * `decideReading`; REQUEST_TOO_MANY for more pages than an answer holds.
   */
  async answer(signed: Uint8Array): Promise<Uint8Array> {
    const { me, ledger, statements, store } = this.#of;
    const said = await statements.open(signed, readWord);
    const asked = decodeSensorRead(said.payload);
    if (asked.chainId !== ledger.chainId) throw new CodedError('CHAIN_WRONG');
    const place = ((await ledger.trio(asked.trio))?.servers.indexOf(me) ?? -1) + 1;
    if (place === 0) throw new CodedError('TRIO_UNKNOWN');
    const { fromMs } = await this.#granted(said.from, asked);
    const registration = await store.registration(asked.pseudonym);
    if (registration === undefined) throw new CodedError('PATIENT_UNKNOWN');
    const request = sha256(signed);
    const reading = encodeSensorReading({
      ...{ request, place, registration: registration.signed },
      pages: await this.#pages(asked, fromMs),
    });
    const answer = await statements.say(said.from, readingWord, reading);
    const context = [idBytes(said.from), request];
    const kemKey = await ledger.kemKey(said.from);
    return sealTo(kemKey, vitalsNames.labels.readSeal, context, new Uint8Array(0), answer);
  }

  /** What the grant says. Throws what `decideReading` answers. */
  async #granted(reader: AccountId, asked: SensorRead): Promise<GrantBody> {
    const { ledger, store } = this.#of;
    const nowMs = ledger.nowMs();
    const { look, height } = shownLook(await ledger.receipt(asked.look));
    const consent = await ledger.consent(look.request.consent, height);
    const body = consent === undefined ? undefined : bodyShown(look.request, consent);
    const refused = decideReading({
      ...{ reader, asked, look, consent, body, nowMs },
      patient: consent === undefined ? undefined : await ledger.account(consent.account),
      registered: (await store.registration(asked.pseudonym))?.account,
    });
    if (refused !== undefined) throw new CodedError(refused);
    if (body === undefined) throw new CodedError('GRANT_BODY_WRONG');
    return body;
  }

  async #pages(asked: SensorRead, fromMs: number): Promise<readonly ShownPage[]> {
    const { store } = this.#of;
    // Of before the grant's beginning nothing: whole hours from it on.
    const from = Math.max(asked.firstHour, Math.ceil(fromMs / hourMs));
    const hours = { from, until: asked.lastHour + 1 };
    const found = await store.pagesOf(asked.pseudonym, asked.panel, hours);
    const pages = found.filter((it) => it.trio === asked.trio && it.batch > 0);
    if (pages.length > mostPages) throw new CodedError('REQUEST_TOO_MANY');
    const shown: ShownPage[] = [];
    for (const { manifest, signature, kept, batch, page } of pages) {
      const tree = await this.#tree(asked.trio, batch);
      const index = tree.places.get(bytesToHex(page));
      if (index === undefined) throw new CodedError('BATCH_UNKNOWN', { batch });
      shown.push({
        ...{ manifest, signature, batch, index, path: tree.tree.path(index) },
        ...{ roll: kept.roll, histogram: kept.histogram },
        ...{ clinical: kept.clinical, salt: kept.salt },
      });
    }
    return shown;
  }

  async #tree(trio: string, number: number): Promise<BatchTree> {
    const name = `${trio} ${number}`;
    const known = this.#trees.get(name);
    if (known !== undefined) return known;
    const { store } = this.#of;
    const batch = await store.sealedBatch(trio, number);
    if (batch === undefined) throw new CodedError('BATCH_UNKNOWN', { batch: number });
    const leaves: Uint8Array[] = [];
    for (const page of batch.pages) {
      const held = await store.page(page);
      if (held === undefined) throw new CodedError('BATCH_UNKNOWN', { batch: number });
      leaves.push(leafHash(held.leaf));
    }
    const places = new Map(batch.pages.map((page, at) => [bytesToHex(page), at]));
    const made = { tree: merkleTree(leaves), places };
    const [oldest] = this.#trees.keys();
    if (this.#trees.size >= mostTrees && oldest !== undefined) this.#trees.delete(oldest);
    this.#trees.set(name, made);
    return made;
  }
}

const hourMs = 3_600_000;

interface BatchTree {
  readonly tree: MerkleTree;
  /** Of a page, by its id. */
  readonly places: ReadonlyMap<string, number>;
}

/**
 * The look that a receipt shows: one entry of the one act of an AccessLog, by the organisation that the reader asked,
 * answered 1. Throws LOOK_WRONG.
 */
function shownLook({ tx, code, data, claim, height, timeMs }: ReceiptVerdict): {
  readonly look: ShownLook & { readonly request: ReadRequest };
  readonly height: number;
} {
  const { acts, sender } = readTxBody(tx);
  const [act] = acts;
  const isLog = acts.length === 1 && act !== undefined && 'kind' in act && act.kind === 'AccessLog';
  if (!isLog || code !== 0 || claim?.kind !== 'entry' || claim.act !== 0) {
    throw new CodedError('LOOK_WRONG');
  }
  const entries = act.entries.length;
  const bits = readBytes(readArray(decodeCbor(data), 'result data')[0], 'bits', entries);
  const request = decodeReadRequest(decodeSigned(claim.signedRequest).bytes);
  const isOfConsent = act.entries[claim.entry]?.consent === request.consent;
  if (bits[claim.entry] !== 1 || request.organisation !== sender || !isOfConsent) {
    throw new CodedError('LOOK_WRONG');
  }
  return { look: { request, timeMs }, height };
}

/** Undefined when the shown body is not what the ledger's hash stands for. Throws CONDITION_UNKNOWN. */
function bodyShown(
  { grantBody, grantSalt }: ReadRequest,
  { bodyHash }: Consent,
): GrantBody | undefined {
  const isShown = equalBytes(grantBodyHash(grantSalt, grantBody), bodyHash);
  return isShown ? decodeGrantBody(grantBody) : undefined;
}
