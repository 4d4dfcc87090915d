import { runningSha256 } from '../../crypto/hash.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { judgeFile } from '../records/fhir-file.ts';
import { maxWholeBytes } from '../records/item-seal.ts';
import { recordLimits } from '../records/limits.ts';
import { headBytes, isXml, type JudgedFormat } from '../records/media-type.ts';
import { isPacked, type Member, unpack } from '../records/unpack.ts';

/** A file as the SDK reads it: at most twice, from its beginning. */
export interface FileInput {
  /** Without folders. */
  readonly name: string;
  readonly byteLength: number;
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** A file that was read once: what it is, its hash, and its bytes where they are held. */
export interface Source {
  readonly file: FileInput;
  /** The whole file, when it is small or has to be cut. */
  readonly bytes: Uint8Array | undefined;
  readonly mediaType: string;
  /** What the file holds, where it is packed or of another encoding. */
  readonly members: readonly Member[] | undefined;
  readonly hash: Uint8Array;
}

/** Throws FILE_UNREADABLE (another length than it said), and what `judgeFile` throws. */
export async function openSource(file: FileInput): Promise<Source> {
  const running = runningSha256();
  const pieces: Uint8Array[] = [];
  let head: Uint8Array = new Uint8Array(0);
  let judged: ReturnType<typeof judgeFile> | undefined;
  let length = 0;
  for await (const piece of file.read()) {
    running.update(piece);
    length += piece.length;
    if (head.length < headBytes) head = concatBytes(head, piece.subarray(0, headBytes));
    if (judged === undefined && head.length >= Math.min(headBytes, file.byteLength)) {
      judged = judgeFile(file.name, head, file.byteLength);
    }
    if (judged === undefined || isHeld(judged, file.byteLength)) pieces.push(piece);
  }
  judged ??= judgeFile(file.name, head, length);
  if (length !== file.byteLength) throw new CodedError('FILE_UNREADABLE', { byteLength: length });
  const held = isHeld(judged, file.byteLength);
  const bytes = held ? concatBytes(...pieces) : undefined;
  const members = bytes === undefined ? undefined : await unpack(file.name, bytes, judged);
  return { file, bytes, members, mediaType: judged.mediaType, hash: running.digest() };
}

const isHeld = ({ format, mediaType }: JudgedFormat, byteLength: number): boolean =>
  format !== 'opaque' ||
  byteLength <= maxWholeBytes ||
  // What is packed is unpacked, and XML may be a document that says inside what restricts it.
  ((isPacked(mediaType) || isXml(mediaType)) && byteLength <= recordLimits.maxBundleBytes);
