import { type SigningKey, signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import type { Account } from '../../../ledger/tables/accounts.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { type Statement, signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';

/** A statement may be so old or so early. */
const toleranceMs = 5 * 60_000;

/** A statement by an account's key, as it travels. Source: docs/protocol/vitals-servers.md, rule VS-5. */
export async function signStatement(
  key: SigningKey,
  said: Omit<Statement, 'to'> & { readonly to: AccountId },
): Promise<Uint8Array> {
  const bytes = encodeAs(statement, { ...said, to: idBytes(said.to) });
  const signature = await signLabelled(key, vitalsNames.labels.statement, bytes);
  return encodeAs(signedStatement, { statement: bytes, signature });
}

/**
 * What an account said at any time, by a key that the ledger had for it, the oldest included: what a server keeps for ever is
 * signed once. `keysOf`: its signing keys. Throws CBOR_*, UNAUTHENTICATED.
 */
export async function openKeptStatement(
  signed: Uint8Array,
  expected: { readonly from: AccountId; readonly to: AccountId; readonly word: string },
  keysOf: (account: AccountId) => Promise<readonly Uint8Array[]>,
): Promise<Statement> {
  const { statement: bytes, signature } = decodeAs(signedStatement, signed);
  const said = decodeAs(statement, bytes);
  const isMeant =
    said.word === expected.word &&
    said.from === expected.from &&
    equalBytes(said.to, idBytes(expected.to));
  if (!isMeant) throw new CodedError('UNAUTHENTICATED');
  for (const key of await keysOf(said.from))
    if (await verifyLabelled(key, vitalsNames.labels.statement, bytes, signature)) return said;
  throw new CodedError('UNAUTHENTICATED');
}

/**
 * What an account said to another in these minutes, by the key in use that the ledger has for it. Throws CBOR_*,
 * UNAUTHENTICATED.
 */
export async function openStatement(
  signed: Uint8Array,
  expected: { readonly to: AccountId; readonly word: string; readonly nowMs: number },
  accountOf: (account: AccountId) => Promise<Account | undefined>,
): Promise<Statement> {
  const { statement: bytes, signature } = decodeAs(signedStatement, signed);
  const said = decodeAs(statement, bytes);
  const isMeant =
    said.word === expected.word &&
    equalBytes(said.to, idBytes(expected.to)) &&
    Math.abs(said.timeMs - expected.nowMs) <= toleranceMs;
  if (!isMeant) throw new CodedError('UNAUTHENTICATED');
  const account = await accountOf(said.from);
  const isHis =
    account !== undefined &&
    !account.frozen &&
    (await verifyLabelled(account.signKey, vitalsNames.labels.statement, bytes, signature));
  if (!isHis) throw new CodedError('UNAUTHENTICATED');
  return said;
}
