import { decodeGrantBody, type GrantBody, grantBodyHash } from '../../../api/grant-body.ts';
import { encodeLook } from '../../../api/look.ts';
import { bytesOfText } from '../../../api/message-parts.ts';
import {
  decodeReadRequest,
  maxRequestAgeMs,
  type ReadRequest,
  readEntryHash,
} from '../../../api/read-request.ts';
import { readPost } from '../../../api/routes/read-post.ts';
import type { ReadAnswer } from '../../../api/rows.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { labels } from '../../../crypto/labels.ts';
import { sealTo } from '../../../crypto/letter.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import type { Consent } from '../../../ledger/tables/consents.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { Tally } from '../../../primitives/tally.ts';
import type { GatewayBase } from '../../base.ts';
import type { ItemRows } from '../custody/item-rows.ts';
import type { StoredRow } from '../custody/stored-row.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Peers } from '../peers/peers.ts';
import type { AccessLogWriter, LoggedLook } from './access-log.ts';
import { decideRead, isCovered } from './read-decision.ts';
import type { Refusals } from './refusals.ts';
import type { Tickets } from './tickets.ts';

interface ReadsParts {
  readonly rows: ItemRows;
  readonly inbox: Inbox;
  readonly accessLog: AccessLogWriter;
  readonly tickets: Tickets;
  readonly refusals: Refusals;
  readonly peers: Peers;
}

interface Look {
  readonly patient: AccountId;
  /** Of the grant. */
  readonly notAfterMs: number;
  readonly request: ReadRequest;
  readonly signedRequest: Uint8Array;
  /** Of the chart, before the rows were chosen. */
  readonly changes: number;
  readonly rows: readonly StoredRow[];
  readonly next: string | undefined;
}

/**
 * Serves reads under grants, in the one order that lets the block decide: who asks → may he → which rows → the
 * sealed look on disk → the entry on the ledger → and only when a block says "live", the rows.
 * Source: docs/protocol/reading.md, rules.
 */
export class Reads {
  readonly #base: GatewayBase;
  readonly #parts: ReadsParts;
  /** Looks by grant. */
  readonly #looks: Tally;
  /** Reads by reader, whatever became of them and whichever way they came. */
  readonly #readers: Tally;

  constructor(base: GatewayBase, parts: ReadsParts) {
    this.#base = base;
    this.#parts = parts;
    this.#looks = new Tally(base.now, 60 * 60_000);
    this.#readers = new Tally(base.now, 60_000);
  }

  /**
   * Another hospital's answer is handed on unread.
   *
   * Throws before it knows the reader: CBOR_*, SUITE_UNKNOWN, TYPE_UNKNOWN, PURPOSE_UNKNOWN, REQUEST_TOO_MANY,
   * CHAIN_WRONG, SIGNATURE_WRONG, ACCOUNT_UNKNOWN, ACCOUNT_FROZEN, KEY_NOT_CURRENT, REQUEST_REPLAYED,
   * RATE_LIMITED, LEDGER_STALLED. After that every refusal of `decideRead`, RECORD_UNKNOWN, CONSENT_ENDED and
   * CONSENT_NOT_LIVE leaves a trace for the patient.
   */
  async serve(requestText: string, isForwarded: boolean): Promise<ReadAnswer | Response> {
    const signedRequest = bytesOfText(requestText);
    const request = await this.#authenticate(signedRequest);
    this.#countReader(request);
    if (request.organisation !== this.#base.organisation) {
      if (isForwarded) throw new CodedError('NOT_FOUND');
      const asking = { body: { request: requestText } };
      return this.#parts.peers.passOnUnread(request.organisation, readPost, asking, request.reader);
    }
    this.#refuseStalled();
    this.#useNonce(request);
    await this.#base.caughtUp();
    const consent = await this.#base.view.consent(request.consent);
    const custodian = await this.#custodianOf(consent);
    const isRelated = consent !== undefined && showsBody(request, consent);
    try {
      const look = await this.#choose({ request, signedRequest, consent, custodian });
      return await this.#look(look);
    } catch (error) {
      if (isCoded(error) && isTraced(error)) {
        const patient = custodian === this.#base.organisation ? consent?.account : undefined;
        const { code } = error;
        const { reader, consent: id } = request;
        const refused = { reader, consent: id, code, signedRequest, isRelated };
        await this.#parts.refusals.record({ ...refused, patient: isRelated ? patient : undefined });
      }
      throw error;
    }
  }

  /** By whoever signed, since all that a hospital passes on comes from its one address. Throws RATE_LIMITED. */
  #countReader({ reader }: ReadRequest): void {
    if (!this.#readers.take(reader, this.#base.settings.requestsPerMinute))
      throw new CodedError('RATE_LIMITED');
  }

  /** What fails here is only counted: anybody can send it in anybody's name. */
  async #authenticate(signedRequest: Uint8Array): Promise<ReadRequest> {
    const { view, chainId, figures } = this.#base;
    try {
      const { bytes, signature } = decodeSigned(signedRequest);
      const request = decodeReadRequest(bytes);
      if (request.chainId !== chainId) throw new CodedError('CHAIN_WRONG');
      await view.accountActingWith(request.reader, request.readerKey);
      if (!(await verifyLabelled(request.readerKey, labels.readSign, bytes, signature))) {
        throw new CodedError('SIGNATURE_WRONG');
      }
      return request;
    } catch (error) {
      if (isCoded(error)) figures.add('unauthenticated_total', 1, { code: error.code });
      throw error;
    }
  }

  /** Nothing is handed out that cannot be written down. */
  #refuseStalled(): void {
    const { engine, settings } = this.#base;
    if (engine.status().stalledMs >= settings.stalledMs) throw new CodedError('LEDGER_STALLED');
  }

  /** On disk before anything else happens, so that no gateway and nobody on the way can look a second time. */
  #useNonce({ reader, nonce, issuedMs }: ReadRequest): void {
    const { db, now } = this.#base;
    // A clock ahead of ours must not outlive the memory of its request.
    const keptUntil = now() - 3 * maxRequestAgeMs;
    db.transaction('nonce', () => {
      db.run('DELETE FROM read_nonces WHERE seenMs < ?', keptUntil);
      const seenMs = Math.max(now(), issuedMs);
      const isNew = db.run(
        'INSERT OR IGNORE INTO read_nonces VALUES (?, ?, ?)',
        ...[reader, nonce, seenMs],
      );
      if (isNew === 0) throw new CodedError('REQUEST_REPLAYED');
    });
  }

  async #custodianOf(consent: Consent | undefined): Promise<AccountId | undefined> {
    if (consent === undefined) return undefined;
    return (await this.#base.view.account(consent.account))?.organisation;
  }

  /** The rows that the grant covers; throws what `decideRead` says, or RECORD_UNKNOWN when none of them is. */
  async #choose(asked: {
    readonly request: ReadRequest;
    readonly signedRequest: Uint8Array;
    readonly consent: Consent | undefined;
    readonly custodian: AccountId | undefined;
  }): Promise<Look> {
    const { engine, now } = this.#base;
    const { rows } = this.#parts;
    const { request, signedRequest, consent, custodian } = asked;
    const body = consent === undefined ? undefined : bodyShown(request, consent);
    const nowMs = Math.max(now(), engine.status().timeMs);
    const refused = decideRead({ request, consent, body, custodian, nowMs });
    if (refused !== undefined) throw new CodedError(refused);
    if (consent === undefined || body === undefined) throw new CodedError('NOT_SHARED');
    const { account: patient, notAfterMs } = consent;
    const { what } = request;
    const common = {
      patient,
      notAfterMs,
      request,
      signedRequest,
      changes: rows.changesOf(patient),
    };
    if (what.kind === 'records') {
      const named = await rows.byRecord(patient, what.recordIds);
      const found = named.filter((row) => isCovered(row, body));
      if (found.length === 0) throw new CodedError('RECORD_UNKNOWN');
      return { ...common, rows: found, next: undefined };
    }
    const only = { classes: body.readClasses, fromMs: body.fromMs };
    const { height: since, cursor, limit } = what;
    const page = await rows.page({ account: patient, since, cursor, limit, only });
    const covered = page.rows.filter((row) => isCovered(row, body));
    return { ...common, rows: covered, next: page.next };
  }

  async #look(look: Look): Promise<ReadAnswer> {
    const { inbox, accessLog, tickets } = this.#parts;
    const { patient, notAfterMs, request, signedRequest, rows, next, changes } = look;
    this.#countLook(request);
    // Before the look: what can fail has failed when it is written down.
    const anchors = await this.#parts.rows.anchored(rows);
    const salt = randomBytes(32);
    const entryHash = readEntryHash(salt, signedRequest);
    const isEmergency = request.purpose === 'ETREAT';
    inbox.addHiddenLook(patient, entryHash, await this.#sealed(look, salt), isEmergency);
    const logged = await accessLog.write({ consent: request.consent, entryHash });
    this.#requireLive(entryHash, request, logged);
    const { txId, height, index } = logged;
    inbox.showLook(entryHash, { txId, height, index });
    this.#base.figures.add('looks_total', 1);
    const { reader, readerKey, consent } = request;
    const of = { reader, readerKey, consent, patient, notAfterMs, changes };
    return {
      ...tickets.issue(
        of,
        rows.flatMap(({ blobId, recordId }) => (blobId === undefined ? [] : { blobId, recordId })),
      ),
      ...{ txId, height, index, salt, next: next ?? '' },
      anchors,
    };
  }

  /**
   * A look is a place on the patient's disk and in her list for ever: so one grant serves so many an hour. Counted is
   * what the grantee himself asks, since nobody else comes so far. Throws RATE_LIMITED.
   */
  #countLook({ reader, consent }: ReadRequest): void {
    if (this.#looks.take(consent, this.#base.settings.looksPerHour)) return;
    this.#parts.refusals.count({ reader, consent });
    throw new CodedError('RATE_LIMITED', { consent });
  }

  #requireLive(entryHash: Uint8Array, request: ReadRequest, logged: LoggedLook): void {
    if (!logged.isLive) {
      this.#parts.inbox.dropHiddenLook(entryHash);
      throw new CodedError('CONSENT_ENDED');
    }
    // The look counts, but it was signed too far from this block: somebody held the request back.
    if (Math.abs(logged.timeMs - request.issuedMs) > maxRequestAgeMs) {
      throw new CodedError('REQUEST_STALE');
    }
  }

  async #sealed(look: Look, salt: Uint8Array): Promise<Uint8Array> {
    const { patient, signedRequest, rows } = look;
    const { kemKey } = await this.#base.view.identity(patient);
    const recordIds = rows.map(({ recordId }) => recordId);
    const plain = encodeLook({ salt, signedRequest, servedMs: this.#base.now(), recordIds });
    return sealTo(kemKey, labels.inboxSeal, [idBytes(patient)], new Uint8Array(0), plain);
  }
}

/** Undefined when the shown body is not what the ledger's hash stands for. Throws CONDITION_UNKNOWN. */
function bodyShown(request: ReadRequest, consent: Consent): GrantBody | undefined {
  return showsBody(request, consent) ? decodeGrantBody(request.grantBody) : undefined;
}

/** Only who was given the letter has body and salt. */
function showsBody({ grantBody, grantSalt }: ReadRequest, { bodyHash }: Consent): boolean {
  return equalBytes(grantBodyHash(grantSalt, grantBody), bodyHash);
}

/** A no that is about the reader and the grant, not about this server. */
function isTraced({ kind }: CodedError): boolean {
  return kind !== 'unavailable' && kind !== 'fault';
}
