/** Keys and sealed bytes. */
export const cryptoCodes = {
  KEY_WEAK: { kind: 'not-valid', number: 18, sentence: 'This public key is not one that every engine judges alike.' },
  CANNOT_OPEN: { kind: 'no-key', sentence: 'This cannot be opened with the keys that are here.' },
  WALLET_KDF: { kind: 'not-trusted', sentence: 'This wallet asks for passphrase settings that are too weak or too costly to be honest.' },
} as const;
