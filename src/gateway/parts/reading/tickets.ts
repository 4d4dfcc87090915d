import { textOfBytes } from '../../../api/message-parts.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import type { AccountId, BlobId, ConsentId } from '../../../primitives/ids.ts';
import { ExpiringMap } from '../../expiring-map.ts';
import type { GatewaySettings } from '../../settings.ts';

/** Of all readers together. */
const maxTickets = 20_000;

interface Ticket {
  readonly reader: AccountId;
  readonly consent: ConsentId;
  readonly patient: AccountId;
  readonly blobs: ReadonlySet<BlobId>;
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
    { notAfterMs, ...ticketOf }: Omit<Ticket, 'blobs'> & { readonly notAfterMs: number },
    blobs: readonly BlobId[],
  ): { readonly ticket: string; readonly ticketUntilMs: number } {
    const ticket = textOfBytes(randomBytes(32));
    const ticketUntilMs = Math.min(this.#now() + this.#ticketMs, notAfterMs);
    this.#tickets.set(nameOf(ticket), { ...ticketOf, blobs: new Set(blobs) }, ticketUntilMs);
    return { ticket, ticketUntilMs };
  }

  /** Whose row of this body was handed out with the ticket. Undefined: none was, or the ticket is over. */
  chartOf(ticket: string | undefined, blob: BlobId): AccountId | undefined {
    const known = ticket === undefined ? undefined : this.#tickets.get(nameOf(ticket));
    return known?.blobs.has(blob) === true ? known.patient : undefined;
  }

  endConsent(consent: ConsentId): void {
    this.#tickets.deleteWhere((ticket) => ticket.consent === consent);
  }
}

function nameOf(ticket: string): string {
  return bytesToHex(sha256(utf8(ticket)));
}
