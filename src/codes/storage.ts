/** Blobs, and the disk below them. */
export const storageCodes = {
  DISK_FULL: { kind: 'unavailable', status: 507, sentence: 'The disk is full; nothing that was confirmed is lost, and writing goes on when there is room.' },
  BLOB_CORRUPT: { kind: 'verification', sentence: 'Stored bytes do not match their identifier.' },
  BODY_TOO_LARGE: { kind: 'not-valid', status: 413, sentence: 'The request is larger than this address takes.' },
  BLOB_MISMATCH: { kind: 'not-valid', sentence: 'The bytes do not match the identifier they were sent under.' },
  BLOB_UNKNOWN: { kind: 'not-shared', status: 404, sentence: 'These bytes are not stored here.' },
  BLOB_RANGE: { kind: 'not-valid', status: 416, sentence: 'The range lies outside the stored bytes.' },
  CAR_INVALID: { kind: 'not-valid', sentence: 'The archive of blobs cannot be read.' },
  QUOTA_EXCEEDED: { kind: 'unavailable', status: 507, sentence: 'The room that this account has at its hospital is used up.' },
  STORE_BUSY: { kind: 'unavailable', sentence: 'The store has more waiting than it can take; try again in a moment.' },
  STORE_LOCKED: { kind: 'unavailable', sentence: 'Another process is using this store of blobs.' },
  HOME_READ_ONLY: { kind: 'unavailable', sentence: 'The folder for the data cannot be written to.' },
  HOME_INVALID: { kind: 'not-valid', sentence: 'The folder does not hold what Salus left there.' },
  INTERRUPTED: { kind: 'unavailable', sentence: 'Stopped before it was done; what was confirmed is kept.' },
} as const;
