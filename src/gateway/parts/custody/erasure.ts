import { decodeErase, encodeErased } from '../../../api/erase.ts';
import type { EraseAnswer } from '../../../api/items.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { maxRequestAgeMs } from '../../../api/read-request.ts';
import { decodeSigned, encodeSigned } from '../../../api/signed.ts';
import { labels } from '../../../crypto/labels.ts';
import { signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { inSlices } from '../../slices.ts';
import type { Batches } from '../batches/batches.ts';
import type { BodyClaims } from './body-claims.ts';
import type { ErasedRows } from './erased-rows.ts';

interface ErasureParts {
  readonly erased: ErasedRows;
  readonly claims: BodyClaims;
  readonly batches: Batches;
}

/**
 * Erases items on their owner's signed order: header, salt and leaf content are overwritten, the body's claim
 * ends, and a signed tombstone takes their place, which the next batch anchors. Erasing again gives the same
 * tombstone. Source: docs/protocol/http.md, rule H-12.
 */
export class Erasure {
  readonly #base: GatewayBase;
  readonly #rows: ErasedRows;
  readonly #claims: BodyClaims;
  readonly #batches: Batches;

  constructor(base: GatewayBase, parts: ErasureParts) {
    this.#base = base;
    this.#rows = parts.erased;
    this.#claims = parts.claims;
    this.#batches = parts.batches;
  }

  /**
   * Throws CBOR_*, SUITE_UNKNOWN, TYPE_UNKNOWN, CHAIN_WRONG, REQUEST_STALE, SIGNATURE_WRONG, NOT_FOUND (a leaf
   * that is not this account's here: then nothing is erased), and as `accountActingWith`.
   */
  async erase(travelling: Uint8Array): Promise<EraseAnswer> {
    const { db, now, figures } = this.#base;
    const rows = this.#rows;
    const { account, leaves } = await this.#check(travelling);
    for await (const slice of inSlices(leaves)) {
      if (slice.some((leaf) => rows.tombstoneOf(account, leaf) === undefined)) {
        throw new CodedError('NOT_FOUND');
      }
    }
    const erasedMs = now();
    let count = 0;
    const erased: EraseAnswer['erased'] = [];
    // Slice by slice: what a crash leaves undone is done when the order comes again, with the same tombstones.
    for await (const slice of inSlices(leaves)) {
      const signed = await Promise.all(
        slice.map(async (leaf) => ({
          leaf,
          tombstone: await this.#tombstone(account, leaf, erasedMs),
        })),
      );
      db.transaction('erase', () => {
        for (const { leaf, tombstone } of signed) {
          const before = rows.tombstoneOf(account, leaf)?.tombstone;
          if (before === undefined) {
            rows.erase(account, leaf, tombstone);
            count += 1;
            const notice = { account, kind: 'erased', sealed: tombstone } as const;
            this.#batches.add('erased', tombstone, erasedMs, notice);
          }
          erased.push({ leaf: textOfBytes(leaf), tombstone: textOfBytes(before ?? tombstone) });
        }
      });
    }
    db.forgetDeleted();
    await this.release();
    figures.add('items_erased_total', count);
    return { erased };
  }

  /** Ends the claims on erased bodies; also after a start, for what a crash came before. */
  async release(): Promise<void> {
    this.#base.db.forgetDue();
    await this.#claims.release();
  }

  async #check(travelling: Uint8Array): Promise<{ account: AccountId; leaves: Uint8Array[] }> {
    const { view, chainId, organisation, now } = this.#base;
    const { bytes, signature } = decodeSigned(travelling);
    const erase = decodeErase(bytes);
    if (erase.chainId !== chainId) throw new CodedError('CHAIN_WRONG');
    if (Math.abs(now() - erase.issuedMs) > maxRequestAgeMs) throw new CodedError('REQUEST_STALE');
    const account = await view.accountActingWith(erase.account, erase.accountKey);
    if (!(await verifyLabelled(erase.accountKey, labels.eraseSign, bytes, signature))) {
      throw new CodedError('SIGNATURE_WRONG');
    }
    if (account.organisation !== organisation) throw new CodedError('NOT_FOUND');
    return { account: erase.account, leaves: [...erase.leaves] };
  }

  async #tombstone(account: AccountId, leaf: Uint8Array, erasedMs: number): Promise<Uint8Array> {
    const { chainId, organisation, key } = this.#base;
    const holderKey = key.publicKey;
    const erased = { chainId, account, leaf, holder: organisation, holderKey, erasedMs };
    const bytes = encodeErased(erased);
    return encodeSigned({ bytes, signature: await signLabelled(key, labels.erasedSign, bytes) });
  }
}
