/** The command line. */
export const cliCodes = {
  FILE_CHANGED: { kind: 'not-valid', sentence: 'This file was changed while it was read; nothing was added. Add it again when it is whole.' },
  PASSPHRASE_MISSING: { kind: 'usage', sentence: 'Give the passphrase by --passphrase-file, --passphrase-fd or SALUS_PASSPHRASE, or type it at a terminal.' },
  PASSPHRASE_DIFFERS: { kind: 'usage', sentence: 'The two passphrases differ: nothing was changed.' },
  PORT_BUSY: { kind: 'unavailable', sentence: 'The port is taken; choose another with --port.' },
  PASSPHRASE_FILE: { kind: 'usage', sentence: 'A passphrase file holds one line of UTF-8 text, without control characters: this one would make a wallet that nobody opens by typing.' },
  AMBIGUOUS: { kind: 'usage', sentence: 'More than one fits: say which.' },
  MISSING: { kind: 'usage', sentence: 'Something that this command needs was not said.' },
  CONFIRMATION_MISSING: { kind: 'usage', sentence: 'This is asked before it is done, and nobody is here to ask: say --yes.' },
  PATIENT_UNCONFIRMED: { kind: 'usage', sentence: 'Say for whom this is: --patient-born YYYY-MM-DD as the shared chart has it, or --yes. Nothing was written.' },
  PATIENT_OTHER: { kind: 'not-valid', sentence: "This is not the birth date in this patient's chart. Nothing was written." },
  GRANT_NOT_WIDER: { kind: 'usage', sentence: 'An extension ends later than the grant it replaces, and a narrowing allows nothing that it did not: salus grant change does anything else.' },
  SALUS_NOT_RUNNING: { kind: 'unavailable', sentence: 'Salus does not run on this home, so its hospitals are not known by their short names: npm start, or salus up.' },
  FILE_EXISTS: { kind: 'usage', sentence: 'Another file lies there: choose another name, or say --force to replace it.' },
  NODE_TOO_OLD: { kind: 'unavailable', sentence: 'This Node is too old for Salus.' },
  CONFIG_INVALID: { kind: 'usage', sentence: 'The configuration names something that Salus does not know, or gives it a value that it cannot have.' },
} as const;
