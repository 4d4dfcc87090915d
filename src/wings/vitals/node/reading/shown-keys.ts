import { randomBytes } from '../../../../crypto/random.ts';
import { concatBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { keyWord, paillierKeyId } from '../../api/encrypted-answer.ts';
import { paillierKey } from '../../api/paillier-key.ts';
import { type Encryption, openEncryption } from '../../crypto/paillier/encryption.ts';
import { verifyKey } from '../../crypto/paillier/key-proof.ts';
import { modulusBytes, publicKeyOf } from '../../crypto/paillier/keys.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { openReaderStatement } from '../statements.ts';

/** What this stands on. */
export interface ShownKeysBase extends Pick<DataServerBase, 'account' | 'now' | 'modular'> {
  readonly ledger: Pick<DataServerBase['ledger'], 'row'>;
  readonly store: Pick<DataServerBase['store'], 'kept' | 'keepOnce'>;
}

/** Proofs of one account that are verified in a minute: each takes half a second. */
const proofsAMinute = 6;
const minuteMs = 60_000;
/** Encryptions that are kept open, 1.8 MB each. */
const mostOpen = 8;

/**
 * The Paillier keys that accounts showed this server: each is verified once, and kept under its name. Source:
 * docs/protocol/vitals-paillier.md, VD-21 and VD-22.
 */
export class ShownKeys {
  readonly #base: ShownKeysBase;
  readonly #open = new Map<string, Encryption>();
  readonly #proofs = new Map<string, { readonly count: number; readonly endsMs: number }>();

  constructor(base: ShownKeysBase) {
    this.#base = base;
  }

  /** Its name, hex. Throws UNAUTHENTICATED, CBOR_*, RATE_LIMITED, KEY_INVALID. */
  async take(signed: Uint8Array): Promise<string> {
    const { store, modular } = this.#base;
    const { from, payload } = await openReaderStatement(this.#base, signed, keyWord);
    const { modulus, root, proof } = decodeAs(paillierKey, payload);
    const id = paillierKeyId({ modulus, root });
    const name = nameOf(from, id);
    if ((await store.kept(name)) !== undefined) return id;
    this.#requireUnhurried(from);
    const key = publicKeyOf(modulus, root, modular);
    verifyKey({ key, owner: idBytes(from) }, proof, modular);
    await store.keepOnce(name, concatBytes(modulus, root));
    return id;
  }

  /** Throws KEY_UNKNOWN: this account has not shown such a key here. */
  async encryptionFor(account: string, id: string): Promise<Encryption> {
    const { store, modular: arithmetic } = this.#base;
    const name = nameOf(account, id);
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const kept = await store.kept(name);
    if (kept === undefined) throw new CodedError('KEY_UNKNOWN', { key: id });
    const parts = [kept.subarray(0, modulusBytes), kept.subarray(modulusBytes)] as const;
    const key = publicKeyOf(...parts, arithmetic);
    const made = openEncryption(key, { arithmetic, random: randomBytes });
    const [oldest] = this.#open.keys();
    if (this.#open.size >= mostOpen && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(name, made);
    return made;
  }

  #requireUnhurried(account: string): void {
    const now = this.#base.now();
    const before = this.#proofs.get(account);
    const running = before !== undefined && now < before.endsMs;
    const minute = running ? before : { count: 0, endsMs: now + minuteMs };
    if (minute.count >= proofsAMinute) throw new CodedError('RATE_LIMITED');
    this.#proofs.set(account, { ...minute, count: minute.count + 1 });
  }
}

const nameOf = (account: string, id: string): string => `paillier ${account} ${id}`;
