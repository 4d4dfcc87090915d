import { CodedError } from '../primitives/errors.ts';
import { type FileInput, judgeFormat } from '../sdk/index.ts';
import { inputFile, wholeOf } from './files.ts';

/** What somebody writes into a chart: typed, or a file. */
export interface NoteInput {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Of a file its own. */
  readonly name: string | undefined;
}

const maxNoteBytes = 64 * 1024 * 1024;

/** Undefined: neither was said. Throws USAGE (both), and as `noteIn`. */
export async function noteSaid(said: {
  readonly text?: string | undefined;
  readonly file?: string | undefined;
}): Promise<NoteInput | undefined> {
  const { text, file } = said;
  if (text !== undefined && file !== undefined) {
    throw new CodedError('USAGE', { problem: 'say it as text or as a file, not both' });
  }
  if (file !== undefined) return noteIn(await inputFile(file));
  if (text === undefined) return undefined;
  if (text === '') throw new CodedError('FILE_EMPTY');
  return { bytes: new TextEncoder().encode(text), mediaType: 'text/plain', name: undefined };
}

/** A file as one note. Throws BODY_TOO_LARGE, FILE_EMPTY, and what reading throws. */
export async function noteIn(input: FileInput): Promise<NoteInput> {
  if (input.byteLength > maxNoteBytes) throw new CodedError('BODY_TOO_LARGE');
  const bytes = await wholeOf(input);
  if (bytes.length === 0) throw new CodedError('FILE_EMPTY');
  const { mediaType } = judgeFormat(input.name, bytes.subarray(0, 4096));
  return { bytes, mediaType, name: input.name };
}
