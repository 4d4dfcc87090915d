import type { GrantBody } from '../../../../api/grant-body.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { sealTo } from '../../../../crypto/letter.ts';
import { leafHash, type MerkleTree, merkleTree } from '../../../../ledger/merkle.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import {
  decodeSensorRead,
  encodeSensorReading,
  mostPages,
  readingWord,
  readWord,
  type SensorRead,
  type ShownPage,
} from '../../api/sensor-read.ts';
import { paddedPanel } from '../../crypto/panels.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { openReaderStatement, state } from '../statements.ts';
import type { StoredShare } from '../stores/page-store.ts';
import { decideReading } from './reading-decision.ts';
import { lookedUnder } from './shown-look.ts';

/** What showing shares stands on. */
export type ReadingBase = Pick<DataServerBase, 'account' | 'sign' | 'ledger' | 'store' | 'now'>;

/** What this server must not answer. */
export interface Served {
  /** Throws SERVER_QUARANTINED. */
  requireServed(trio: string, of: { readonly first: number; readonly last: number }): Promise<void>;
  /** Throws ROW_TAMPERED: what would be shown is not what was accepted. */
  requireKept(
    place: number,
    of: { readonly manifest: Uint8Array; readonly kept: StoredShare },
  ): void;
}

/** Batches whose trees are remembered. */
const mostTrees = 64;

/**
 * What one data server shows to readers under grants: who asks → what he shows as a look → may he, by this server's own
 * view of the ledger → its shares, sealed to him. Source: docs/protocol/vitals-reading.md, VR-11 to VR-13.
 */
export class VitalsReading {
  readonly #base: ReadingBase;
  readonly #follow: (trio: string) => Promise<number>;
  readonly #served: Served | undefined;
  readonly #trees = new Map<string, BatchTree>();

  /** `follow`: takes in what batches the ledger has by now, and says which is the newest. */
  constructor(base: ReadingBase, follow: (trio: string) => Promise<number>, served?: Served) {
    this.#served = served;
    this.#base = base;
    this.#follow = follow;
  }

  /**
   * The sealed answer. Throws UNAUTHENTICATED, CHAIN_WRONG, TRIO_UNKNOWN, LOOK_WRONG, RECEIPT_INVALID and every refusal of
   * `decideReading`; REQUEST_TOO_MANY for more pages than an answer holds.
   */
  async answer(signed: Uint8Array): Promise<Uint8Array> {
    const { account: me, ledger, store } = this.#base;
    const said = await openReaderStatement(this.#base, signed, readWord);
    const asked = decodeSensorRead(said.payload);
    if (asked.chainId !== ledger.chainId) throw new CodedError('CHAIN_WRONG');
    const trio = await ledger.row(statTrios, asked.trio);
    const place = (trio?.servers.indexOf(me) ?? -1) + 1;
    if (place === 0) throw new CodedError('TRIO_UNKNOWN');
    const registration = await store.registration(asked.pseudonym);
    const isOwn = asked.look.length === 0;
    if (isOwn && registration !== undefined && registration.account !== said.from)
      throw new CodedError('NOT_SHARED');
    const fromMs = isOwn ? 0 : (await this.#granted(said.from, asked)).fromMs;
    if (registration === undefined) throw new CodedError('PATIENT_UNKNOWN');
    const request = sha256(signed);
    // A batch that the others show already is shown here, too: to leave it out is to lie.
    const newestBatch = await this.#follow(asked.trio);
    const reading = encodeSensorReading({
      ...{ request, place, registration: registration.signed, newestBatch },
      pages: await this.#pages(asked, fromMs, place),
    });
    const answer = await state(this.#base, {
      ...{ to: said.from, word: readingWord, payload: reading },
    });
    const kemKey = await this.#kemKey(said.from);
    const context = [idBytes(said.from), request];
    return sealTo(kemKey, vitalsNames.labels.readSeal, context, new Uint8Array(0), answer);
  }

  /** The reader's, in use. */
  async #kemKey(reader: AccountId): Promise<Uint8Array> {
    const directory = await this.#base.ledger.row(keys, reader);
    const inUse = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
    if (inUse === undefined) throw new CodedError('UNAUTHENTICATED');
    return inUse.identity.kemKey;
  }

  /** What the grant says. Throws what `decideReading` answers. */
  async #granted(reader: AccountId, asked: SensorRead): Promise<GrantBody> {
    const { store } = this.#base;
    const looked = await lookedUnder(this.#base, asked.look);
    const registered = (await store.registration(asked.pseudonym))?.account;
    const refused = decideReading({ ...looked, reader, asked, registered });
    if (refused !== undefined) throw new CodedError(refused);
    if (looked.body === undefined) throw new CodedError('GRANT_BODY_WRONG');
    return looked.body;
  }

  async #pages(asked: SensorRead, fromMs: number, place: number): Promise<readonly ShownPage[]> {
    const { store } = this.#base;
    // Of before the grant's beginning nothing: whole hours from it on.
    const from = Math.max(asked.firstHour, Math.ceil(fromMs / hourMs));
    const hours = { from, until: asked.lastHour + 1 };
    const found = [
      ...(await store.pagesOf(asked.pseudonym, asked.panel, hours)),
      ...(await store.pagesOf(asked.pseudonym, paddedPanel(asked.panel), hours)),
    ];
    const pages = found.filter((it) => it.trio === asked.trio && it.batch > 0);
    if (pages.length > mostPages) throw new CodedError('REQUEST_TOO_MANY');
    const shown: ShownPage[] = [];
    for (const { manifest, signature, kept, batch, page } of pages) {
      await this.#served?.requireServed(asked.trio, { first: batch, last: batch });
      this.#served?.requireKept(place, { manifest, kept });
      const tree = await this.#tree(asked.trio, batch);
      const index = tree.places.get(bytesToHex(page));
      if (index === undefined) throw new CodedError('BATCH_UNKNOWN', { batch });
      shown.push({
        ...{ manifest, signature, batch, index, path: tree.tree.path(index) },
        ...{ roll: kept.roll, histogram: kept.histogram },
        ...{ clinical: kept.clinical, salt: kept.salt },
      });
    }
    return shown;
  }

  async #tree(trio: string, number: number): Promise<BatchTree> {
    const name = `${trio} ${number}`;
    const known = this.#trees.get(name);
    if (known !== undefined) return known;
    const { store } = this.#base;
    const batch = await store.sealedBatch(trio, number);
    if (batch === undefined) throw new CodedError('BATCH_UNKNOWN', { batch: number });
    const leaves: Uint8Array[] = [];
    for (const page of batch.pages) {
      const held = await store.page(page);
      if (held === undefined) throw new CodedError('BATCH_UNKNOWN', { batch: number });
      leaves.push(leafHash(held.leaf));
    }
    const places = new Map(batch.pages.map((page, at) => [bytesToHex(page), at]));
    const made = { tree: merkleTree(leaves), places };
    const [oldest] = this.#trees.keys();
    if (this.#trees.size >= mostTrees && oldest !== undefined) this.#trees.delete(oldest);
    this.#trees.set(name, made);
    return made;
  }
}

const hourMs = 3_600_000;

interface BatchTree {
  readonly tree: MerkleTree;
  /** Of a page, by its id. */
  readonly places: ReadonlyMap<string, number>;
}
