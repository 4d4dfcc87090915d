import { blobsPost } from '../../api/routes/blobs-post.ts';
import { CodedError } from '../../primitives/errors.ts';
import { Shares } from '../../primitives/shares.ts';
import { decodeCar } from '../../storage/car.ts';
import { streamOf } from '../body-stream.ts';
import { openHandler } from '../handler.ts';
import { broughtForHeader } from '../parts/peers/peers.ts';

/** Streams at the same time: each keeps a few MiB in memory. A hospital sends for its people together. */
const atOnce = { account: 4, organisation: 16, all: 64 };

/**
 * Kept for who sent them, within their quota. Throws CAR_INVALID, BLOB_MISMATCH, QUOTA_EXCEEDED, STORE_BUSY, FORBIDDEN.
 * Source: rule H-9.
 */
export const handleBlobsPost = openHandler(blobsPost, ({ options: { blobs }, deliveries }) => {
  const ofAccounts = new Shares({ each: atOnce.account, all: atOnce.all });
  const ofHospitals = new Shares({ each: atOnce.organisation, all: atOnce.all });
  return async ({ caller, request }) => {
    const { account, role } = caller;
    const streams = role === 'organisation' ? ofHospitals : ofAccounts;
    const owner = await deliveries.bringerOf(caller, request.headers[broughtForHeader]);
    if (!streams.take(account)) throw new CodedError('STORE_BUSY');
    try {
      const source = decodeCar(streamOf(request.body));
      return { stored: await blobs.putMany(source, { owner }) };
    } finally {
      streams.give(account);
    }
  };
});
