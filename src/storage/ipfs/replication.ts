import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../primitives/ids.ts';
import { idOfCid } from '../blob-id.ts';
import type { StoredBlob } from '../blob-store.ts';
import { askToErase } from './erase.ts';
import { type Here, memberNamed } from './here.ts';
import { Outbox } from './outbox.ts';
import { defaultCopies, rankedFor } from './placement.ts';
import { challenge } from './possess.ts';
import { maxChallenged, maxErased } from './statements.ts';

export interface ReplicationOptions {
  /** Members that hold a blob; 3. */
  readonly copies?: number;
  /** How long a put waits for all of them, with no word of any, before fewer are enough; 10 s. */
  readonly patienceMs?: number;
  /** Fewer are never enough, where there are so many members; 2. */
  readonly leastCopies?: number;
}

/** A walk over all that this node is the custodian of. */
export interface Swept {
  readonly atMs: number;
  readonly blobs: number;
  /** Of them with fewer copies than there should be, after the walk. */
  readonly below: number;
}

const listedAtOnce = 256;
const erasuresKeptMs = 90 * 24 * 60 * 60 * 1000;
/** Whose node said nothing for so long counts as gone until it speaks: others stand in. */
const goneMs = 60 * 60 * 1000;

/**
 * The duties of a custodian: that k members have each blob, that they still do, that erasures reach all that ever had it.
 * Source: docs/protocol/storage-network.md, SN-5 to SN-8, SN-12 to SN-18.
 */
export class Replication {
  readonly #here: Here;
  readonly #copies: number;
  readonly #patienceMs: number;
  readonly #leastCopies: number;
  readonly #outboxes = new Map<AccountId, Outbox>();
  readonly #begunMs: number;
  readonly #closing = new AbortController();
  /** What goes on though nobody waits for it. */
  readonly #background = new Set<Promise<unknown>>();
  #swept: Swept | undefined;

  constructor(here: Here, options: ReplicationOptions = {}) {
    const { copies = defaultCopies, patienceMs = 10_000, leastCopies = 2 } = options;
    this.#here = here;
    this.#copies = copies;
    this.#patienceMs = patienceMs;
    this.#leastCopies = leastCopies;
    this.#begunMs = here.now();
    here.node.onConnect((account) => this.#outbox(account).heard());
  }

  /** Ends what goes on in the background, and waits for it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#background);
  }

  /** Goes on though nobody waits for it; a fault of it is told when the work is done again. */
  inBackground(work: (signal: AbortSignal) => Promise<unknown>): void {
    if (this.#closing.signal.aborted) return;
    const going = work(this.#closing.signal).catch(() => {});
    this.#background.add(going);
    void going.then(() => this.#background.delete(going));
  }

  get swept(): Swept | undefined {
    return this.#swept;
  }

  lastHeardMs(account: AccountId): number | undefined {
    return this.#outboxes.get(account)?.lastHeardMs;
  }

  /**
   * Resolves when enough members have the blob, this one counted: k of them, or when none was heard for
   * so long as many as there are, at least two. Throws STORE_BUSY {copies}.
   */
  async keep(blob: StoredBlob): Promise<void> {
    const wanted = Math.min(this.#copies, this.#here.members.list().length);
    if (wanted <= 1) return;
    const all = this.#spread(blob);
    this.inBackground(() => all);
    let isDone = false;
    const done = all.then(() => {
      isDone = true;
    });
    // As long as somebody speaks the wait goes on: who brings a thousand blobs does not wait in vain for the last.
    for (let heard = -1; !isDone && heard < this.#words(); ) {
      heard = this.#words();
      await this.#within(done);
    }
    const copies = 1 + this.#here.rows.membersWith(blob.id).length;
    if (copies >= Math.min(wanted, this.#leastCopies)) return;
    throw new CodedError('STORE_BUSY', { copies, wanted });
  }

  /** What was heard of all members. */
  #words(): number {
    return [...this.#outboxes.values()].reduce((sum, it) => sum + it.words, 0);
  }

  /** Until it is done, at most as long as the patience. */
  #within(done: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, this.#patienceMs);
      done.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  /** Asks the holders, and where they do not take it those after them; false: fewer than k have it still. */
  async #spread(blob: StoredBlob): Promise<boolean> {
    const { account, members, rows } = this.#here;
    const order = rankedFor(
      blob.id,
      members.list().map((it) => it.account),
    );
    const others = order.filter((it) => it !== account);
    const holders = order.slice(0, this.#copies).filter((it) => it !== account);
    const has = new Set(rows.membersWith(blob.id));
    await Promise.all(holders.filter((it) => !has.has(it)).map((it) => this.#pin(it, blob)));
    const wanted = Math.min(this.#copies, order.length) - 1;
    const copies = () =>
      rows.membersWith(blob.id).filter((it) => others.includes(it) && !this.#isGone(it)).length;
    for (const standIn of others.filter((it) => !holders.includes(it) && !has.has(it))) {
      if (copies() >= wanted) break;
      await this.#pin(standIn, blob);
    }
    return copies() >= wanted;
  }

  /** Whether it has the blob now. */
  async #pin(account: AccountId, blob: StoredBlob): Promise<boolean> {
    try {
      await this.#outbox(account).keep(blob);
      return true;
    } catch (error) {
      if (!isCoded(error)) throw error;
      if (error.code !== 'HOLDER_SILENT') this.#report(error.code, account, blob.id);
      return false;
    }
  }

  /** What is not claimed here any more is to be erased at all that had it. */
  async erase(ids: readonly BlobId[]): Promise<void> {
    const { own, rows, blocks, now } = this.#here;
    const atMs = now();
    for (const id of ids) {
      if (await own.has(id)) continue;
      rows.together(() => rows.erase(id, atMs));
      await blocks.drop(id);
    }
  }

  /** Claimed here again, or for the first time. */
  claimed(id: BlobId): void {
    this.#here.blocks.index(id);
    this.#here.rows.notErased(id);
  }

  /** Tells members of erasures that wait for them. */
  async tellErasures(signal?: AbortSignal): Promise<void> {
    const { account, members, rows, now } = this.#here;
    rows.dropErasures(now() - erasuresKeptMs);
    await Promise.all(
      members
        .list()
        .filter((it) => it.account !== account)
        .map((member) => this.#tellErasuresTo(member.account, signal)),
    );
  }

  async #tellErasuresTo(account: AccountId, signal: AbortSignal | undefined): Promise<void> {
    const { rows } = this.#here;
    for (;;) {
      const some = rows.erasuresFor(account, maxErased);
      const atMs = some[0]?.atMs;
      if (atMs === undefined || signal?.aborted) return;
      // Those of one moment: under a later one it would erase what was pinned again in between.
      const ids = some.filter((it) => it.atMs === atMs).map((it) => it.id);
      try {
        const member = memberNamed(this.#here, account);
        const told = await askToErase(this.#here, { member, ids, atMs, ...(signal && { signal }) });
        this.#outbox(account).heard();
        rows.together(() => {
          for (const id of told) rows.erasureTold(id, account, atMs);
        });
        if (told.length === 0) return;
      } catch (error) {
        if (!isCoded(error)) throw error;
        return;
      }
    }
  }

  /** Everything that this node is the custodian of: what lacks copies gets them, what lost its last claim is erased. */
  async sweep(signal?: AbortSignal): Promise<Swept> {
    const { own, rows, now, blocks } = this.#here;
    let blobs = 0;
    let below = 0;
    for (let after = ''; ; ) {
      const some = own.list(after, listedAtOnce);
      if (some.length === 0 || signal?.aborted) break;
      for (const blob of some) if (blob.isLarge) blocks.index(blob.id);
      const done = await Promise.all(some.map((blob) => this.#spread(blob)));
      blobs += some.length;
      below += done.filter((isEnough) => !isEnough).length;
      after = some.at(-1)?.id ?? '';
      await nextTurn();
    }
    for (let after = ''; ; ) {
      const some = rows.replicated(after, listedAtOnce);
      if (some.length === 0 || signal?.aborted) break;
      await this.erase(some);
      after = some.at(-1) ?? '';
      await nextTurn();
    }
    this.#swept = { atMs: now(), blobs, below };
    return this.#swept;
  }

  /** One challenge to each member, over blobs from a random place on; what is lost is reported and asked for anew. */
  async challengeAll(signal?: AbortSignal): Promise<void> {
    const { account, members } = this.#here;
    for (const member of members.list()) {
      if (member.account === account || signal?.aborted) continue;
      await this.#challenge(member.account);
    }
  }

  async #challenge(account: AccountId): Promise<void> {
    const { rows, members, own } = this.#here;
    const from = idOfCid(concatHead(randomBytes(32)));
    const ids = rows.heldBy(account, from, maxChallenged);
    if (ids.length < maxChallenged)
      ids.push(...rows.heldBy(account, '', maxChallenged - ids.length));
    const chosen = [...new Set(ids)];
    if (chosen.length === 0) return;
    const member = memberNamed(this.#here, account);
    const nonce = new Uint8Array(randomBytes(32));
    try {
      const beacon = members.newest();
      const found = await challenge(this.#here, { member, ids: chosen, beacon, nonce });
      this.#outbox(account).heard();
      for (const [id, possession] of found) {
        if (possession !== 'lost') continue;
        rows.lost(id, account);
        this.#report('BLOB_UNKNOWN', account, id);
        if (await own.has(id)) await this.#spread({ id, bytes: await own.size(id) });
      }
    } catch (error) {
      if (!isCoded(error)) throw error;
      const [first] = chosen;
      if (first !== undefined) this.#report(error.code, account, first);
    }
  }

  /** A member that pinned a blob and, asked alone, did not give it. Source: SN-20. */
  accuse(account: AccountId, id: BlobId): void {
    const { rows } = this.#here;
    if (!rows.membersWith(id).includes(account)) return;
    rows.lost(id, account);
    this.#report('HOLDER_LIED', account, id);
  }

  #report(code: string, member: AccountId, blobId: BlobId): void {
    this.#here.rows.report({ atMs: this.#here.now(), code, member, blobId });
  }

  #outbox(account: AccountId): Outbox {
    const outbox = this.#outboxes.get(account) ?? new Outbox(this.#here, account);
    this.#outboxes.set(account, outbox);
    return outbox;
  }

  #isGone(account: AccountId): boolean {
    const heardMs = this.#outboxes.get(account)?.lastHeardMs ?? this.#begunMs;
    const isConnected = this.#here.node.connected.includes(account);
    return !isConnected && this.#here.now() - heardMs > goneMs;
  }
}

const rawHead = Uint8Array.of(1, 0x55, 0x12, 32);

function concatHead(digest: Uint8Array): Uint8Array {
  const cid = new Uint8Array(36);
  cid.set(rawHead);
  cid.set(digest, rawHead.length);
  return cid;
}
