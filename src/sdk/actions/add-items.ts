import type { OrdinaryClass, RecordClass } from '../../api/classes.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Context } from '../client/context.ts';
import { deliverRows } from '../client/deliver.ts';
import { type ConfirmedTx, sendActs } from '../client/send-tx.ts';
import { uploadBlobs } from '../client/upload.ts';
import { type OwnerKeys, ownerKeys } from '../keys/key-ring.ts';
import type { LineOfBytes } from '../records/headline/headline-format.ts';
import { sealItem } from '../records/item-seal.ts';
import { type SealedBody, wrapItem } from '../records/item-wrap.ts';
import type { HeldImport } from '../wallet/content.ts';
import { ownWrapping, underRunningEpoch } from './running-epoch.ts';

/** An item that the owner puts into her own chart. */
export interface OwnItem {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  /** Of a private one: what it is besides. */
  readonly ordinaryClass?: OrdinaryClass | undefined;
  readonly mediaType: string;
  readonly name: string;
  readonly previous: RecordId | undefined;
  readonly bytes: Uint8Array;
  /** For the headline; undefined: what the bytes alone give. */
  readonly line?: LineOfBytes | undefined;
}

/**
 * Items that come one by one: each is sealed and stored when it comes, and all stand in the chart once `anchor` has
 * confirmed them. Throws as `addFile`.
 */
export class OwnItems {
  readonly #ctx: Context;
  readonly #signal: AbortSignal | undefined;
  /** For sealing alone: `anchor` wraps all of them anew, by the keys of then. */
  #keys: Promise<OwnerKeys> | undefined;
  #sealed: SealedBody[] = [];

  constructor(ctx: Context, signal?: AbortSignal) {
    this.#ctx = ctx;
    this.#signal = signal;
  }

  get count(): number {
    return this.#sealed.length;
  }

  async add(item: OwnItem): Promise<void> {
    const ctx = this.#ctx;
    const { account } = ctx.account;
    const { sign } = await ctx.keys(this.#signal);
    this.#keys ??= ownerKeys(ctx, this.#signal);
    const { wrappingFor } = ownWrapping(await this.#keys, ctx.nowMs());
    const about = { ...item, account, author: account, writtenMs: ctx.now() };
    const { body, blobId, recordKey, paddedBytes, headline } = await sealItem(
      about,
      sign,
      wrappingFor(item.recordClass),
    );
    await uploadBlobs(ctx.gateway, [{ id: blobId, bytes: body }], { signal: this.#signal });
    const { recordId, recordClass } = item;
    this.#sealed.push({ recordId, recordClass, recordKey, blobId, paddedBytes, headline });
  }

  /** `imports`: what the wallet then knows to be imported. */
  async anchor(imports: readonly HeldImport[] = []): Promise<ConfirmedTx> {
    const ctx = this.#ctx;
    const signal = this.#signal;
    const skeletons = imports.map((it) => it.skeleton);
    const confirmed = await underRunningEpoch(ctx, async (clockMs) => {
      const { epoch, wrappingFor } = ownWrapping(await ownerKeys(ctx, signal), clockMs());
      const wrapped = this.#sealed.map((it) => wrapItem(it, wrappingFor(it.recordClass)));
      const rows = await Promise.all(wrapped);
      const { account } = ctx.account;
      const acts = await deliverRows(ctx.gateway, { account, epoch, rows, signal });
      return sendActs(ctx, {
        ...{ kind: 'import', acts, imports: skeletons, signal },
        writeDown: (content) => ({
          ...content,
          imports: [
            ...content.imports.filter((it) => !skeletons.includes(it.skeleton)),
            ...imports,
          ],
        }),
      });
    });
    this.#sealed = [];
    return confirmed;
  }
}
