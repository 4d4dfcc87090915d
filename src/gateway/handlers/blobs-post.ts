import { blobsPost } from '../../api/routes/blobs-post.ts';
import { decodeCar } from '../../storage/car.ts';
import { streamOf } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Kept for who sent them, within their quota. Throws CAR_INVALID, BLOB_MISMATCH, QUOTA_EXCEEDED. Source: rule H-9. */
export const handleBlobsPost = handler(blobsPost, async ({ gateway, caller, request }) => {
  const source = decodeCar(streamOf(request.body));
  return { stored: await gateway.options.blobs.putMany(source, { owner: caller.account }) };
});
