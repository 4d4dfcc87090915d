import { pointFromScalarSeed, proofOfPoint } from '../../crypto/group.ts';
import { deriveKey, sha256 } from '../../crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signingKeyFromSeed, signLabelled } from '../../crypto/signature.ts';
import type { Identity } from '../../ledger/identity.ts';
import {
  accountIdOfKey,
  identitySignedBytes,
  pointProofContext,
  rotation,
} from '../../ledger/identity.ts';
import { suite } from '../../ledger/object-types.ts';
import { recoveryHash } from '../../ledger/recovery.ts';
import type { Role } from '../../ledger/roles.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';
import type { WalletAccount, WalletContent } from './content.ts';

/** The key pairs of one generation of one account; the secrets follow from a root. */
export interface AccountKeys {
  readonly sign: SigningKey;
  readonly kem: KemKey;
  /** 64 bytes: the scalar of the account's point. */
  readonly pointSeed: Uint8Array;
}

/**
 * The keys that a root gives at one organisation. One root gives unlinkable keys at each, so that one
 * person's accounts cannot be told to be one person's.
 *
 * Source: docs/protocol/wallet.md, rule W-7.
 */
export async function deriveAccountKeys(
  rootSecret: Uint8Array,
  organisation: AccountId,
  index: number,
): Promise<AccountKeys> {
  const context = [idBytes(organisation), index];
  const [sign, kem] = await Promise.all([
    signingKeyFromSeed(deriveKey(rootSecret, labels.accountSign, context)),
    xwingKeyFromSeed(deriveKey(rootSecret, labels.accountKem, context)),
  ]);
  return { sign, kem, pointSeed: deriveKey(rootSecret, labels.accountPoint, context, 64) };
}

export { noRecovery } from '../../ledger/recovery.ts';

/** What the printed code gives at one organisation. */
export interface CodeKeys {
  /** Signs what the account must not be able to do alone: coming back. */
  readonly sign: SigningKey;
  /** Copies of the wallet are sealed to it. */
  readonly kem: KemKey;
}

/** Source: docs/protocol/wallet.md, rule W-7. */
export async function codeKeysOf(code: Uint8Array, organisation: AccountId): Promise<CodeKeys> {
  const context = [idBytes(organisation)];
  const [sign, kem] = await Promise.all([
    signingKeyFromSeed(deriveKey(code, labels.accountRecovery, context)),
    xwingKeyFromSeed(deriveKey(code, labels.walletCodeKem, context)),
  ]);
  return { sign, kem };
}

/** What an identity shows of both keys until they are used. */
export function recoveryHashOf({ sign, kem }: CodeKeys): Uint8Array {
  return recoveryHash(sign.publicKey, sha256(kem.publicKey));
}

/** For Enrol: `organisation` enrols the account as `role`. */
export function enrolmentIdentity(
  keys: AccountKeys,
  bound: {
    readonly chainId: string;
    readonly organisation: AccountId;
    readonly role: Role;
    readonly recovery: Uint8Array;
  },
): Promise<Identity> {
  return signedIdentity(keys, bound.recovery, (identity) =>
    identitySignedBytes(identity, bound.chainId, bound.organisation, bound.role),
  );
}

/** For RotateKey: the account itself stands in the organisation's place. */
export function rotationIdentity(
  keys: AccountKeys,
  bound: {
    readonly chainId: string;
    readonly account: AccountId;
    readonly recovery: Uint8Array;
  },
): Promise<Identity> {
  return signedIdentity(keys, bound.recovery, (identity) =>
    identitySignedBytes(identity, bound.chainId, bound.account, rotation),
  );
}

async function signedIdentity(
  keys: AccountKeys,
  recovery: Uint8Array,
  signedBytesOf: (identity: Omit<Identity, 'signature'>) => Uint8Array,
): Promise<Identity> {
  const identity = {
    suite,
    signKey: keys.sign.publicKey,
    kemKey: keys.kem.publicKey,
    point: await pointFromScalarSeed(keys.pointSeed),
    recovery,
    pointProof: await proofOfPoint(keys.pointSeed, pointProofContext(suite, keys.sign.publicKey)),
  };
  const signature = await signLabelled(keys.sign, labels.identitySign, signedBytesOf(identity));
  return { ...identity, signature };
}

/** Only of an account’s first keys: later ones keep its id. */
export function accountIdOfKeys(keys: AccountKeys): AccountId {
  return accountIdOfKey(suite, keys.sign.publicKey);
}

/** Throws WALLET_INVALID: a wallet that names a root it does not hold. */
export function rootSecretOf(content: WalletContent, rootId: string): Uint8Array {
  const root = content.roots.find((it) => it.id === rootId);
  if (root === undefined) throw new CodedError('WALLET_INVALID', { rootId });
  return root.secret;
}

/** The keys of every generation of an account, newest first: old KEM keys open what was sealed to them. */
export class AccountKeyring {
  readonly #kept = new Map<string, Promise<AccountKeys>>();

  all(content: WalletContent, account: WalletAccount): Promise<readonly AccountKeys[]> {
    return Promise.all(
      account.generations.toReversed().map(({ rootId, index }) => {
        const name = `${account.organisation} ${rootId} ${index}`;
        const kept = this.#kept.get(name);
        if (kept !== undefined) return kept;
        const derived = deriveAccountKeys(
          rootSecretOf(content, rootId),
          account.organisation,
          index,
        );
        this.#kept.set(name, derived);
        return derived;
      }),
    );
  }
}
