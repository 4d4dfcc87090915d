import { blobsPost } from '../../api/routes/blobs-post.ts';
import { decodeCar } from '../../storage/car.ts';
import { streamOf } from '../body-stream.ts';
import { handler } from '../handler.ts';

export const handleBlobsPost = handler(blobsPost, async ({ gateway, caller, request }) => {
  const source = decodeCar(streamOf(request.body));
  return { stored: await gateway.options.blobs.putMany(source, { owner: caller.account }) };
});
