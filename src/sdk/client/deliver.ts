import { encodeItemsOrder } from '../../api/item.ts';
import { encodeItems, maxItemsPerPost, type WriteConsent } from '../../api/items.ts';
import { textOfBytes } from '../../api/message-parts.ts';
import { itemsPost } from '../../api/routes/items-post.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import type { DataAnchor } from '../../ledger/acts/data-anchor.ts';
import type { DiagnosisAnchor } from '../../ledger/acts/diagnosis-anchor.ts';
import { merkleRoot } from '../../ledger/merkle.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import type { ItemRow } from '../records/item-wrap.ts';
import type { GatewayClient } from './gateway-client.ts';

/** Under which grant somebody writes who is not the owner. */
export interface WritingGrant {
  readonly consent: ConsentId;
  readonly body: Uint8Array;
  readonly salt: Uint8Array;
  readonly writeKey: SigningKey;
}

export interface Delivery {
  readonly account: AccountId;
  readonly epoch: number;
  readonly rows: readonly ItemRow[];
  /** Undefined: the owner delivers. */
  readonly grant?: WritingGrant;
  readonly diagnosis?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives the rows of items whose bodies are stored to the custodian, and returns the anchors that will cover
 * them. Rows that are never anchored are dropped there after a day.
 *
 * Throws CLASS_NOT_GRANTED, RECORD_ID_TAKEN, LEAF_MISMATCH, EPOCH_STALE, GATEWAY_LIED (another root).
 */
export async function deliverRows(
  gateway: GatewayClient,
  delivery: Delivery,
): Promise<readonly (DataAnchor | DiagnosisAnchor)[]> {
  const { account, epoch, rows, grant, signal } = delivery;
  const anchors: (DataAnchor | DiagnosisAnchor)[] = [];
  for (let at = 0; at < rows.length; at += maxItemsPerPost) {
    const part = rows.slice(at, at + maxItemsPerPost);
    const root = merkleRoot(part.map((row) => row.leaf));
    const count = part.length;
    const consent =
      grant === undefined ? [] : [await shown(grant, { account, epoch, root, count })];
    const stream = encodeItems({ account, epoch, consent }, part);
    const answer = await gateway.call(itemsPost, { stream, signal });
    if (answer.root !== textOfBytes(root) || answer.count !== count) {
      throw new CodedError('GATEWAY_LIED', { root: bytesToHex(root) });
    }
    if (delivery.diagnosis === true && grant !== undefined) {
      anchors.push({ kind: 'DiagnosisAnchor', consent: grant.consent, epoch, root, count });
    } else {
      anchors.push({ kind: 'DataAnchor', consent: grant?.consent ?? '', epoch, root, count });
    }
  }
  return anchors;
}

/** What a writer who is not the owner shows with the rows of one anchor. */
async function shown(
  { consent, body, salt, writeKey }: WritingGrant,
  rows: Omit<Parameters<typeof encodeItemsOrder>[0], 'consent'>,
): Promise<WriteConsent> {
  const order = encodeItemsOrder({ ...rows, consent });
  const signature = await signLabelled(writeKey, labels.itemsSign, order);
  return { id: consent, body, salt, signature };
}
