import { blobPut } from '../../api/routes/blob-put.ts';
import { streamOf } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Kept for who sent it, within the quota. Throws BLOB_MISMATCH, QUOTA_EXCEEDED. Source: rule H-9. */
export const handleBlobPut = handler(blobPut, async ({ gateway, caller, params, request }) => {
  const options = { owner: caller.account, expectedId: params.id };
  return { stored: [await gateway.options.blobs.put(streamOf(request.body), options)] };
});
