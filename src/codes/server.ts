/** Homes, backups, and what a consortium agrees on. */
export const serverCodes = {
  FILE_UNWRITABLE: { kind: 'usage', sentence: 'The file cannot be written there.' },
  HOME_NOT_EMPTY: { kind: 'usage', sentence: 'The folder is not empty; a backup is restored into a new one.' },
  BACKUP_INVALID: { kind: 'verification', sentence: 'The backup does not hold what its manifest says.' },
  PROPOSAL_INVALID: { kind: 'not-valid', sentence: 'This is not a proposal of what a log takes.' },
  WITNESS_SILENT: { kind: 'not-valid', sentence: 'This witness did not sign the header of this height.' },
} as const;
