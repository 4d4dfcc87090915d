import { maxItemsBytes } from '../api/items.ts';

/** What an operator may tune; the defaults are what the protocol states. */
export interface GatewaySettings {
  /** How often refusals and tombstones are anchored (docs/protocol/reading.md, R-10). */
  readonly refusalBatchMs: number;
  /** How long a look waits for others to share a transaction with. */
  readonly gatherMs: number;
  /** When the ledger has stood still for so long, nothing is handed out. */
  readonly stalledMs: number;
  readonly sessionMs: number;
  readonly challengeMs: number;
  readonly ticketMs: number;
  /** How long delivered rows wait for their anchor. */
  readonly pendingMs: number;
  /** What may wait so, of one writer in all charts together. Header, salt and leaf content are counted. */
  readonly maxPendingPosts: number;
  readonly maxPendingRows: number;
  readonly maxPendingBytes: number;
  /** And under one grant. */
  readonly maxPendingPostsOfGrant: number;
  readonly maxPendingRowsOfGrant: number;
  readonly maxPendingBytesOfGrant: number;
  /** What a chart's owner may have in it, anchored or not; erased rows count, their bytes do not. */
  readonly maxRows: number;
  readonly maxRowBytes: number;
  /** And what may be in it under one grant. */
  readonly maxRowsOfGrant: number;
  readonly maxRowBytesOfGrant: number;
  /** Of an account, for all routes together; of a stranger's network, for each route that changes something. */
  readonly requestsPerMinute: number;
  /** Of a stranger's network, for each route that only tells something. */
  readonly strangerReadsPerMinute: number;
  /** Requests of one account that are being answered at the same time. */
  readonly requestsAtOnce: number;
  readonly sessionsPerAccount: number;
  /** Opened with the printed code, beside those. */
  readonly codeSessionsPerAccount: number;
  readonly ticketsPerReader: number;
  /** Charts that flow to one reader at the same time, and to all. */
  readonly bodyStreamsPerReader: number;
  readonly maxBodyStreams: number;
  /** A reader who takes nothing for so long has left. */
  readonly bodyStreamPatienceMs: number;
  /** Bytes of large bodies in memory at the same time: of one account, and of all. */
  readonly bodyBytesPerAccount: number;
  readonly bodyBytesInAll: number;
  readonly messagesPerHour: number;
  readonly maxInboxMessages: number;
  /** Of one sender's to one account; the next takes the place of his oldest (http.md H-11). */
  readonly maxWaitingPerSender: number;
  /** Of one sender's to all accounts of this hospital. */
  readonly maxWaitingBytesPerSender: number;
  /** Of an account's wallet copies: what came since its last rotation with the printed code (http.md H-14). */
  readonly maxWalletBytes: number;
  /** And with what lies there from before. */
  readonly maxWalletBytesInAll: number;
  readonly refusalLeavesPerHour: number;
  /** Refusals of one reader under one grant that get a leaf and a notice of their own. */
  readonly refusalNoticesPerHour: number;
  /** Reads that are served under one grant. */
  readonly looksPerHour: number;
  readonly invitationMs: number;
  readonly peerTimeoutMs: number;
  readonly eventStreamsPerAccount: number;
  readonly maxEventStreams: number;
}

export const defaultSettings: GatewaySettings = {
  refusalBatchMs: 60_000,
  gatherMs: 20,
  stalledMs: 30_000,
  sessionMs: 10 * 60_000,
  challengeMs: 60_000,
  ticketMs: 10 * 60_000,
  pendingMs: 24 * 60 * 60_000,
  maxPendingPosts: 4_096,
  maxPendingRows: 200_000,
  maxPendingBytes: 512 * 1024 * 1024,
  maxPendingPostsOfGrant: 256,
  maxPendingRowsOfGrant: 16_384,
  maxPendingBytesOfGrant: 32 * 1024 * 1024,
  maxRows: 10_000_000,
  maxRowBytes: 8 * 1024 ** 3,
  maxRowsOfGrant: 2_000_000,
  maxRowBytesOfGrant: 1024 ** 3,
  requestsPerMinute: 12_000,
  strangerReadsPerMinute: 60_000,
  requestsAtOnce: 64,
  sessionsPerAccount: 16,
  codeSessionsPerAccount: 4,
  ticketsPerReader: 64,
  bodyStreamsPerReader: 4,
  maxBodyStreams: 64,
  bodyStreamPatienceMs: 30_000,
  bodyBytesPerAccount: 2 * maxItemsBytes,
  bodyBytesInAll: 8 * maxItemsBytes,
  messagesPerHour: 600,
  maxInboxMessages: 10_000,
  maxWaitingPerSender: 50,
  maxWaitingBytesPerSender: 16 * 1024 * 1024,
  maxWalletBytes: 256 * 1024 * 1024,
  maxWalletBytesInAll: 1024 ** 3,
  refusalLeavesPerHour: 100,
  refusalNoticesPerHour: 3,
  looksPerHour: 600,
  invitationMs: 14 * 24 * 60 * 60_000,
  peerTimeoutMs: 30_000,
  eventStreamsPerAccount: 4,
  maxEventStreams: 1_000,
};

/** How often parts forget what nobody came for. */
export const housekeepingMs = 60 * 60_000;
