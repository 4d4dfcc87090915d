import { sha256 } from '../../../../crypto/hash.ts';
import { signLabelled, verifyLabelled } from '../../../../crypto/signature.ts';
import { leafHash, merkleRoot } from '../../../../ledger/merkle.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  hexId,
  list,
  type Of,
  oneOf,
  struct,
  uint,
} from '../../../../primitives/shape.ts';
import { batchLeafContent } from '../../api/batch-leaf.ts';
import { pageManifest } from '../../api/page.ts';
import {
  type BatchSignature,
  batchSignedBytes,
  mostPagesOfBatch,
  type StatBatch,
} from '../../ledger/acts/stat-batch.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { forged } from '../forged.ts';
import { askPeer } from '../statements.ts';
import type { PageState, PlannedBatch, UnsealedPage } from '../stores/page-store.ts';
import { type OwnTrio, ownTrio } from '../trio.ts';

const namedPage = struct({ page: bytes(16), manifestHash: bytes(32) });
const proposal = struct({
  trio: hexId(32),
  pages: list(namedPage, { most: mostPagesOfBatch }),
});
const states: readonly (PageState | 'unknown')[] = ['waiting', 'accepted', 'refused', 'unknown'];
const proposalAnswer = list(oneOf(states), { most: mostPagesOfBatch });
const toSign = struct({
  trio: hexId(32),
  number: uint,
  pages: list(bytes(16), { least: 1, most: mostPagesOfBatch }),
});
const signed = struct({ signKey: bytes(32), signature: bytes(64) });
type ToSign = Of<typeof toSign>;

/** Batches of one server: what all three accepted goes to the ledger, in one order. Rules VS-15 to VS-18. */
export class Batching {
  readonly #base: DataServerBase;

  constructor(base: DataServerBase) {
    this.#base = base;
  }

  /** Seals what the ledger has meanwhile; returns the newest batch. */
  async follow(trioId: string): Promise<number> {
    const { ledger, store, faultPoint } = this.#base;
    const row = await ledger.row(statTrios, trioId);
    const newest = row?.newestBatch ?? 0;
    for (let number = (await store.newestBatch(trioId)) + 1; number <= newest; number++) {
      const batch = await ledger.row(statBatches, batchRowId(trioId, number));
      if (batch === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
      faultPoint?.('batch:seen');
      await store.seal({ trio: trioId, number, root: batch.root });
      faultPoint?.('batch:sealed');
    }
    return newest;
  }

  /** Server 1 alone: makes the next batch of what all three accepted; returns its number, 0: there is nothing to seal. */
  async next(trioId: string): Promise<number> {
    const { store, send, faultPoint } = this.#base;
    const newest = await this.follow(trioId);
    const trio = await ownTrio(this.#base, trioId);
    if (trio.place !== 1) return 0;
    const common = await this.#common(trio, await store.unsealed(trio.id, mostPagesOfBatch));
    if (common.length === 0) return 0;
    const batch = batchOf(trio.id, newest + 1, common);
    await store.planBatch(batch);
    faultPoint?.('batch:planned');
    const signatures = await this.#signatures(trio, batch);
    faultPoint?.('batch:signed');
    await send({ ...actOf(batch), signatures });
    faultPoint?.('batch:sent');
    await this.follow(trio.id);
    return batch.number;
  }

  /** Of these the ones that the others accepted too; what one of them refused is given up. */
  async #common(trio: OwnTrio, mine: readonly UnsealedPage[]): Promise<readonly UnsealedPage[]> {
    if (mine.length === 0) return [];
    const payload = encodeAs(proposal, { trio: trio.id, pages: mine });
    const answers = await Promise.all(
      trio.others.map(async ({ account }) =>
        decodeAs(proposalAnswer, await askPeer(this.#base, account, { word: 'propose', payload })),
      ),
    );
    const theirs = (at: number) => answers.map((ofServer) => ofServer[at]);
    const isLost = (at: number) => theirs(at).some((it) => it === 'refused' || it === 'unknown');
    await this.#giveUp(
      trio,
      mine.filter((_, at) => isLost(at)),
    );
    return mine.filter((_, at) => theirs(at).every((it) => it === 'accepted'));
  }

  /** By all three, the own one last: who was killed in between does it again. Rule VS-13. */
  async #giveUp(trio: OwnTrio, pages: readonly UnsealedPage[]): Promise<void> {
    if (pages.length === 0) return;
    const payload = encodeAs(proposal, { trio: trio.id, pages });
    for (const { account } of trio.others)
      await askPeer(this.#base, account, { word: 'give-up', payload });
    this.#base.faultPoint?.('give-up:told');
    await this.#giveUpHere(trio.id, pages);
  }

  /** What stands in a batch that may still be the next one stays. */
  async #giveUpHere(
    trio: string,
    pages: readonly Pick<UnsealedPage, 'page' | 'manifestHash'>[],
  ): Promise<void> {
    const { store } = this.#base;
    const planned = await store.plannedBatches(trio, (await this.follow(trio)) + 1);
    const held = new Set(planned.flatMap((batch) => batch.pages.map(bytesToHex)));
    for (const { page, manifestHash } of pages) {
      const stored = await store.page(page);
      const isSame = stored?.trio === trio && equalBytes(stored.manifestHash, manifestHash);
      if (isSame && !held.has(bytesToHex(page))) await store.giveUp(page, 'PEER_DISAGREES');
    }
  }

  /** Server 1 found that one of the three does not have these pages. Throws UNAUTHENTICATED: it is another. */
  async answerGivingUp(from: AccountId, payload: Uint8Array): Promise<Uint8Array> {
    const { trio: trioId, pages } = decodeAs(proposal, payload);
    const trio = await this.#requirePeer(trioId, from);
    if (trio.servers[0] !== from) throw forged('UNAUTHENTICATED');
    await this.#giveUpHere(trio.id, pages);
    return this.answerProposal(from, payload);
  }

  /** What became of these pages here. */
  async answerProposal(from: AccountId, payload: Uint8Array): Promise<Uint8Array> {
    const { trio, pages } = decodeAs(proposal, payload);
    await this.#requirePeer(trio, from);
    const answer: (typeof states)[number][] = [];
    for (const { page, manifestHash } of pages) {
      const stored = await this.#base.store.page(page);
      const isSame = stored?.trio === trio && equalBytes(stored.manifestHash, manifestHash);
      answer.push(isSame ? stored.state : 'unknown');
    }
    return encodeAs(proposalAnswer, answer);
  }

  /** This server's signature of a batch. Throws BATCH_NUMBER, PEER_DISAGREES: it does not hold these pages. */
  async answerSigning(from: AccountId, payload: Uint8Array): Promise<Uint8Array> {
    const asked = decodeAs(toSign, payload);
    const trio = await this.#requirePeer(asked.trio, from);
    if (trio.servers[0] !== from) throw forged('UNAUTHENTICATED');
    const newest = await this.follow(asked.trio);
    if (asked.number !== newest + 1) throw new CodedError('BATCH_NUMBER', { newest });
    const batch = await this.#held(asked);
    await this.#base.store.planBatch(batch);
    this.#base.faultPoint?.('sign:planned');
    return encodeAs(signed, await this.#sign(batch));
  }

  /** The batch as this server itself makes it of the pages that are named. */
  async #held({ trio, number, pages }: ToSign): Promise<PlannedBatch> {
    const named = new Set(pages.map(bytesToHex));
    const mine = await this.#base.store.unsealed(trio, Number.MAX_SAFE_INTEGER);
    const held = mine.filter(({ page }) => named.has(bytesToHex(page)));
    if (held.length !== pages.length || named.size !== pages.length)
      throw new CodedError('PEER_DISAGREES', { number });
    return batchOf(trio, number, held);
  }

  async #sign(batch: PlannedBatch): Promise<BatchSignature> {
    const { sign, ledger } = this.#base;
    const content = batchSignedBytes(actOf(batch), ledger.chainId);
    const label = vitalsNames.labels.batch;
    const signature = await signLabelled(sign, label, content);
    return { signKey: sign.publicKey, signature };
  }

  async #signatures(trio: OwnTrio, batch: PlannedBatch): Promise<readonly BatchSignature[]> {
    const payload = encodeAs(toSign, { trio: trio.id, number: batch.number, pages: batch.pages });
    return Promise.all(
      trio.servers.map(async (account) => {
        if (account === this.#base.account) return this.#sign(batch);
        const answer = await askPeer(this.#base, account, { word: 'sign', payload });
        return this.#checked(account, batch, decodeAs(signed, answer));
      }),
    );
  }

  /** A signature that does not hold is found here and not on the ledger. Throws PEER_DISAGREES. */
  async #checked(
    server: AccountId,
    batch: PlannedBatch,
    given: BatchSignature,
  ): Promise<BatchSignature> {
    const row = await this.#base.ledger.row(accounts, server);
    const content = batchSignedBytes(actOf(batch), this.#base.ledger.chainId);
    const label = vitalsNames.labels.batch;
    const holds = await verifyLabelled(given.signKey, label, content, given.signature);
    if (!holds || row === undefined || !equalBytes(row.signKey, given.signKey))
      throw new CodedError('PEER_DISAGREES', { server });
    return given;
  }

  async #requirePeer(trioId: string, from: AccountId): Promise<OwnTrio> {
    const trio = await ownTrio(this.#base, trioId);
    const isPeer = trio.others.some(({ account }) => account === from);
    if (!isPeer) throw forged('UNAUTHENTICATED');
    return trio;
  }
}

/** From what this server keeps, and not from what it was told. Throws BLOB_CORRUPT: that is not what it accepted. */
function leafOf({ manifest, manifestHash }: UnsealedPage): Uint8Array {
  if (!equalBytes(sha256(manifest), manifestHash)) throw new CodedError('BLOB_CORRUPT');
  return batchLeafContent(manifest, decodeAs(pageManifest, manifest));
}

/** By page id: all three make the same tree of the same pages. */
function batchOf(trio: string, number: number, pages: readonly UnsealedPage[]): PlannedBatch {
  const hours = pages.map(({ startHour }) => startHour);
  return {
    ...{ trio, number, root: merkleRoot(pages.map((page) => leafHash(leafOf(page)))) },
    pages: pages.map(({ page }) => page),
    firstHour: hours.reduce((least, hour) => Math.min(least, hour)),
    lastHour: hours.reduce((most, hour) => Math.max(most, hour)),
  };
}

const actOf = (of: PlannedBatch): Omit<StatBatch, 'signatures'> => ({
  ...{ kind: 'StatBatch', trio: of.trio, number: of.number, root: of.root },
  ...{ pages: of.pages.length, firstHour: of.firstHour, lastHour: of.lastHour },
});
