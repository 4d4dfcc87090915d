import { randomBytes } from '../../../../crypto/random.ts';
import { concatBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { Tally } from '../../../../primitives/tally.ts';
import { keyWord, paillierKeyId } from '../../api/encrypted-answer.ts';
import { paillierKey } from '../../api/paillier-key.ts';
import { type Encryption, openEncryption } from '../../crypto/paillier/encryption.ts';
import { verifyKey } from '../../crypto/paillier/key-proof.ts';
import { modulusBytes, publicKeyOf } from '../../crypto/paillier/keys.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { openReaderStatement } from '../statements.ts';
import { KeyTurns } from './key-turns.ts';

/** What this stands on. */
export interface ShownKeysBase extends Pick<DataServerBase, 'account' | 'now' | 'modular'> {
  readonly ledger: Pick<DataServerBase['ledger'], 'row'>;
  readonly store: Pick<DataServerBase['store'], 'kept' | 'keepOnce'>;
}

/** Proofs of one account that are verified in a minute. */
const proofsAMinute = 6;
/** And in a day: each key is kept for ever, and nobody needs many. */
const proofsADay = 24;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Encryptions that are kept open, 1.8 MB each. */
const mostOpen = 16;

/**
 * The Paillier keys that accounts showed this server: each is verified once, and kept under its name. Source:
 * docs/protocol/vitals-paillier.md, VD-21 and VD-22.
 */
export class ShownKeys {
  readonly #base: ShownKeysBase;
  readonly #open = new Map<string, Encryption>();
  readonly #minute: Tally;
  readonly #day: Tally;
  readonly #turns: KeyTurns;

  constructor(base: ShownKeysBase, turns = new KeyTurns()) {
    this.#base = base;
    this.#minute = new Tally(base.now, minuteMs);
    this.#day = new Tally(base.now, dayMs);
    this.#turns = turns;
  }

  /** Its name, hex. Throws UNAUTHENTICATED, CBOR_*, RATE_LIMITED, STORE_BUSY, KEY_INVALID. */
  async take(signed: Uint8Array): Promise<string> {
    const { store, modular } = this.#base;
    const { from, payload } = await openReaderStatement(this.#base, signed, keyWord);
    const { modulus, root, proof } = decodeAs(paillierKey, payload);
    const id = paillierKeyId({ modulus, root });
    const name = nameOf(from, id);
    if ((await store.kept(name)) !== undefined) return id;
    if (!this.#minute.take(from, proofsAMinute) || !this.#day.take(from, proofsADay))
      throw new CodedError('RATE_LIMITED');
    await this.#turns.run(from, () => {
      const key = publicKeyOf(modulus, root, modular);
      verifyKey({ key, owner: idBytes(from) }, proof, modular);
    });
    await store.keepOnce(name, concatBytes(modulus, root));
    return id;
  }

  /** Throws KEY_UNKNOWN: this account has not shown such a key here; RATE_LIMITED, STORE_BUSY: too much of it waits for its turn. */
  async encryptionFor(account: AccountId, id: string): Promise<Encryption> {
    const { store } = this.#base;
    const name = nameOf(account, id);
    const open = this.#open.get(name);
    if (open !== undefined) return open;
    const kept = await store.kept(name);
    if (kept === undefined) throw new CodedError('KEY_UNKNOWN', { key: id });
    return this.#turns.run(account, () => this.#open.get(name) ?? this.#opened(name, kept));
  }

  #opened(name: string, kept: Uint8Array): Encryption {
    const { modular: arithmetic } = this.#base;
    const parts = [kept.subarray(0, modulusBytes), kept.subarray(modulusBytes)] as const;
    const key = publicKeyOf(...parts, arithmetic);
    const made = openEncryption(key, { arithmetic, random: randomBytes });
    // Its table, which the first encryption makes.
    made.encrypt(0n);
    const [oldest] = this.#open.keys();
    if (this.#open.size >= mostOpen && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(name, made);
    return made;
  }
}

const nameOf = (account: string, id: string): string => `paillier ${account} ${id}`;
