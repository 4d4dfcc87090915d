import { decodeGrantBody, grantBodyHash } from '../../../api/grant-body.ts';
import { encodeItemsOrder } from '../../../api/item.ts';
import type { ItemsAnswer, ItemsRequest, WriteConsent } from '../../../api/items.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { itemsPost } from '../../../api/routes/items-post.ts';
import { labels } from '../../../crypto/labels.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../../primitives/ids.ts';
import type { BlobStore } from '../../../storage/blob-store.ts';
import type { GatewayBase } from '../../base.ts';
import type { Peers } from '../peers/peers.ts';
import type { Session } from '../sessions/sessions.ts';
import type { DeliveredRows } from './delivered-rows.ts';
import { type Delivery, parseDelivery } from './delivery.ts';

/**
 * Takes the rows of an anchor to come, from the owner or from somebody who may write under a grant. When another
 * hospital keeps the account, blobs and rows are passed on to it. Source: docs/protocol/http.md, rule H-9.
 */
export class Reception {
  readonly #base: GatewayBase;
  readonly #rows: DeliveredRows;
  readonly #peers: Peers;

  constructor(base: GatewayBase, rows: DeliveredRows, peers: Peers) {
    this.#base = base;
    this.#rows = rows;
    this.#peers = peers;
  }

  /**
   * Throws LEAF_MISMATCH, RECORD_ID_TAKEN, BLOB_UNKNOWN (send the blobs first), FORBIDDEN (another's account
   * without a grant), NOT_FOUND, QUOTA_EXCEEDED, and for a grant CONSENT_UNKNOWN, CONSENT_ENDED,
   * CONSENT_NOT_LIVE, CONSENT_CANNOT_WRITE, GRANT_BODY_WRONG, CONDITION_UNKNOWN, NOT_SHARED,
   * CLASS_NOT_GRANTED, SIGNATURE_WRONG.
   */
  async accept(
    request: ItemsRequest,
    session: Session,
    isForwarded: boolean,
  ): Promise<ItemsAnswer> {
    const { view, organisation, blobs, figures } = this.#base;
    const consentId = request.consent?.id ?? '';
    const delivery = parseDelivery({ ...request, consent: consentId });
    if (request.consent === undefined) requireOwner(request.account, session);
    else await this.#requireGrant(delivery, request.consent, session);
    const ids = [...new Set(delivery.rows.map(({ blobId }) => blobId))];
    await requireStored(ids, blobs);
    const custodian = (await view.account(request.account))?.organisation;
    if (custodian === undefined) throw new CodedError('NOT_FOUND');
    if (custodian === organisation) {
      this.#rows.deliver(delivery, session.account);
      // The index has passed an anchor that came before its rows: the bodies are kept from here.
      if (this.#rows.isAnchored(delivery.account, delivery.root)) {
        await this.keepBodies(delivery.account, delivery.root);
      }
      figures.add('items_delivered_total', delivery.rows.length);
      return { root: textOfBytes(delivery.root), count: delivery.rows.length, accepted: true };
    }
    if (isForwarded) throw new CodedError('NOT_FOUND');
    return this.#passOn(custodian, request, ids, session.account);
  }

  /** So that the store does not collect what an anchor stands on. */
  async keepBodies(account: AccountId, root: Uint8Array): Promise<void> {
    for (const { owner, blobIds } of this.#rows.claims(account, root)) {
      await this.#base.blobs.markAnchored(blobIds, owner);
    }
  }

  async #passOn(
    custodian: AccountId,
    request: ItemsRequest,
    ids: readonly BlobId[],
    account: AccountId,
  ): Promise<ItemsAnswer> {
    await this.#peers.pushBlobs(custodian, ids, this.#base.blobs);
    return this.#peers.passOn(custodian, itemsPost, { body: request }, account);
  }

  async #requireGrant(delivery: Delivery, shown: WriteConsent, session: Session): Promise<void> {
    const { view, now } = this.#base;
    const consent = await view.consent(shown.id);
    if (consent === undefined) throw new CodedError('CONSENT_UNKNOWN');
    const bodyBytes = bytesOfText(shown.body);
    if (!equalBytes(grantBodyHash(bytesOfText(shown.salt, 32), bodyBytes), consent.bodyHash)) {
      throw new CodedError('GRANT_BODY_WRONG');
    }
    const body = decodeGrantBody(bodyBytes);
    if (body.account !== consent.account || body.account !== delivery.account) {
      throw new CodedError('GRANT_BODY_WRONG');
    }
    // The writer himself, or his hospital, which passes on what he brought.
    if (body.grantee !== session.account && session.role !== 'organisation') {
      throw new CodedError('NOT_SHARED');
    }
    if (consent.revokedHeight !== 0 || now() >= consent.notAfterMs) {
      throw new CodedError('CONSENT_ENDED');
    }
    if (now() < consent.notBeforeMs) throw new CodedError('CONSENT_NOT_LIVE');
    if (consent.writeKey.length === 0) throw new CodedError('CONSENT_CANNOT_WRITE');
    const foreign = delivery.rows.find((row) => !body.writeClasses.includes(row.recordClass));
    if (foreign !== undefined) {
      throw new CodedError('CLASS_NOT_GRANTED', { recordClass: foreign.recordClass });
    }
    const { account, epoch, root } = delivery;
    const order = { account, consent: shown.id, epoch, root, count: delivery.rows.length };
    const signature = bytesOfText(shown.signature, 64);
    const signed = encodeItemsOrder(order);
    if (!(await verifyLabelled(consent.writeKey, labels.itemsSign, signed, signature))) {
      throw new CodedError('SIGNATURE_WRONG');
    }
  }
}

function requireOwner(account: AccountId, session: Session): void {
  if (session.account !== account) throw new CodedError('FORBIDDEN');
}

async function requireStored(ids: readonly BlobId[], blobs: BlobStore): Promise<void> {
  for (const id of ids) {
    if (!(await blobs.has(id))) throw new CodedError('BLOB_UNKNOWN', { blobId: id });
  }
}
