import type { WingLabel } from '../wings/names.ts';

/**
 * Every domain-separation label of Salus. A label is used for one purpose; no other string may take its
 * place, and a test holds that. Source: docs/protocol/labels.md.
 */
export const labels = {
  accountId: 'salus/1/account/id',
  accountSign: 'salus/1/account/sign',
  accountKem: 'salus/1/account/kem',
  accountPoint: 'salus/1/account/point',
  accountRecovery: 'salus/1/account/recovery',
  accountRecoveryKeys: 'salus/1/account/recovery-keys',
  identitySign: 'salus/1/identity/sign',
  identityPoint: 'salus/1/identity/point',
  identityPointNonce: 'salus/1/identity/point-nonce',
  identityCredential: 'salus/1/identity/credential',
  cardSign: 'salus/1/card/sign',
  walletFile: 'salus/1/wallet/file',
  walletUnlock: 'salus/1/wallet/unlock',
  walletIndex: 'salus/1/wallet/index',
  walletShard: 'salus/1/wallet/shard',
  walletCopy: 'salus/1/wallet/copy',
  walletLocator: 'salus/1/wallet/locator',
  walletCodeKem: 'salus/1/wallet/code-kem',
  walletBeside: 'salus/1/wallet/beside',
  codeCheck: 'salus/1/wallet/check',
  deviceCommit: 'salus/1/device/commit',
  deviceTranscript: 'salus/1/device/transcript',
  deviceDigits: 'salus/1/device/digits',
  deviceKey: 'salus/1/device/key',
  segmentKey: 'salus/1/segment/key',
  segmentWrite: 'salus/1/segment/write',
  recordWrap: 'salus/1/record/wrap',
  recordSeal: 'salus/1/record/seal',
  recordSign: 'salus/1/record/sign',
  consentBody: 'salus/1/consent/body',
  letterSeal: 'salus/1/letter/seal',
  letterSign: 'salus/1/letter/sign',
  envelopeSeal: 'salus/1/envelope/seal',
  envelopeTail: 'salus/1/envelope/tail',
  txSign: 'salus/1/tx/sign',
  profileSign: 'salus/1/profile/sign',
  readSign: 'salus/1/read/sign',
  readEntry: 'salus/1/read/entry',
  readChain: 'salus/1/read/chain',
  readTicket: 'salus/1/read/ticket',
  sessionSign: 'salus/1/session/sign',
  inboxSeal: 'salus/1/inbox/seal',
  inboxSign: 'salus/1/inbox/sign',
  itemsSign: 'salus/1/items/sign',
  eraseSign: 'salus/1/erase/sign',
  erasedSign: 'salus/1/erased/sign',
  refusalLeaf: 'salus/1/refusal/leaf',
  witnessSign: 'salus/1/witness/sign',
} as const;

/** A label of the spine, or one that a wing has named. */
export type Label = (typeof labels)[keyof typeof labels] | WingLabel;
