import { sha256 } from '../../crypto/hash.ts';
import { compareBytes, concatBytes } from '../../primitives/bytes.ts';
import { bytes, type Of, struct, uint } from '../../primitives/shape.ts';
import { leafHash, merkleRoot } from '../merkle.ts';
import { bytesField, nestedField, varintField } from './protobuf.ts';

/**
 * Who signs blocks: Ed25519 keys and their voting power, as headers commit to them.
 * Source: docs/protocol/blocks.md, rule B-2.
 */
export const validator = struct({ publicKey: bytes(32), power: uint });
export type Validator = Of<typeof validator>;

/** The first 20 bytes of SHA-256 over the key. */
export function validatorAddress(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, 20);
}

/** CometBFT's order: greater power first, then by address. Votes stand in this order. */
export function sortValidators(validators: readonly Validator[]): Validator[] {
  return [...validators].sort(
    (a, b) =>
      b.power - a.power ||
      compareBytes(validatorAddress(a.publicKey), validatorAddress(b.publicKey)),
  );
}

/** Root over `SimpleValidator{pub_key, voting_power}` in the order given. */
export function validatorsHash(validators: readonly Validator[]): Uint8Array {
  return merkleRoot(
    validators.map(({ publicKey, power }) =>
      leafHash(concatBytes(nestedField(1, bytesField(1, publicKey)), varintField(2, power))),
    ),
  );
}

/** At most 2^50, so it is exact. */
export function totalPower(validators: readonly Validator[]): number {
  let power = 0;
  for (const validator of validators) power += validator.power;
  return power;
}
