import { textOfBytes } from '../../../api/message-parts.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import type { AccountId, BlobId, ConsentId, RecordId } from '../../../primitives/ids.ts';
import { ExpiringMap } from '../../expiring-map.ts';
import type { GatewaySettings } from '../../settings.ts';

/** Of all readers together. */
const maxTickets = 20_000;

interface Ticket {
  readonly reader: AccountId;
  /** The key that signed the look. */
  readonly readerKey: Uint8Array;
  readonly consent: ConsentId;
  readonly patient: AccountId;
  readonly blobs: ReadonlySet<BlobId>;
  readonly records: ReadonlyMap<RecordId, BlobId>;
  /** What the chart counted of shown and erased rows before these were chosen. */
  readonly changes: number;
}

/** A row that was handed out, and the body that it names. */
interface HandedOut {
  readonly recordId: RecordId;
  readonly blobId: BlobId;
}

/**
 * Permissions to fetch the bodies of rows that a read handed out: ten minutes, no longer than the grant, and over at
 * once when it is revoked. In memory only; of a reader who has 64 the oldest goes, and of nobody else.
 * Source: docs/protocol/reading.md, rule R-8.
 */
export class Tickets {
  readonly #tickets: ExpiringMap<Ticket>;
  readonly #now: () => number;
  readonly #ticketMs: number;

  constructor(
    now: () => number,
    { ticketMs, ticketsPerReader }: Pick<GatewaySettings, 'ticketMs' | 'ticketsPerReader'>,
  ) {
    const bounds = { each: ticketsPerReader, all: maxTickets };
    this.#tickets = new ExpiringMap(now, { ...bounds, ownerOf: ({ reader }) => reader });
    this.#now = now;
    this.#ticketMs = ticketMs;
  }

  issue(
    { notAfterMs, ...of }: Omit<Ticket, 'blobs' | 'records'> & { readonly notAfterMs: number },
    rows: readonly HandedOut[],
  ): { readonly ticket: Uint8Array; readonly ticketUntilMs: number } {
    const ticket = randomBytes(32);
    const ticketUntilMs = Math.min(this.#now() + this.#ticketMs, notAfterMs);
    const blobs = new Set(rows.map((row) => row.blobId));
    const records = new Map(rows.map((row) => [row.recordId, row.blobId]));
    this.#tickets.set(nameOf(textOfBytes(ticket)), { ...of, blobs, records }, ticketUntilMs);
    return { ticket, ticketUntilMs };
  }

  /** Whose row of this body was handed out with the ticket. Undefined: none was, or the ticket is over. */
  chartOf(ticket: string | undefined, blob: BlobId): AccountId | undefined {
    const known = ticket === undefined ? undefined : this.#tickets.get(nameOf(ticket));
    return known?.blobs.has(blob) === true ? known.patient : undefined;
  }

  /** Undefined: there is none, or it is over. */
  of(ticket: string | undefined): Omit<Ticket, 'blobs'> | undefined {
    return ticket === undefined ? undefined : this.#tickets.get(nameOf(ticket));
  }

  endConsent(consent: ConsentId): void {
    this.#tickets.deleteWhere((ticket) => ticket.consent === consent);
  }
}

function nameOf(ticket: string): string {
  return bytesToHex(sha256(utf8(ticket)));
}
