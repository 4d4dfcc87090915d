/** Homes, backups, and what a consortium agrees on. */
export const serverCodes = {
  FILE_UNWRITABLE: { kind: 'usage', sentence: 'The file cannot be written there.' },
  HOME_NOT_EMPTY: { kind: 'usage', sentence: 'The folder is not empty; a backup is restored into a new one.' },
  BACKUP_INVALID: { kind: 'verification', sentence: 'The backup does not hold what its manifest says.' },
  RESTORED_BEHIND: {
    kind: 'not-valid',
    sentence:
      'This home was restored up to the block named, and later ones may be missing: grants that were revoked since are in force again. Restore it with the blocks of the home that was served last (--blocks-of), or serve it without them (--accept-loss).',
  },
  RESTORED_TWIN: {
    kind: 'not-valid',
    sentence: 'This home was restored of a machine of a consortium, which may still run with the same keys: stop it for good, then say so once (--old-stopped).',
  },
  PROPOSAL_INVALID: { kind: 'not-valid', sentence: 'This is not a proposal of what a log takes.' },
  HOST_OPEN: {
    kind: 'usage',
    sentence: 'This address can be reached from elsewhere: name a certificate (--tls-cert, --tls-key), or put a proxy in front of it that ends TLS, and name it with --trusted-proxy.',
  },
  TLS_INVALID: { kind: 'usage', sentence: 'This is no certificate with its private key, in PEM, that this program may read.' },
  HOME_FOUNDED: { kind: 'usage', sentence: 'A hospital was founded in this home already: salus up serves it. Choose another home for another one.' },
  WITNESS_SILENT: { kind: 'not-valid', sentence: 'This witness did not sign the header of this height.' },
} as const;
