import { recordClass } from '../../../../api/classes.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { openWith } from '../../../../crypto/letter.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes, type RecordId } from '../../../../primitives/ids.ts';
import { bytes, decodeAs, encodeAs, type Of, struct, uint } from '../../../../primitives/shape.ts';
import { Tally } from '../../../../primitives/tally.ts';
import {
  commitmentTo,
  decodeDeposit,
  decodeHalfAsked,
  encodeHalfGiven,
  type HalfAsked,
  halfWords,
} from '../../api/half.ts';
import { ciphertextToBytes } from '../../crypto/paillier/ciphertext.ts';
import { bytesToInteger } from '../../crypto/paillier/integers.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { openReaderStatement, state } from '../statements.ts';
import { decideHalf } from './half-decision.ts';
import { halfName } from './half-names.ts';
import type { ShownKeys } from './shown-keys.ts';
import { lookedUnder } from './shown-look.ts';

/** What keeping and giving shares stands on. */
export interface HalvesBase
  extends Pick<DataServerBase, 'account' | 'sign' | 'kem' | 'ledger' | 'now'> {
  readonly store: Pick<DataServerBase['store'], 'kept' | 'keepOnce'>;
}

const keptHalf = struct({
  recordClass,
  /** When it came, of this server's clock. */
  timeMs: uint,
  place: uint,
  commitment: bytes(32),
  share: bytes(32),
});
type KeptHalf = Of<typeof keptHalf>;

const minuteMs = 60_000;
/** Of one account in a minute: what a large import needs, or a whole chart, and no flood. */
const keptAMinute = 600;
const givenAMinute = 600;

/**
 * One server's shares of the second halves of keys: it takes one from a record's owner, and gives it to nobody but her and
 * whom a grant lets read that record. Source: docs/protocol/vitals-double.md, DE-4 to DE-8.
 */
export class Halves {
  readonly #base: HalvesBase;
  readonly #shownKeys: Pick<ShownKeys, 'encryptionFor'>;
  readonly #taken: Tally;
  readonly #given: Tally;

  constructor(base: HalvesBase, shownKeys: Pick<ShownKeys, 'encryptionFor'>) {
    this.#base = base;
    this.#taken = new Tally(base.now, minuteMs);
    this.#given = new Tally(base.now, minuteMs);
    this.#shownKeys = shownKeys;
  }

  /** On disk when it returns. Throws UNAUTHENTICATED, ROLE_WRONG, RATE_LIMITED, CBOR_*, CANNOT_OPEN, HALF_DAMAGED, HALF_TAKEN. */
  async take(signed: Uint8Array): Promise<void> {
    const { store, kem, now } = this.#base;
    const { from, account, payload } = await openReaderStatement(
      this.#base,
      signed,
      halfWords.keep,
    );
    if (account.role !== 'patient') throw new CodedError('ROLE_WRONG');
    const { recordId, place: placeByte, sealed, ...said } = decodeDeposit(payload);
    const name = halfName(from, recordId);
    const before = await store.kept(name);
    // What is here costs nothing: so a large chart that is handed again comes to its end.
    if (before !== undefined) {
      const here = decodeAs(keptHalf, before);
      requireSame(here, said, recordId);
      return requireWhole(here, { account: from, recordId });
    }
    if (!this.#taken.take(from, keptAMinute)) throw new CodedError('RATE_LIMITED');
    const context = [idBytes(from), idBytes(recordId)];
    const { half: label } = vitalsNames.labels;
    const share = await openWith(kem, label, context, new Uint8Array(0), sealed);
    const place = placeByte[0] ?? 0;
    const kept: KeptHalf = { ...said, timeMs: now(), place, share };
    requireWhole(kept, { account: from, recordId });
    const stays = await store.keepOnce(name, encodeAs(keptHalf, kept));
    requireSame(decodeAs(keptHalf, stays), kept, recordId);
  }

  /**
   * A statement with the share under the asker's Paillier key. Throws UNAUTHENTICATED, RATE_LIMITED, STORE_BUSY, CHAIN_WRONG,
   * HALF_UNKNOWN, KEY_UNKNOWN, HALF_DAMAGED, LOOK_WRONG, RECEIPT_INVALID and every refusal of `decideHalf`.
   */
  async give(signed: Uint8Array): Promise<Uint8Array> {
    const { ledger, store } = this.#base;
    const said = await openReaderStatement(this.#base, signed, halfWords.ask);
    if (!this.#given.take(said.from, givenAMinute)) throw new CodedError('RATE_LIMITED');
    const asked = decodeHalfAsked(said.payload);
    if (asked.chainId !== ledger.chainId) throw new CodedError('CHAIN_WRONG');
    const isOwner = said.from === asked.account && asked.look.length === 0;
    if (!isOwner && asked.look.length === 0) throw new CodedError('NOT_SHARED');
    const found = await store.kept(halfName(asked.account, asked.recordId));
    const kept = found && decodeAs(keptHalf, found);
    // Who may not read it does not learn whether there is something to keep.
    if (!isOwner) await this.#requireGranted(said.from, asked, kept);
    if (kept === undefined) throw new CodedError('HALF_UNKNOWN', { recordId: asked.recordId });
    requireWhole(kept, asked);
    const encryption = await this.#shownKeys.encryptionFor(said.from, asked.key);
    const ciphertext = ciphertextToBytes(encryption.encrypt(bytesToInteger(kept.share)));
    const payload = encodeHalfGiven({ request: sha256(signed), ciphertext });
    return state(this.#base, { to: said.from, word: halfWords.give, payload });
  }

  async #requireGranted(
    reader: AccountId,
    { account, recordId, look }: HalfAsked,
    kept: KeptHalf | undefined,
  ): Promise<void> {
    const looked = await lookedUnder(this.#base, look);
    const refused = decideHalf({ ...looked, reader, account, recordId, kept });
    if (refused !== undefined) throw new CodedError(refused);
  }
}

/** Throws HALF_TAKEN: another share is here. */
function requireSame(
  kept: KeptHalf,
  { commitment }: Pick<KeptHalf, 'commitment'>,
  recordId: RecordId,
): void {
  if (!equalBytes(kept.commitment, commitment)) throw new CodedError('HALF_TAKEN', { recordId });
}

/** Throws HALF_DAMAGED: it is not the share that the owner named. */
function requireWhole(
  { place, share, commitment }: KeptHalf,
  { account, recordId }: { readonly account: AccountId; readonly recordId: RecordId },
): void {
  const isIt = equalBytes(commitmentTo({ account, recordId, place }, share), commitment);
  if (share.length !== 32 || !isIt) throw new CodedError('HALF_DAMAGED', { recordId });
}
