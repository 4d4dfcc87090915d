import { CodedError } from '../../primitives/errors.ts';
import type { PendingTx, WalletContent } from '../wallet/content.ts';

/**
 * What the ledger's answer to a transaction changes in the wallet, for one kind of pending transaction. Both are
 * edits of plain content: they run again when two processes meet, and on every device of the person.
 *
 * Source: docs/protocol/wallet.md, rules W-10 and W-19.
 */
export interface PendingKind {
  /** The word that stands in the wallet: `[a-z][a-z0-9-]{0,31}`. */
  readonly kind: string;
  /** The ledger took it, and its receipt was verified. */
  afterCommit(content: WalletContent, pending: PendingTx): WalletContent;
  /** It is said to have been refused for good: who said so may have lied. */
  afterRefusal(content: WalletContent, pending: PendingTx): WalletContent;
  /**
   * Something is taken back, and the wallet does not know it done: a refusal, which nothing proves, does not end
   * it. It stays written down until it is replaced or done. Missing: a refusal settles it.
   */
  isOwed?(content: WalletContent, pending: PendingTx): boolean;
}

const unchanged = (content: WalletContent): WalletContent => content;

/**
 * A grant that was refused stays, as one that was never confirmed: what stands on the ledger must be there to be
 * taken back. It gets no keys, and is listed only if the ledger has it.
 */
const grant: PendingKind = { kind: 'grant', afterCommit: enveloped, afterRefusal: unchanged };

const keys: PendingKind = { kind: 'keys', afterCommit: enveloped, afterRefusal: unchanged };

const revoke: PendingKind = {
  kind: 'revoke',
  afterCommit(content, pending) {
    const grants = enveloped(content, pending).grants.map((it) =>
      pending.consents.includes(it.consent) ? { ...it, ended: true } : it,
    );
    return { ...content, grants };
  },
  afterRefusal: unchanged,
  isOwed: ({ grants }, { consents }) =>
    grants.some((it) => !it.ended && consents.includes(it.consent)),
};

const importFile: PendingKind = {
  kind: 'import',
  afterCommit(content, { imports }) {
    const anchored = content.imports.map((it) =>
      imports.includes(it.skeleton) ? { ...it, anchored: true } : it,
    );
    return { ...content, imports: anchored };
  },
  afterRefusal: (content, { imports }) => ({
    ...content,
    imports: content.imports.filter((it) => it.anchored || !imports.includes(it.skeleton)),
  }),
};

const write: PendingKind = { kind: 'write', afterCommit: unchanged, afterRefusal: unchanged };

/** The new keys were written down before: which of them count, the ledger says. */
const rotate: PendingKind = { kind: 'rotate', afterCommit: unchanged, afterRefusal: unchanged };

/** The kinds that the wallet itself writes. */
const spinePendingKinds: readonly PendingKind[] = [grant, revoke, keys, importFile, write, rotate];

/** Who got an envelope by the KeySet of this transaction holds keys now, sealed to the key that is noted. */
function enveloped(content: WalletContent, pending: PendingTx): WalletContent {
  const hashes = new Map(pending.enveloped.map((it) => [it.consent, it.kemHash]));
  const grants = content.grants.map((it) => {
    const kemHash = hashes.get(it.consent);
    return kemHash === undefined ? it : { ...it, granteeKemHash: kemHash, confirmed: true };
  });
  return { ...content, grants };
}

/** Kinds by their word. */
export type PendingKinds = ReadonlyMap<string, PendingKind>;

/** The wallet's own kinds and those of wings, by their word. Throws INTERNAL: two of one word. */
export function pendingKinds(ofWings: readonly PendingKind[] = []): PendingKinds {
  const kinds = new Map<string, PendingKind>();
  for (const it of [...spinePendingKinds, ...ofWings]) {
    if (kinds.has(it.kind)) throw new CodedError('INTERNAL', { pendingKind: it.kind });
    kinds.set(it.kind, it);
  }
  return kinds;
}

/** Whether such a transaction takes something back: then nothing that can be done without stands in its way. */
export function takesBack({ kind }: Pick<PendingTx, 'kind'>, kinds: PendingKinds): boolean {
  return kinds.get(kind)?.isOwed !== undefined;
}

/** Whether a refusal leaves it written down. */
export function isOwed(content: WalletContent, pending: PendingTx, kinds: PendingKinds): boolean {
  return kinds.get(pending.kind)?.isOwed?.(content, pending) === true;
}

/** The wallet in which `pending` stands for all that was written down before to take the same things back. */
export function replacing(
  content: WalletContent,
  pending: PendingTx,
  kinds: PendingKinds,
): WalletContent {
  const isSame = (it: PendingTx) =>
    it.kind === pending.kind &&
    it.account === pending.account &&
    it.consents.join() === pending.consents.join() &&
    isOwed(content, it, kinds);
  const edited = content.pending
    .filter(isSame)
    .reduce((held, it) => settled(held, it, { kinds, answer: 'refused' }), content);
  return { ...edited, pending: [...edited.pending, pending] };
}

/**
 * The wallet after a pending transaction was answered for good: it is settled, and its kind says what else
 * changes. Of a kind that is not known here nothing else does.
 */
export function settled(
  content: WalletContent,
  pending: PendingTx,
  { kinds, answer }: { readonly kinds: PendingKinds; readonly answer: 'confirmed' | 'refused' },
): WalletContent {
  const { tx } = pending;
  const kind = kinds.get(pending.kind);
  const edited =
    (answer === 'confirmed'
      ? kind?.afterCommit(content, pending)
      : kind?.afterRefusal(content, pending)) ?? content;
  return {
    ...edited,
    pending: edited.pending.filter((it) => it.tx !== tx),
    settled: edited.settled.includes(tx) ? edited.settled : [...edited.settled, tx],
  };
}
