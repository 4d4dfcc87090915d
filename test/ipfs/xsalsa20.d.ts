declare module 'xsalsa20' {
  interface Cipher {
    update(input: Uint8Array, output?: Uint8Array): Uint8Array;
    finalize(): void;
  }
  const cipherOf: (nonce: Uint8Array, key: Uint8Array) => Cipher;
  export = cipherOf;
}
