/** The command line. */
export const cliCodes = {
  PASSPHRASE_MISSING: { kind: 'usage', sentence: 'Give the passphrase by --passphrase-file, --passphrase-fd or SALUS_PASSPHRASE, or type it at a terminal.' },
  PASSPHRASE_DIFFERS: { kind: 'usage', sentence: 'The two passphrases differ: nothing was changed.' },
  PORT_BUSY: { kind: 'unavailable', sentence: 'The port is taken; choose another with --port.' },
  NODE_TOO_OLD: { kind: 'unavailable', sentence: 'This Node is too old for Salus.' },
  CONFIG_INVALID: { kind: 'usage', sentence: 'The configuration names something that Salus does not know, or gives it a value that it cannot have.' },
} as const;
