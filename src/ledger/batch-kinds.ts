import { wingBatchKinds } from '../wings/names.ts';
import { word } from './shapes.ts';

/** What an organisation gathers: refused reads, tombstones of erased records, reads to be anchored later. */
export const batchKinds = ['refusal', 'erased', 'deferred', ...wingBatchKinds] as const;
export type BatchKind = (typeof batchKinds)[number];

/** Throws CBOR_SHAPE, BATCH_KIND. */
export const batchKind = word<BatchKind>(batchKinds, 'BATCH_KIND');
