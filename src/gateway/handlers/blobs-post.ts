import { blobsPost } from '../../api/routes/blobs-post.ts';
import { decodeCar } from '../../storage/car.ts';
import { streamOf } from '../body-stream.ts';
import { handler } from '../handler.ts';
import { broughtForHeader } from '../parts/peers/peers.ts';

/** Kept for who sent them, within their quota. Throws CAR_INVALID, BLOB_MISMATCH, QUOTA_EXCEEDED, FORBIDDEN. Source: rule H-9. */
export const handleBlobsPost = handler(blobsPost, async ({ gateway, caller, request }) => {
  const owner = await gateway.deliveries.bringerOf(caller, request.headers[broughtForHeader]);
  const source = decodeCar(streamOf(request.body));
  return { stored: await gateway.options.blobs.putMany(source, { owner }) };
});
