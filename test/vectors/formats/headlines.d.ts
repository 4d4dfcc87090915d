import { type LineOfBytes } from '../../../src/sdk/records/headline/headline-format.ts';
import { type Format } from './write.ts';
/** A line as a laboratory's value has it. */
export declare const hemoglobin: LineOfBytes;
export declare const headlines: Format;
