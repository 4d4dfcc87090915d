import { signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { type Statement, signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';
import type { DataServerBase } from './data-server-base.ts';

/** A clock may be so far off. */
const tolerated = 5 * 60_000;

/** What a person's account says to this server now, by its key in use. Throws CBOR_*, UNAUTHENTICATED. Rule VR-12. */
export async function openReaderStatement(
  { account, ledger, now }: Pick<DataServerBase, 'account' | 'ledger' | 'now'>,
  signed: Uint8Array,
  word: string,
): Promise<Statement> {
  const { statement: bytes, signature } = decodeAs(signedStatement, signed);
  const said = decodeAs(statement, bytes);
  const isMeant = said.word === word && equalBytes(said.to, idBytes(account));
  if (!isMeant || Math.abs(said.timeMs - now()) > tolerated) {
    throw new CodedError('UNAUTHENTICATED');
  }
  const row = await ledger.row(accounts, said.from);
  const label = vitalsNames.labels.statement;
  const isHis =
    row !== undefined &&
    !row.frozen &&
    (await verifyLabelled(row.signKey, label, bytes, signature));
  if (!isHis) throw new CodedError('UNAUTHENTICATED');
  return said;
}

/** What this server answers him, signed. */
export async function stateToReader(
  { account, sign, now }: Pick<DataServerBase, 'account' | 'sign' | 'now'>,
  of: { readonly to: AccountId; readonly word: string; readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const { to, word, payload } = of;
  const said = { from: account, to: idBytes(to), word, timeMs: now(), payload };
  const bytes = encodeAs(statement, said);
  const signature = await signLabelled(sign, vitalsNames.labels.statement, bytes);
  return encodeAs(signedStatement, { statement: bytes, signature });
}
