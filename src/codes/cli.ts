/** The command line. */
export const cliCodes = {
  PASSPHRASE_MISSING: { kind: 'usage', sentence: 'Give the passphrase by --passphrase-file, --passphrase-fd or SALUS_PASSPHRASE, or type it at a terminal.' },
  PASSPHRASE_DIFFERS: { kind: 'usage', sentence: 'The two passphrases differ: nothing was changed.' },
  PORT_BUSY: { kind: 'unavailable', sentence: 'The port is taken; choose another with --port.' },
  FILE_EXISTS: { kind: 'usage', sentence: 'Another file lies there: choose another name, or say --force to replace it.' },
  NODE_TOO_OLD: { kind: 'unavailable', sentence: 'This Node is too old for Salus.' },
} as const;
