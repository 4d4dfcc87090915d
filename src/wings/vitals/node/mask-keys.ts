import { decodeSigned, encodeSigned } from '../../../api/signed.ts';
import type { KemKey } from '../../../crypto/kem.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { keys } from '../../../ledger/tables/keys.ts';
import { hexToBytes } from '../../../primitives/bytes.ts';
import type { Cbor } from '../../../primitives/cbor.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeMaskKey, encodeMaskKey, type MaskKeyMessage } from '../api/mask-key-message.ts';
import type { MaskKeys as KeyPair } from '../crypto/answer-masks.ts';
import { openMaskKey, sealMaskKey } from '../crypto/answer-seal.ts';
import { statTrios, type Trio } from '../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../names.ts';
import type { ServerPlace } from './answer-share.ts';
import type { KeptMaskKey, QuestionStore } from './question-store.ts';
import type { StudyLedger } from './study-ledger.ts';

/** Who this server is, and its keys. */
export interface ServerSelf {
  readonly account: AccountId;
  readonly sign: SigningKey;
  readonly kem: KemKey;
  /** That nobody else has, 32 bytes: the noise comes of it. */
  readonly noiseKey: Uint8Array;
}

/** Hands a signed mask key to another server; returns when that server has kept it. */
export type SendMaskKey = (to: AccountId, signed: Uint8Array) => Promise<void>;

export interface UsedMaskKeys extends KeyPair {
  readonly numbers: { readonly next: number; readonly previous: number };
}

/** The keys that this server shares with its two neighbours. Source: docs/protocol/vitals-statistics.md, rule VQ-37. */
export class MaskKeys {
  readonly #ledger: StudyLedger;
  readonly #store: QuestionStore;
  readonly #self: ServerSelf;
  readonly #send: SendMaskKey;

  constructor(of: {
    readonly ledger: StudyLedger;
    readonly store: QuestionStore;
    readonly self: ServerSelf;
    readonly send: SendMaskKey;
  }) {
    this.#ledger = of.ledger;
    this.#store = of.store;
    this.#self = of.self;
    this.#send = of.send;
  }

  /** The next server has this one's key from now on. Throws MASK_KEY_MISSING: it cannot be reached. */
  async offer(trioId: string, trio: Trio): Promise<KeptMaskKey> {
    const { next } = neighbours(trio, this.#self.account);
    const own = this.#store.maskKey(trioId, next);
    return own?.isShared === true ? own : this.#share(trioId, next, own);
  }

  /** Both keys of a trio. Throws MASK_KEY_MISSING: one is not agreed yet. */
  async of(trioId: string, trio: Trio): Promise<UsedMaskKeys> {
    const { previous } = neighbours(trio, this.#self.account);
    const ahead = await this.offer(trioId, trio);
    const behind = this.#store.maskKey(trioId, previous);
    if (behind === undefined) throw new CodedError('MASK_KEY_MISSING', { server: previous });
    const numbers = { next: ahead.number, previous: behind.number };
    return { next: ahead.key, previous: behind.key, numbers };
  }

  /** Kept before it is sent: a crash in between sends the same again. */
  async #share(
    trio: string,
    to: AccountId,
    drawn: KeptMaskKey = { number: 1, key: randomBytes(32), isShared: false },
  ): Promise<KeptMaskKey> {
    this.#store.keepMaskKey(trio, to, drawn);
    try {
      await this.#send(to, await this.#signed(trio, to, drawn));
    } catch (cause) {
      throw new CodedError('MASK_KEY_MISSING', { server: to }, cause);
    }
    const shared = { ...drawn, isShared: true };
    this.#store.keepMaskKey(trio, to, shared);
    return shared;
  }

  async #signed(trio: string, to: AccountId, { number, key }: KeptMaskKey): Promise<Uint8Array> {
    const kemKey = await kemKeyOf(this.#ledger, to);
    const from = this.#self.account;
    const sealed = await sealMaskKey(kemKey, contextOf({ trio, from, to, number }), key);
    const { chainId } = this.#ledger;
    const bytes = encodeMaskKey({ chainId, trio, from, to, number, ...sealed });
    const label = vitalsNames.labels.maskKey;
    return encodeSigned({ bytes, signature: await signLabelled(this.#self.sign, label, bytes) });
  }

  /**
   * Takes the key of the server before. Returns the number that is kept. Throws TRIO_UNKNOWN, SERVER_UNKNOWN (it is not
   * for this server, or not of the one before), SIGNATURE_WRONG, MASK_KEY_OLD, CANNOT_OPEN.
   */
  async take(signed: Uint8Array): Promise<number> {
    const { bytes, signature } = decodeSigned(signed);
    const message = decodeMaskKey(bytes);
    const { trio: id, from, to, number, chainId } = message;
    const trio = await this.#ledger.row(statTrios, id);
    if (trio === undefined) throw new CodedError('TRIO_UNKNOWN');
    const isForUs = to === this.#self.account && chainId === this.#ledger.chainId;
    if (!isForUs || neighbours(trio, to).previous !== from) throw new CodedError('SERVER_UNKNOWN');
    const sender = await this.#ledger.row(accounts, from);
    if (sender === undefined || sender.frozen) throw new CodedError('SERVER_UNKNOWN');
    const label = vitalsNames.labels.maskKey;
    if (!(await verifyLabelled(sender.signKey, label, bytes, signature)))
      throw new CodedError('SIGNATURE_WRONG');
    const before = this.#store.maskKey(id, from);
    if (before !== undefined && before.number > number) throw new CodedError('MASK_KEY_OLD');
    const key = await openMaskKey(this.#self.kem, contextOf(message), message);
    this.#store.keepMaskKey(id, from, { number, key, isShared: true });
    return number;
  }
}

type Context = Pick<MaskKeyMessage, 'trio' | 'from' | 'to' | 'number'>;
const contextOf = ({ trio, from, to, number }: Context): Cbor => [
  hexToBytes(trio) ?? new Uint8Array(0),
  idBytes(from),
  idBytes(to),
  number,
];

/** Round the ring: 1-2, 2-3, 3-1. Throws SERVER_UNKNOWN: this server is none of the three. */
export function neighbours(
  { servers }: Trio,
  account: AccountId,
): { readonly place: ServerPlace; readonly next: AccountId; readonly previous: AccountId } {
  const at = servers.indexOf(account);
  const [next, previous] = [servers[(at + 1) % 3], servers[(at + 2) % 3]];
  if (at < 0 || next === undefined || previous === undefined)
    throw new CodedError('SERVER_UNKNOWN');
  return { place: ([1, 2, 3] as const)[at] ?? 1, next, previous };
}

/** The HPKE key that an account has in use. Throws ACCOUNT_UNKNOWN. */
export async function kemKeyOf(ledger: StudyLedger, account: AccountId): Promise<Uint8Array> {
  const directory = await ledger.row(keys, account);
  const held = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
  if (held === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  return held.identity.kemKey;
}
