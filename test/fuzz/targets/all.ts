import type { TargetModule } from '../target.ts';
import { apply } from './apply.ts';
import { car } from './car.ts';
import { commits, headers, receipts, trustRoots } from './chain.ts';
import { anyFiles, fhir, json, ndjson, shown } from './files.ts';
import { cborTarget, genesis, proofs, rows, tx } from './ledger.ts';
import {
  cards,
  erasures,
  grantBodies,
  inboxMessages,
  itemRows,
  keySetBlobs,
  letters,
  looks,
  readRequests,
  skeletons,
} from './objects.ts';
import { chunked, envelopes, itemInsides, items } from './sealed.ts';
import { codes, walletContents, walletFiles } from './wallets.ts';

/** Everything that takes bytes from strangers, by name. */
export const targets: Readonly<Record<string, TargetModule>> = {
  cbor: cborTarget,
  tx,
  apply,
  genesis,
  rows,
  proofs,
  receipts,
  'trust-roots': trustRoots,
  headers,
  commits,
  cards,
  letters,
  'read-requests': readRequests,
  'grant-bodies': grantBodies,
  'inbox-messages': inboxMessages,
  erasures,
  looks,
  'item-rows': itemRows,
  'key-sets': keySetBlobs,
  skeletons,
  fhir,
  ndjson,
  'any-files': anyFiles,
  json,
  shown,
  items,
  'item-insides': itemInsides,
  chunked,
  envelopes,
  wallets: walletContents,
  'wallet-files': walletFiles,
  codes,
  car,
};
