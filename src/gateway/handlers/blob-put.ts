import { blobPut } from '../../api/routes/blob-put.ts';
import { streamOf } from '../body-stream.ts';
import { handler } from '../handler.ts';
import { broughtForHeader } from '../parts/peers/peers.ts';

/** Kept for who sent it, within the quota. Throws BLOB_MISMATCH, QUOTA_EXCEEDED, FORBIDDEN. Source: rule H-9. */
export const handleBlobPut = handler(blobPut, async ({ gateway, caller, params, request }) => {
  const owner = await gateway.deliveries.bringerOf(caller, request.headers[broughtForHeader]);
  const options = { owner, expectedId: params.id };
  return { stored: [await gateway.options.blobs.put(streamOf(request.body), options)] };
});
