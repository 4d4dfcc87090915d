/** Homes and backups. */
export const serverCodes = {
  FILE_UNWRITABLE: { kind: 'usage', sentence: 'The file cannot be written there.' },
  HOME_NOT_EMPTY: { kind: 'usage', sentence: 'The folder is not empty; a backup is restored into a new one.' },
  HOME_NEWER: { kind: 'unavailable', sentence: 'A newer Salus has written this folder; use that version of Salus, or a newer one.' },
  BACKUP_INVALID: { kind: 'verification', sentence: 'The backup does not hold what its manifest says.' },
} as const;
