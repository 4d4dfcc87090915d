import { bytesOfText } from '../../api/message-parts.ts';
import { stateGet } from '../../api/routes/state-get.ts';
import { statePost } from '../../api/routes/state-post.ts';
import { maxStateRows, type StateAnswerMessage } from '../../api/tx.ts';
import { emptyRoot } from '../../ledger/chain/commit.ts';
import type { Header } from '../../ledger/chain/header.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { verifyStateAnswer } from '../../ledger/state-proof.ts';
import { decodeRow, type StateTable } from '../../ledger/table.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { pause } from '../client/http.ts';
import type { VerifiedHeaders } from './verified-headers.ts';

/** A ledger signs a time every five minutes: what nobody has signed for twice as long hides something. */
export const maxStateAgeMs = 10 * 60_000;

/** A ledger that slept with its machine makes a block when it is asked; so often we ask again. */
const freshWaitsMs = [20, 80, 400];

/** A row, or its absence, and the header that proves it. */
interface ProvenRow {
  readonly value: Uint8Array | undefined;
  readonly timeMs: number;
  readonly height: number;
  /** The newest block after which the header shows it to stand so. */
  readonly until: number;
}

/** Which row of which table. */
export interface RowWanted {
  readonly table: StateTable<unknown>;
  readonly id: string;
}

/** Rows that were asked for at once. */
export interface RowsTogether {
  /** Undefined: proven to be absent. Throws INTERNAL: it was not asked for. */
  get<Row>(table: StateTable<Row>, id: string): Row | undefined;
  /** The newest block after which all of them are shown to stand so. */
  readonly until: number;
}

/**
 * Rows of the ledger's state, each with its proof to a verified header; rows that never change are kept.
 *
 * Throws PROOF_INVALID, LEDGER_OLD (no header that is new enough), GATEWAY_LIED (an older state), and what
 * the headers throw.
 */
export class ProvenRows {
  readonly #gateway: GatewayClient;
  readonly #signedIn: GatewayClient | undefined;
  readonly #headers: Pick<VerifiedHeaders, 'tip' | 'header'>;
  readonly #now: () => number;
  readonly #kept = new Map<string, Uint8Array>();

  /** `signedIn`: many rows in one call are for those who have a session. */
  constructor(
    gateways: { readonly plain: GatewayClient; readonly signedIn: GatewayClient | undefined },
    headers: Pick<VerifiedHeaders, 'tip' | 'header'>,
    now: () => number,
  ) {
    this.#gateway = gateways.plain;
    this.#signedIn = gateways.signedIn;
    this.#headers = headers;
    this.#now = now;
  }

  /**
   * Undefined: there is no such row. `maxAgeMs`: how old the header may be that proves it. `since`: a block that somebody else
   * showed; without the row the state after it is waited for. Throws COMMIT_TIMEOUT: this hospital does not have that yet.
   */
  async row<Row>(
    table: StateTable<Row>,
    id: string,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly maxAgeMs?: number;
      readonly since?: number;
    } = {},
  ): Promise<Row | undefined> {
    const { signal, maxAgeMs = Number.POSITIVE_INFINITY, since = 0 } = options;
    const name = nameOf(table, id);
    const kept = this.#kept.get(name);
    if (kept !== undefined) return decodeRow(table, kept);
    for (const waitMs of [...freshWaitsMs, undefined]) {
      const { value, timeMs, height } = await this.#provenRow(table, id, signal);
      const ageMs = this.#now() - timeMs;
      // The state after a block stands in the next header.
      const isBehind = value === undefined && height <= since;
      if (ageMs <= maxAgeMs && !isBehind) {
        if (value === undefined) return undefined;
        if (table.lasting) this.#kept.set(name, value);
        return decodeRow(table, value);
      }
      if (waitMs === undefined) {
        if (isBehind) throw new CodedError('COMMIT_TIMEOUT', { height, since });
        throw new CodedError('LEDGER_OLD', { height, ageMs });
      }
      await pause(waitMs, signal);
    }
    throw new CodedError('INTERNAL');
  }

  /** A row, or its absence, and the header that proves it. */
  async #provenRow(
    table: StateTable<unknown>,
    id: string,
    signal?: AbortSignal,
  ): Promise<ProvenRow> {
    const newestSeen = this.#headers.tip.height;
    const answer = await this.#gateway.call(stateGet, {
      params: { table: table.name, key: id },
      query: { proof: '1' },
      signal,
    });
    return this.#believe({ table: table.name, id }, answer, newestSeen, signal);
  }

  /** Rows that change, as they stand now, a few calls for all of them. Throws LEDGER_OLD. */
  async manyRows<Row, Id extends string>(
    table: StateTable<Row>,
    ids: readonly Id[],
    signal?: AbortSignal,
  ): Promise<Map<Id, Row | undefined>> {
    const rows = new Map<Id, Row | undefined>();
    const signedIn = this.#signedIn;
    const askedAtOnce = signedIn === undefined ? 16 : maxStateRows;
    for (let at = 0; at < ids.length; ) {
      const part = ids.slice(at, at + askedAtOnce);
      if (signedIn === undefined || part.length === 1) {
        const found = await Promise.all(
          part.map((id) => this.row(table, id, { signal, maxAgeMs: maxStateAgeMs })),
        );
        for (const [i, id] of part.entries()) rows.set(id, found[i]);
        at += part.length;
        continue;
      }
      const newestSeen = this.#headers.tip.height;
      const body = { rows: part.map((key) => ({ table: table.name, key })) };
      const { answers } = await signedIn.call(statePost, { body, signal });
      if (answers.length > part.length) throw new CodedError('GATEWAY_LIED', { table: table.name });
      // What had no room in the answer is asked for again.
      at += answers.length;
      for (const [i, answer] of answers.entries()) {
        const id = part[i];
        if (id === undefined) continue;
        const { value, timeMs } = await this.#believe(
          { table: table.name, id },
          answer,
          newestSeen,
          signal,
        );
        // One that is too old is asked for alone, with patience for the next header.
        if (this.#now() - timeMs > maxStateAgeMs) {
          rows.set(id, await this.row(table, id, { signal, maxAgeMs: maxStateAgeMs }));
        } else rows.set(id, value === undefined ? undefined : decodeRow(table, value));
      }
    }
    return rows;
  }

  /**
   * Rows of any tables in one call, proven in this order: a later one is never of an older block. Throws UNAUTHENTICATED
   * without a session.
   */
  async together(wanted: readonly RowWanted[], signal?: AbortSignal): Promise<RowsTogether> {
    const values = new Map<string, Uint8Array | undefined>();
    const left = wanted.filter(({ table, id }) => {
      const kept = this.#kept.get(nameOf(table, id));
      if (kept !== undefined) values.set(nameOf(table, id), kept);
      return kept === undefined;
    });
    let until = Number.MAX_SAFE_INTEGER;
    for (let at = 0; at < left.length; ) {
      const part = left.slice(at, at + maxStateRows);
      const proven = await this.#provenTogether(part, signal);
      for (const [i, row] of proven.entries()) {
        const it = part[i];
        if (it === undefined) continue;
        values.set(nameOf(it.table, it.id), row.value);
        until = Math.min(until, row.until);
      }
      at += proven.length;
    }
    const decoded = new Map<string, unknown>();
    return {
      until,
      get<Row>(table: StateTable<Row>, id: string) {
        const name = nameOf(table, id);
        if (!values.has(name)) throw new CodedError('INTERNAL', { row: name });
        const value = values.get(name);
        if (value === undefined) return undefined;
        if (!decoded.has(name)) decoded.set(name, decodeRow(table, value));
        return decoded.get(name) as Row;
      },
    };
  }

  /** As many of them as one answer had room for: at least one. Throws LEDGER_OLD. */
  async #provenTogether(
    wanted: readonly RowWanted[],
    signal?: AbortSignal,
  ): Promise<readonly ProvenRow[]> {
    if (this.#signedIn === undefined) throw new CodedError('UNAUTHENTICATED');
    const newestSeen = this.#headers.tip.height;
    const body = { rows: wanted.map(({ table, id }) => ({ table: table.name, key: id })) };
    const { answers } = await this.#signedIn.call(statePost, { body, signal });
    if (answers.length > wanted.length)
      throw new CodedError('GATEWAY_LIED', { rows: answers.length });
    const proven: ProvenRow[] = [];
    for (const [at, answer] of answers.entries()) {
      const { table, id } = wanted[at] ?? {};
      if (table === undefined || id === undefined) continue;
      const row = await this.#believe({ table: table.name, id }, answer, newestSeen, signal);
      const ageMs = this.#now() - row.timeMs;
      if (ageMs > maxStateAgeMs) throw new CodedError('LEDGER_OLD', { height: row.height, ageMs });
      if (table.lasting && row.value !== undefined) this.#kept.set(nameOf(table, id), row.value);
      proven.push(row);
    }
    return proven;
  }

  async #believe(
    row: { readonly table: string; readonly id: string },
    answer: StateAnswerMessage,
    newestSeen: number,
    signal?: AbortSignal,
  ): Promise<ProvenRow> {
    const { table } = row;
    // The state after block h is what header h + 1 carries.
    if (answer.height + 1 < newestSeen) {
      throw new CodedError('GATEWAY_LIED', { height: answer.height, known: newestSeen });
    }
    if (answer.proof === undefined) throw new CodedError('PROOF_INVALID', { table });
    const value = answer.value === null ? undefined : bytesOfText(answer.value);
    const proof = bytesOfText(answer.proof);
    const header = await this.#prove(answer.height, signal, (appHash) =>
      verifyStateAnswer(appHash, row, value, proof),
    );
    const { height } = header;
    const until = isUnchanging(header) ? height : height - 1;
    return { value, timeMs: msOfTimestamp(header.time), height, until };
  }

  /**
   * The state after a block stands in the next header; after an empty block it is still the one that its
   * own header carries, and the next may be long in coming.
   */
  async #prove(
    height: number,
    signal: AbortSignal | undefined,
    check: (appHash: Uint8Array) => void,
  ): Promise<Header> {
    if (height >= 1 && height >= this.#headers.tip.height) {
      const header = await this.#headers.header(height, signal);
      if (isUnchanging(header)) {
        check(header.appHash);
        return header;
      }
    }
    const header = await this.#headers.header(height + 1, signal);
    check(header.appHash);
    return header;
  }
}

const nameOf = ({ name }: StateTable<unknown>, id: string): string => `${name}/${id}`;

/** The state after this block is the one before. Evidence against a validator changes it, too. */
const isUnchanging = ({ dataHash, evidenceHash }: Header): boolean =>
  equalBytes(dataHash, emptyRoot) && equalBytes(evidenceHash, emptyRoot);
