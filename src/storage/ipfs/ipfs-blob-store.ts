import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import {
  type Amount,
  type BlobOwner,
  type BlobSource,
  type BlobStore,
  type Collected,
  type CollectOptions,
  type CorruptBlob,
  type Heirs,
  maxReadBytes,
  type NamedBlob,
  type PutManyOptions,
  type PutOptions,
  type ReadOptions,
  type StoredBlob,
  type Usage,
} from '../blob-store.ts';
import { type Failure, Transfer } from './fetching.ts';
import type { Here } from './here.ts';
import type { StorageMember } from './members.ts';
import { rankedFor } from './placement.ts';
import type { Replication } from './replication.ts';

/** Who claims a blob for the moment in which its bad copy is mended. */
const mender: BlobOwner = 'mending';

/**
 * A file store whose blobs lie at other members too: local first, then the holders. What it says of claims, quotas and
 * totals is the file store's. Source: docs/protocol/storage-network.md.
 */
export class IpfsBlobStore implements BlobStore {
  readonly #here: Here;
  readonly #replication: Replication;
  readonly #close: () => Promise<void>;

  constructor(here: Here, replication: Replication, close: () => Promise<void>) {
    this.#here = here;
    this.#replication = replication;
    this.#close = close;
  }

  async put(source: BlobSource, options: PutOptions): Promise<StoredBlob> {
    const stored = await this.#here.own.put(source, options);
    this.#replication.claimed(stored.id);
    await this.#replication.keep(stored);
    return stored;
  }

  async putMany(
    blobs: AsyncIterable<NamedBlob> | Iterable<NamedBlob>,
    options: PutManyOptions,
  ): Promise<StoredBlob[]> {
    const stored = await this.#here.own.putMany(blobs, options);
    for (const { id } of stored) this.#replication.claimed(id);
    await Promise.all(stored.map((blob) => this.#replication.keep(blob)));
    return stored;
  }

  /** Here: of what lies at others alone the ledger and the rows of a gateway know. */
  has(id: BlobId): Promise<boolean> {
    return this.#here.own.has(id);
  }

  async size(id: BlobId): Promise<number> {
    try {
      return await this.#here.own.size(id);
    } catch (error) {
      if (!this.#isElsewhere(id, error)) throw error;
    }
    if (await this.#here.held.has(id)) return this.#here.held.size(id);
    let bytes = 0;
    const transfer = this.#transfer(id);
    if (id.startsWith('bafkrei')) bytes = (await transfer.block(id)).length;
    else bytes = (await transfer.tree(id)).bytes;
    return bytes;
  }

  async read(id: BlobId, options: ReadOptions = {}): Promise<Uint8Array> {
    try {
      return await this.#here.own.read(id, options);
    } catch (error) {
      if (!this.#isElsewhere(id, error)) throw error;
    }
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of this.readStream(id, options)) {
      bytes += piece.length;
      if (bytes > maxReadBytes) throw new CodedError('BODY_TOO_LARGE', { bytes });
      pieces.push(piece);
    }
    return concatBytes(...pieces);
  }

  async *readStream(id: BlobId, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { own, held } = this.#here;
    let given = 0;
    const rest = (): ReadOptions =>
      given === 0 ? options : { ...options, from: (options.from ?? 0) + given };
    for (const store of [own, held]) {
      try {
        for await (const piece of store.readStream(id, rest())) {
          given += piece.length;
          yield piece;
        }
        return;
      } catch (error) {
        if (!this.#isElsewhere(id, error)) throw error;
        if (store === own && isCoded(error, 'BLOB_CORRUPT')) {
          this.#replication.inBackground(() => this.#mend(id));
        }
      }
    }
    const { signal } = options;
    for await (const piece of this.#transfer(id, signal).pieces(id, rest())) {
      if (signal?.aborted) throw new CodedError('INTERRUPTED');
      yield piece;
    }
  }

  async delete(id: BlobId, owner: BlobOwner): Promise<boolean> {
    const hadClaim = await this.#here.own.delete(id, owner);
    if (hadClaim) await this.#ended([id]);
    return hadClaim;
  }

  hasClaim(id: BlobId, owner: BlobOwner): Promise<boolean> {
    return this.#here.own.hasClaim(id, owner);
  }

  handOver(ids: readonly BlobId[], heirs: Heirs): Promise<BlobId[]> {
    return this.#here.own.handOver(ids, heirs);
  }

  async endUnanchored(owner: BlobOwner, ids?: readonly BlobId[]): Promise<void> {
    await this.#here.own.endUnanchored(owner, ids);
    if (ids !== undefined) await this.#ended(ids);
    else this.#replication.inBackground((signal) => this.#replication.sweep(signal));
  }

  markAnchored(ids: readonly BlobId[], owner: BlobOwner): Promise<BlobId[]> {
    return this.#here.own.markAnchored(ids, owner);
  }

  /** What went is found, and erased at the holders, by the next sweep. */
  collect(options: CollectOptions): Promise<Collected> {
    return this.#here.own.collect(options);
  }

  usage(owner: BlobOwner): Promise<Usage> {
    return this.#here.own.usage(owner);
  }

  total(): Promise<Amount> {
    return this.#here.own.total();
  }

  verify(options?: { readonly signal?: AbortSignal }): Promise<Amount> {
    return this.#here.own.verify(options);
  }

  corrupt(options?: { readonly signal?: AbortSignal }): AsyncIterable<CorruptBlob> {
    return this.#here.own.corrupt(options);
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Claims ended: what nobody claims here any more is erased at its holders. */
  async #ended(ids: readonly BlobId[]): Promise<void> {
    await this.#replication.erase(ids);
    this.#replication.inBackground((signal) => this.#replication.tellErasures(signal));
  }

  /** Whether it is worth asking others: it is not here, or not whole, and was not erased. */
  #isElsewhere(id: BlobId, error: unknown): boolean {
    if (isCoded(error, 'BLOB_CORRUPT')) return true;
    return isCoded(error, 'BLOB_UNKNOWN') && !this.#here.rows.isErased(id);
  }

  #transfer(id: BlobId, signal?: AbortSignal): Transfer {
    const onFailure = (member: StorageMember, failure: Failure) => {
      if (failure !== 'unreachable') this.#replication.accuse(member.account, id);
    };
    return new Transfer(this.#here.node, { from: this.#sources(id), signal, onFailure });
  }

  /** The holders, and whoever else pinned it, in the order of their scores. */
  #sources(id: BlobId): readonly StorageMember[] {
    const { account, members, rows } = this.#here;
    const list = members.list().filter((it) => it.account !== account);
    const order = rankedFor(
      id,
      list.map((it) => it.account),
    );
    const has = new Set(rows.membersWith(id));
    const rank = (it: StorageMember) =>
      order.indexOf(it.account) - (has.has(it.account) ? order.length : 0);
    return list.toSorted((a, b) => rank(a) - rank(b));
  }

  /** A bad copy of ours is mended by the holders' bytes; the claims on it stay as they are. */
  async #mend(id: BlobId): Promise<void> {
    const { own } = this.#here;
    try {
      await own.put(this.#transfer(id).pieces(id), { owner: mender, expectedId: id });
      await own.delete(id, mender);
    } catch (error) {
      if (!isCoded(error)) throw error; // None has it: it stays bad, and `corrupt` names it.
    }
  }
}
