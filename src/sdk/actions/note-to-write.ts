import type { OrdinaryClass, RecordClass } from '../../api/classes.ts';
import type { RecordId } from '../../primitives/ids.ts';

/** One record to write into somebody's chart. */
export interface NoteToWrite {
  readonly recordClass: RecordClass;
  /** What a private one is besides: a class that the grant writes. */
  readonly ordinaryClass?: OrdinaryClass | undefined;
  readonly mediaType: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The record that this one corrects. */
  readonly previous?: RecordId | undefined;
}

/** With the id that its record has, however often it is tried. */
export interface NamedNote extends NoteToWrite {
  readonly recordId: RecordId;
}
