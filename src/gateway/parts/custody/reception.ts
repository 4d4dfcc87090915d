import { decodeGrantBody, grantBodyHash, mayWrite } from '../../../api/grant-body.ts';
import { encodeItemsOrder } from '../../../api/item.ts';
import type { ItemsAnswer, WriteConsent } from '../../../api/items.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import { itemsPost } from '../../../api/routes/items-post.ts';
import { labels } from '../../../crypto/labels.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, type BlobId, parseAccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Peers } from '../peers/peers.ts';
import type { Session } from '../sessions/sessions.ts';
import { claimOwnerOf } from './claim-owner.ts';
import type { AnchorNamed, DeliveredRows } from './delivered-rows.ts';
import { type Delivery, readDelivery } from './delivery.ts';
import type { WaitingRows, Writer } from './waiting-rows.ts';

interface ReceptionParts {
  readonly delivered: DeliveredRows;
  readonly waiting: WaitingRows;
  readonly peers: Peers;
}

/**
 * Takes the rows of an anchor to come, from the owner or from somebody who may write under a grant. When another
 * hospital keeps the account, rows and blobs are passed on to it. Source: docs/protocol/http.md, rule H-9.
 */
export class Reception {
  readonly #base: GatewayBase;
  readonly #rows: DeliveredRows;
  readonly #waiting: WaitingRows;
  readonly #peers: Peers;

  constructor(base: GatewayBase, parts: ReceptionParts) {
    this.#base = base;
    this.#rows = parts.delivered;
    this.#waiting = parts.waiting;
    this.#peers = parts.peers;
  }

  /**
   * In whose name bytes are stored that come now: the caller's, or, when a peer brings them, that of the person
   * for whom it does; one peer is not one writer for all its people. Throws FORBIDDEN (not one of its people).
   */
  async bringerOf(caller: Session, broughtFor: unknown): Promise<AccountId> {
    if (broughtFor === undefined) return caller.account;
    const person = parseAccountId(broughtFor);
    await this.#requireOf(person, caller, 'FORBIDDEN');
    return person;
  }

  /**
   * `encoded` is the body of `POST /items`.
   *
   * Throws CBOR_*, LEAF_MISMATCH, RECORD_ID_TAKEN, BLOB_UNKNOWN (the writer has not stored it here: send the blobs
   * first), FORBIDDEN (another's account without a grant), NOT_FOUND, QUOTA_EXCEEDED, and for a grant CONSENT_UNKNOWN,
   * CONSENT_ENDED, CONSENT_NOT_LIVE, CONSENT_CANNOT_WRITE, KEY_NOT_CURRENT, GRANT_BODY_WRONG, CONDITION_UNKNOWN, NOT_SHARED,
   * CLASS_NOT_GRANTED, SIGNATURE_WRONG. BLOB_UNKNOWN comes last: the rows are welcome but for their bodies.
   */
  async accept(encoded: Uint8Array, session: Session, isForwarded: boolean): Promise<ItemsAnswer> {
    const { view, organisation } = this.#base;
    const { delivery, shown } = await readDelivery(encoded);
    const writer =
      shown === undefined
        ? ownerOf(delivery.account, session)
        : await this.#requireGrant(delivery, shown, session);
    const custodian = (await view.account(delivery.account))?.organisation;
    if (custodian === organisation) return this.#keep(delivery, writer);
    if (custodian === undefined || isForwarded) throw new CodedError('NOT_FOUND');
    // Only a grant leads into the charts of another hospital: whose own they are signs in there.
    if (shown === undefined) throw new CodedError('FORBIDDEN');
    return this.#passOn(custodian, encoded, { writer, blobIds: blobIdsOf(delivery) });
  }

  async #keep(delivery: Delivery, writer: Writer): Promise<ItemsAnswer> {
    const { blobs, figures } = this.#base;
    await this.#rows.requireFree(delivery, writer);
    const heirs = { from: writer.account, to: claimOwnerOf(delivery) };
    const [unknown] = await blobs.handOver(blobIdsOf(delivery), heirs);
    if (unknown !== undefined) throw new CodedError('BLOB_UNKNOWN', { blobId: unknown });
    try {
      await this.#rows.deliver(delivery, writer);
    } finally {
      await this.#requireStillLive(delivery);
    }
    const count = delivery.rows.length;
    // The index has passed an anchor that came before its rows: the bodies are kept from here.
    if (this.#rows.isAnchored(delivery.account, delivery.root)) {
      await this.keepBodies({ ...delivery, count });
    }
    figures.add('items_delivered_total', count);
    return { root: textOfBytes(delivery.root), count, accepted: true };
  }

  /** A revocation that was indexed while these rows came found nothing to drop, or took them away under way. */
  async #requireStillLive({ account, consent }: Delivery): Promise<void> {
    if (consent === '' || (await this.#base.view.consent(consent))?.revokedHeight === 0) return;
    await this.#waiting.endGrant({ account, consent });
    throw new CodedError('CONSENT_ENDED');
  }

  /** So that the store does not collect what an anchor stands on. */
  async keepBodies(anchor: AnchorNamed): Promise<void> {
    const { owner, ids } = this.#rows.bodiesOf(anchor);
    await this.#base.blobs.markAnchored(ids, owner);
  }

  /**
   * The rows first, which the custodian judges; bodies leave this house only once it says that nothing but those
   * is wanting. What it took is not kept here as well.
   */
  async #passOn(
    custodian: AccountId,
    encoded: Uint8Array,
    { writer, blobIds }: { readonly writer: Writer; readonly blobIds: readonly BlobId[] },
  ): Promise<ItemsAnswer> {
    const { blobs } = this.#base;
    const offer = () =>
      this.#peers.passOnBytes(custodian, itemsPost, { bytes: encoded }, writer.account);
    let answer: ItemsAnswer;
    try {
      answer = await offer();
    } catch (error) {
      if (!isCoded(error, 'BLOB_UNKNOWN')) throw error;
      for (const blobId of blobIds) {
        const isHis = await blobs.hasClaim(blobId, writer.account);
        if (!isHis) throw new CodedError('BLOB_UNKNOWN', { blobId });
      }
      await this.#peers.pushBlobs(custodian, { blobIds, blobs, person: writer.account });
      answer = await offer();
    }
    await blobs.endUnanchored(writer.account, blobIds);
    return answer;
  }

  async #requireGrant(delivery: Delivery, shown: WriteConsent, session: Session): Promise<Writer> {
    const { view, now } = this.#base;
    const consent = await view.consent(shown.id);
    if (consent === undefined) throw new CodedError('CONSENT_UNKNOWN');
    if (!equalBytes(grantBodyHash(shown.salt, shown.body), consent.bodyHash)) {
      throw new CodedError('GRANT_BODY_WRONG');
    }
    const body = decodeGrantBody(shown.body);
    if (body.account !== consent.account || body.account !== delivery.account) {
      throw new CodedError('GRANT_BODY_WRONG');
    }
    // The writer himself, or his hospital, which passes on what he brought.
    if (body.grantee !== session.account) {
      await this.#requireOf(body.grantee, session, 'NOT_SHARED');
    }
    if (consent.revokedHeight !== 0 || now() >= consent.notAfterMs) {
      throw new CodedError('CONSENT_ENDED');
    }
    if (now() < consent.notBeforeMs) throw new CodedError('CONSENT_NOT_LIVE');
    if (consent.writeKey.length === 0) throw new CodedError('CONSENT_CANNOT_WRITE');
    // A write key from before the account changed its keys anchors nothing any more.
    const owner = await view.account(consent.account);
    if (owner?.keyGeneration !== consent.writeKeyGeneration) {
      throw new CodedError('KEY_NOT_CURRENT');
    }
    const foreign = delivery.rows.find((row) => !mayWrite(body, row.recordClass));
    if (foreign !== undefined) {
      throw new CodedError('CLASS_NOT_GRANTED', { recordClass: foreign.recordClass });
    }
    const { account, epoch, root } = delivery;
    const order = { account, consent: shown.id, epoch, root, count: delivery.rows.length };
    const signed = encodeItemsOrder(order);
    if (!(await verifyLabelled(consent.writeKey, labels.itemsSign, signed, shown.signature))) {
      throw new CodedError('SIGNATURE_WRONG');
    }
    return { account: body.grantee, notAfterMs: consent.notAfterMs };
  }

  /** Throws unless the session is the hospital that enrolled this person. */
  async #requireOf(
    person: AccountId,
    { account, role }: Session,
    code: 'FORBIDDEN' | 'NOT_SHARED',
  ): Promise<void> {
    const enrolled = await this.#base.view.account(person);
    if (role !== 'organisation' || enrolled?.organisation !== account) throw new CodedError(code);
  }
}

/** Throws FORBIDDEN. */
function ownerOf(account: AccountId, session: Session): Writer {
  if (session.account !== account) throw new CodedError('FORBIDDEN');
  return { account, notAfterMs: undefined };
}

function blobIdsOf({ rows }: Delivery): BlobId[] {
  return [...new Set(rows.map(({ blobId }) => blobId))];
}
