import { CodedError } from '../../primitives/errors.ts';
import type { PendingTx, WalletContent } from '../wallet/content.ts';
import { unlistedDone, unlistedEndedAlone, unlistedGotKeys } from '../wallet/unlisted-ends.ts';

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
  /** It takes something back: nothing that it can do without stands before it, and no wing's copy or letter. */
  readonly takesBack?: true;
}

/** What was answered is remembered so long: no transaction of before can still be taken by then. */
const settledMs = 30 * 24 * 60 * 60_000;

const unchanged = (content: WalletContent): WalletContent => content;

/**
 * A grant that was refused stays, as one that was never confirmed: what stands on the ledger must be there to be
 * taken back. It gets no keys, and is listed only if the ledger has it.
 */
const grant: PendingKind = { kind: 'grant', afterCommit: enveloped, afterRefusal: unchanged };

const keys: PendingKind = { kind: 'keys', afterCommit: enveloped, afterRefusal: unchanged };

/** Together with a KeySet: who is out holds no key of what is written from then on. */
const revoke: PendingKind = {
  kind: 'revoke',
  afterCommit: (content, pending) => ended(enveloped(content, pending), pending, 0),
  afterRefusal: unchanged,
};

/** Without one: that it is still owed is written at the grant, or beside those that the wallet does not know. */
const revokeAlone: PendingKind = {
  kind: 'revoke-alone',
  afterCommit: (content, pending) => ended(content, pending, 1),
  afterRefusal: unchanged,
  takesBack: true,
};

/** Nothing in the wallet changes: whether the account is frozen, the ledger says. */
const freeze: PendingKind = {
  kind: 'freeze',
  afterCommit: unchanged,
  afterRefusal: unchanged,
  takesBack: true,
};

/** By the printed code: it goes alone, and shuts nobody out yet. The same for later days is needed no more. */
const recover: PendingKind = { ...freeze, kind: 'recover', afterCommit: withoutOthers };

/** Another printed code, which waits; its keys were written down before. */
const newCode: PendingKind = {
  kind: 'new-code',
  afterCommit: unchanged,
  afterRefusal: unchanged,
};

const stopCode: PendingKind = { ...freeze, kind: 'stop-code', afterCommit: withoutOthers };

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
const rotate: PendingKind = { kind: 'rotate', afterCommit: enveloped, afterRefusal: unchanged };

/** New write keys: the seeds were written down before, and the ledger says which of them count. */
const writeKey: PendingKind = { ...write, kind: 'write-key' };

/** The kinds that the wallet itself writes. */
const spinePendingKinds: readonly PendingKind[] = [
  grant,
  revoke,
  revokeAlone,
  freeze,
  recover,
  newCode,
  stopCode,
  keys,
  importFile,
  write,
  rotate,
  writeKey,
];

/**
 * Who got an envelope by the KeySet of this transaction holds keys now, sealed to the key that is noted; whoever was
 * taken back before is out.
 */
function enveloped(content: WalletContent, pending: PendingTx): WalletContent {
  const hashes = new Map(pending.enveloped.map((it) => [it.consent, it.kemHash]));
  const grants = content.grants.map((it) => {
    const kemHash = hashes.get(it.consent);
    if (kemHash !== undefined) return { ...it, granteeKemHash: kemHash, confirmed: true };
    return it.account === pending.account && it.owesKeys === 1 ? { ...it, owesKeys: 2 } : it;
  });
  return unlistedGotKeys({ ...content, grants }, pending.account);
}

function ended(content: WalletContent, { consents }: PendingTx, owesKeys: 0 | 1): WalletContent {
  const grants = content.grants.map((it) =>
    consents.includes(it.consent)
      ? { ...it, ended: true, owesKeys: Math.max(it.owesKeys, owesKeys) }
      : it,
  );
  const known = new Set(grants.map((it) => it.consent));
  return consents.reduce<WalletContent>(
    (held, it) =>
      owesKeys === 1 && !known.has(it) ? unlistedEndedAlone(held, it) : unlistedDone(held, it),
    { ...content, grants },
  );
}

function withoutOthers(content: WalletContent, { tx, account, kind }: PendingTx): WalletContent {
  const isOther = (it: PendingTx) => it.account === account && it.kind === kind && it.tx !== tx;
  return { ...content, pending: content.pending.filter((it) => !isOther(it)) };
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

/**
 * The wallet after a pending transaction was answered for good: it is settled, and its kind says what else
 * changes. Of a kind that is not known here nothing else does.
 */
export function settled(
  content: WalletContent,
  pending: PendingTx,
  {
    kinds,
    answer,
    nowMs,
  }: {
    readonly kinds: PendingKinds;
    readonly answer: 'confirmed' | 'refused';
    readonly nowMs: number;
  },
): WalletContent {
  const { tx } = pending;
  const kind = kinds.get(pending.kind);
  const edited =
    (answer === 'confirmed'
      ? kind?.afterCommit(content, pending)
      : kind?.afterRefusal(content, pending)) ?? content;
  const remembered = edited.settled.filter(
    (it) => it.tx !== tx && it.atMs > nowMs - settledMs && it.atMs < nowMs + settledMs,
  );
  return {
    ...edited,
    pending: edited.pending.filter((it) => it.tx !== tx),
    settled: [...remembered, { tx, atMs: nowMs }],
  };
}
