import { type SigningKey } from '../src/crypto/signature.ts';
import type { SignatureChecks } from '../src/engines/ledger-application/verify-tx.ts';
import type { Identity } from '../src/ledger/identity.ts';
import { type rotation } from '../src/ledger/identity.ts';
import type { Act } from '../src/ledger/protocol.ts';
import type { Role } from '../src/ledger/roles.ts';
import type { TxBody } from '../src/ledger/tx.ts';
import type { AccountId } from '../src/primitives/ids.ts';
/** Valid things with real keys, made from names: a test breaks one of them in one place. */
export declare const chainId = 'salus-test-1';
export declare const realChecks: SignatureChecks;
export interface Person {
  readonly account: AccountId;
  readonly key: SigningKey;
  readonly identity: Identity;
}
/** `organisation` undefined: an organisation, which names itself. */
export declare function makePerson(
  name: string,
  role: Role | typeof rotation,
  organisation?: AccountId,
  recovery?: Uint8Array,
): Promise<Person>;
export declare function makeGenesis(
  organisations: readonly Person[],
  timeMs: number,
): Promise<Uint8Array<ArrayBufferLike>>;
export declare function makeBody(
  sender: AccountId,
  nonce: number,
  validUntilMs: number,
  acts: readonly Act[],
): TxBody;
/** The transaction as it travels, signed by each key. */
export declare function signTx(body: TxBody, ...keys: readonly SigningKey[]): Promise<Uint8Array>;
