import { type BlobId } from '../../../src/primitives/ids.ts';
import { type Format } from './write.ts';
export declare function keySetBlobId(): Promise<BlobId>;
export declare const keySets: Format;
export declare const envelopeSets: Format;
