/** The ledger as a process: its clock, its queue, its files. */
export const enginesCodes = {
  SENDER_BUSY: { kind: 'unavailable', number: 13, status: 429, sentence: 'This sender already has 200 transactions waiting; try again in a moment.' },
  CLOCK_BEHIND: { kind: 'unavailable', sentence: 'The clock of this server is behind the ledger; it writes again when the clock is right.' },
  CLOCK_AHEAD: { kind: 'unavailable', sentence: 'The clock of this server jumped ahead; start with --accept-clock if it is right.' },
  LEDGER_LOCKED: { kind: 'unavailable', sentence: 'Another process is using this ledger.' },
  LEDGER_STALLED: { kind: 'unavailable', sentence: 'The ledger has stood still for more than 30 seconds; nothing is handed out that cannot be written down.' },
  COMMIT_TIMEOUT: { kind: 'unavailable', status: 504, sentence: 'The ledger has not confirmed the transaction yet; ask for its receipt later.' },
  LEDGER_BUSY: { kind: 'unavailable', sentence: 'Too many transactions are waiting on this ledger; try again in a moment.' },
  LEDGER_CLOSED: { kind: 'unavailable', sentence: 'This ledger was closed.' },
  KEY_FILE_OPEN: { kind: 'fault', sentence: 'The file of the signing key may be read by others; make it readable by its owner alone.' },
  KEY_FILE_INVALID: { kind: 'fault', sentence: 'The file of the signing key is damaged.' },
  HEIGHT_UNKNOWN: { kind: 'not-valid', status: 404, sentence: 'The ledger has no block of this height.' },
  TX_UNKNOWN: { kind: 'not-valid', status: 404, sentence: 'The ledger knows no such transaction.' },
} as const;
