import { messageObjects } from '../../api/object-types.ts';
import { suite } from '../../ledger/object-types.ts';
import { roles } from '../../ledger/roles.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  accountId as account,
  bytes,
  consentId as consent,
  decodeAs,
  flag,
  list,
  oneOf,
  optionalBytes,
  struct,
  text,
  txId as tx,
  typed,
  uint,
} from '../../primitives/shape.ts';
import { emptyWallet, rootId, spineFields, type WalletContent } from './content.ts';
import { firstGenerations } from './generations.ts';

/**
 * Content as it was written before wallets had drawers, devices and copies of their own: 16 fields, of which some
 * entries had fewer. It is read, and written no more. The key of its copy and where that lay are let go with the copies
 * of before: it has none until another printed code is made. Source: docs/protocol/wallet.md, rule W-18.
 */
const accounts = list(
  struct({
    ...{ account, organisation: account, organisationName: text(200), role: oneOf(roles) },
    ...{ chainId: text(50), gatewayUrl: text(2048), enrolled: flag, locator: optionalBytes(32) },
    ...{ generations: list(struct({ rootId, index: uint })), card: bytes() },
  }),
);
const grants = list(
  struct({
    ...{ account, consent, grantee: account, granteeName: text(200), granteeOrganisation: account },
    ...{ granteeKemHash: bytes(32), body: bytes(), salt: bytes(32), tagKey: bytes(32) },
    ...{ writeSeed: optionalBytes(32), notBeforeMs: uint, notAfterMs: uint },
    ...{ confirmed: flag, ended: flag },
  }),
);
const letters = list(
  struct({
    ...{ consent, account, grantee: account, ownerName: text(200), letter: bytes() },
    ...{ receivedMs: uint, ended: flag },
  }),
);
const trust = list(
  struct({
    ...{ chainId: text(50), rootJson: text(16_384), height: uint, headerHash: bytes(32) },
    timeMs: uint,
  }),
);

const { name, roots, cards, keySets, segments, openings, openedSets, imports, erased, pending } =
  spineFields;
const before = struct({
  ...{ name, copyKey: optionalBytes(32), roots, accounts, cards, keySets, grants, letters },
  ...{ segments, openings, openedSets, imports, erased, pending, settled: list(tx), trust },
});

const written = typed(suite, messageObjects.walletContent, { content: before });

/** Throws WALLET_INVALID. */
export function decodeContentOfBefore(encoded: Uint8Array): WalletContent {
  try {
    const { copyKey: _gone, ...read } = decodeAs(written, encoded, 'wallet').content;
    return {
      ...emptyWallet(read.name),
      ...read,
      accounts: read.accounts.map(({ locator: _lay, ...it }) => it),
      grants: read.grants.map((it) => ({
        ...it,
        ...{ takenBackMs: 0, owesKeys: 0, ...firstGenerations },
      })),
      letters: read.letters.map((it) => ({ ...it, ...firstGenerations })),
      settled: read.settled.map((settled) => ({ tx: settled, atMs: 0 })),
      trust: read.trust.map((it) => ({ ...it, gateways: [] })),
    };
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}
