import { runningSha256 } from '../../crypto/hash.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { HealthDataCounter, type HealthDataKind } from '../records/archive/health-data.ts';
import {
  type LargeArchive,
  readLargeArchive,
  tailBytes,
} from '../records/archive/large-archive.ts';
import { judgeFile } from '../records/fhir-file.ts';
import { maxWholeBytes } from '../records/item-seal.ts';
import { recordLimits } from '../records/limits.ts';
import { headBytes, isXml, type JudgedFormat } from '../records/media-type.ts';
import { isPacked, type Member, unpack } from '../records/unpack.ts';

/** A file as the SDK reads it: several times, always from its beginning. */
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
  /** What a ZIP holds that is too large to be held: it is an item of its own then, and `bytes` is undefined. */
  readonly archive: LargeArchive | undefined;
  /** What a phone's export counts, wherever in the file it lies. */
  readonly healthData: readonly HealthDataKind[];
  readonly hash: Uint8Array;
}

/** Throws FILE_UNREADABLE (another length than it said), and what `judgeFile` throws. */
export async function openSource(file: FileInput): Promise<Source> {
  const running = runningSha256();
  const pieces: Uint8Array[] = [];
  const tail = new Tail();
  const counter = new HealthDataCounter();
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
    else tail.take(piece);
    if (judged === undefined || isXml(judged.mediaType)) counter.take(piece);
  }
  judged ??= judgeFile(file.name, head, length);
  if (length !== file.byteLength) throw new CodedError('FILE_UNREADABLE', { byteLength: length });
  const held = isHeld(judged, file.byteLength);
  const bytes = held ? concatBytes(...pieces) : undefined;
  const members = bytes === undefined ? undefined : await unpack(file.name, bytes, judged);
  const { mediaType } = judged;
  const about = { file, members, mediaType, hash: running.digest() };
  if (mediaType === 'application/zip' && members === undefined) {
    const read = bytes === undefined ? file.read : () => once(bytes);
    const archive = await readLargeArchive(read, { tail: bytes ?? tail.bytes, byteLength: length });
    if (archive !== undefined) {
      return { ...about, bytes: undefined, archive, healthData: archive.healthData };
    }
  }
  const counters = members?.flatMap(counterOf) ?? (isXml(mediaType) ? [counter] : []);
  const healthData = counters.find((it) => it.isHealthData)?.kinds() ?? [];
  return { ...about, bytes, archive: undefined, healthData };
}

function counterOf({ name, bytes }: Member): readonly HealthDataCounter[] {
  if (!/\.xml$/i.test(name)) return [];
  const counter = new HealthDataCounter();
  counter.take(bytes);
  return [counter];
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The last of what came, and no more than is wanted. */
class Tail {
  #pieces: Uint8Array[] = [];
  #length = 0;

  take(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    for (let first = this.#pieces[0]; first !== undefined; first = this.#pieces[0]) {
      if (this.#length - first.length < tailBytes) return;
      this.#pieces.shift();
      this.#length -= first.length;
    }
  }

  get bytes(): Uint8Array {
    return concatBytes(...this.#pieces);
  }
}

const isHeld = ({ format, mediaType }: JudgedFormat, byteLength: number): boolean =>
  format !== 'opaque' ||
  byteLength <= maxWholeBytes ||
  // What is packed is unpacked, and XML may be a document that says inside what restricts it.
  ((isPacked(mediaType) || isXml(mediaType)) && byteLength <= recordLimits.maxBundleBytes);
