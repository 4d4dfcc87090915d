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
  readonly maxPendingRows: number;
  readonly requestsPerMinute: number;
  readonly messagesPerHour: number;
  readonly maxInboxMessages: number;
  /** Of one sender's to one account; the next takes the place of his oldest (http.md H-11). */
  readonly maxWaitingPerSender: number;
  /** Of one sender's to all accounts of this hospital. */
  readonly maxWaitingBytesPerSender: number;
  readonly walletMissesPerHour: number;
  readonly maxWalletCopies: number;
  readonly refusalLeavesPerHour: number;
  /** Refusals of one reader under one grant that get a leaf and a notice of their own. */
  readonly refusalNoticesPerHour: number;
  /** Reads that are served under one grant. */
  readonly looksPerHour: number;
  readonly invitationMs: number;
  readonly peerTimeoutMs: number;
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
  maxPendingRows: 200_000,
  requestsPerMinute: 12_000,
  messagesPerHour: 600,
  maxInboxMessages: 10_000,
  maxWaitingPerSender: 50,
  maxWaitingBytesPerSender: 16 * 1024 * 1024,
  walletMissesPerHour: 10,
  maxWalletCopies: 8,
  refusalLeavesPerHour: 100,
  refusalNoticesPerHour: 3,
  looksPerHour: 600,
  invitationMs: 14 * 24 * 60 * 60_000,
  peerTimeoutMs: 30_000,
  maxEventStreams: 200,
};

/** How often parts forget what nobody came for. */
export const housekeepingMs = 60 * 60_000;
