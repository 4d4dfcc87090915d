/** Signs votes: the validator's key in a file, or another holder of it behind the same two members. */
export interface VoteSigner {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}
