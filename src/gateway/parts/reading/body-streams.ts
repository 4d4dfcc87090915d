import type { BodiesAsk, WhyNoBody } from '../../../api/bodies.ts';
import { encodeBodiesEnd, encodeNoBody } from '../../../api/bodies.ts';
import { whyNotLive } from '../../../ledger/acts/consents.ts';
import type { Role } from '../../../ledger/roles.ts';
import { concatBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId, BlobId, RecordId } from '../../../primitives/ids.ts';
import { Shares } from '../../../primitives/shares.ts';
import { carHead, isOneSection, leafSectionHead, noteSection } from '../../../storage/car.ts';
import type { GatewayBase } from '../../base.ts';
import { inSlices } from '../../slices.ts';
import type { ItemRows } from '../custody/item-rows.ts';
import type { Tickets } from './tickets.ts';

/** So often it is asked again whether who takes the stream may still read. */
export const lookAgainMs = 1_000;
/** Bodies that are looked up at once, and how many of their bytes are put together before they are sent. */
const bodiesATurn = 32;
const pieceBytes = 128 * 1024;

interface Parts {
  readonly tickets: Tickets;
  readonly rows: ItemRows;
}

/** What a ticket is for. */
type Shared = Pick<NonNullable<ReturnType<Tickets['of']>>, 'records' | 'changes'>;

/** Who is signed in, and the ticket that is shown; a hospital shows those of its people. */
export interface BodiesAsker {
  readonly account: AccountId;
  readonly role: Role;
  readonly ticket: string | undefined;
}

/** A stream that was granted. `mayGoOn` is asked before each slice and each second; `done` gives its place back. */
export interface BodyStream {
  readonly pieces: () => AsyncGenerator<Uint8Array, void, undefined>;
  readonly mayGoOn: () => Promise<boolean>;
  readonly done: () => void;
}

/**
 * The bodies of many rows as one stream, in the order asked: each asked id gives one section, the body or why there is
 * none, and the last section is the count. What the rows name is looked up right before it is read, so that what was
 * erased meanwhile does not leave. Source: docs/protocol/http.md, rule H-25.
 */
export class BodyStreams {
  readonly #base: GatewayBase;
  readonly #parts: Parts;
  readonly #places: Shares;

  constructor(base: GatewayBase, parts: Parts) {
    this.#base = base;
    this.#parts = parts;
    const { bodyStreamsPerReader: each, maxBodyStreams: all } = base.settings;
    this.#places = new Shares({ each, all });
  }

  /** Throws BLOB_UNKNOWN (nothing here is shared with who asks), STORE_BUSY (too many streams at once). */
  async open(ask: BodiesAsk, { account, role, ticket }: BodiesAsker): Promise<BodyStream> {
    const { tickets } = this.#parts;
    const shown = tickets.of(ticket);
    const isOwner = account === ask.account;
    const isHis = shown?.reader === account || role === 'organisation';
    const isReader = isHis && shown?.patient === ask.account;
    if (!isOwner && !isReader) throw new CodedError('BLOB_UNKNOWN');
    const mayGoOn = isOwner ? async () => true : () => this.#mayRead(ticket);
    if (!(await mayGoOn())) throw new CodedError('BLOB_UNKNOWN');
    const who = isOwner || shown === undefined ? ask.account : shown.reader;
    if (!this.#places.take(who)) throw new CodedError('STORE_BUSY');
    const shared = isOwner ? undefined : shown;
    let isDone = false;
    return {
      mayGoOn,
      pieces: () => this.#pieces(ask, shared, mayGoOn),
      done: () => {
        if (!isDone) this.#places.give(who);
        isDone = true;
      },
    };
  }

  /** The ticket holds, its grant is live, and the key that signed the look is the reader's still. */
  async #mayRead(ticket: string | undefined): Promise<boolean> {
    const { view, engine, now } = this.#base;
    const shown = this.#parts.tickets.of(ticket);
    if (shown === undefined) return false;
    const consent = await view.consent(shown.consent);
    const nowMs = Math.max(now(), engine.status().timeMs);
    if (consent === undefined || whyNotLive(consent, undefined, nowMs) !== undefined) return false;
    try {
      await view.accountActingWith(shown.reader, shown.readerKey);
      return true;
    } catch (error) {
      if (isCoded(error)) return false;
      throw error;
    }
  }

  async *#pieces(
    { account, recordIds }: BodiesAsk,
    shared: Shared | undefined,
    mayGoOn: () => Promise<boolean>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let piece = [carHead()];
    let bytes = 0;
    let lookedMs = this.#base.now();
    for await (const slice of inSlices(recordIds, bodiesATurn)) {
      let named = this.#named(account, slice, shared);
      for (const recordId of slice) {
        const section = await this.#section(recordId, named);
        piece.push(...section);
        for (const part of section) bytes += part.length;
        if (bytes < pieceBytes) continue;
        yield concatBytes(...piece);
        piece = [];
        bytes = 0;
        // Time has passed while it was taken: what was true before may not be now.
        if (this.#base.now() - lookedMs >= lookAgainMs) {
          if (!(await mayGoOn())) throw new CodedError('CONSENT_ENDED');
          lookedMs = this.#base.now();
        }
        named = this.#named(account, slice, shared);
      }
    }
    piece.push(noteSection(encodeBodiesEnd(recordIds.length)));
    yield concatBytes(...piece);
  }

  #named(
    account: AccountId,
    slice: readonly RecordId[],
    shared: Shared | undefined,
  ): ReadonlyMap<RecordId, BlobId | undefined> {
    const { rows } = this.#parts;
    if (shared === undefined) return rows.bodiesOf(account, slice);
    // Nothing of the chart was erased since: what was handed out is still so.
    if (rows.changesOf(account) === shared.changes) return shared.records;
    return rows.bodiesOf(
      account,
      slice.filter((id) => shared.records.has(id)),
    );
  }

  async #section(
    recordId: RecordId,
    named: ReadonlyMap<RecordId, BlobId | undefined>,
  ): Promise<readonly Uint8Array[]> {
    if (!named.has(recordId)) return [none(recordId, 'not-stored')];
    const id = named.get(recordId);
    if (id === undefined) return [none(recordId, 'erased')];
    if (!isOneSection(id)) return [none(recordId, 'alone')];
    try {
      const body = await this.#base.blobs.read(id);
      return [leafSectionHead(id, body.length), body];
    } catch (error) {
      if (isCoded(error, 'BLOB_UNKNOWN')) return [none(recordId, 'not-stored')];
      if (isCoded(error, 'BLOB_CORRUPT')) return [none(recordId, 'corrupt')];
      throw error;
    }
  }
}

const none = (recordId: RecordId, why: WhyNoBody): Uint8Array =>
  noteSection(encodeNoBody({ recordId, why }));
