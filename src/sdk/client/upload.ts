import { blobsPost } from '../../api/routes/blobs-post.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { isLeafId, leafBytes } from '../../storage/blob-id.ts';
import { encodeCar } from '../../storage/car.ts';
import type { WorkOptions } from './context.ts';
import type { GatewayClient } from './gateway-client.ts';

export interface BlobToSend {
  readonly id: BlobId;
  readonly bytes: Uint8Array;
}

/** One request carries about so many bytes: few round trips, little to repeat. */
const batchBytes = 4 * leafBytes;
const batchBlobs = 512;

/**
 * Puts blobs into the gateway's store: small ones many at a time, large ones each alone. Only what the
 * gateway confirms under its id counts as stored. Throws GATEWAY_LIED.
 */
export async function uploadBlobs(
  gateway: GatewayClient,
  blobs: Iterable<BlobToSend>,
  { signal }: Pick<WorkOptions, 'signal'> = {},
): Promise<void> {
  let batch: BlobToSend[] = [];
  let held = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await uploadBatch(gateway, batch, signal);
    batch = [];
    held = 0;
  };
  for (const blob of blobs) {
    if (!isLeafId(blob.id) || blob.bytes.length > leafBytes) {
      await gateway.putBlob(blob.id, blob.bytes, signal);
      continue;
    }
    if (held + blob.bytes.length > batchBytes || batch.length >= batchBlobs) await flush();
    batch.push(blob);
    held += blob.bytes.length;
  }
  await flush();
}

async function uploadBatch(
  gateway: GatewayClient,
  batch: readonly BlobToSend[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of encodeCar(batch)) pieces.push(piece);
  const stream = concatBytes(...pieces);
  const { stored } = await gateway.call(blobsPost, { stream, signal });
  const confirmed = new Set(stored.map((it) => it.id));
  for (const { id } of batch) {
    if (!confirmed.has(id)) throw new CodedError('GATEWAY_LIED', { blobId: id });
  }
}
