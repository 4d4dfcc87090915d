import { verifyLabelled } from '../../../crypto/signature.ts';
import type { GatewayBase } from '../../../gateway/base.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { statementLabel } from '../api/notice.ts';
import { signedStatement, statement } from '../api/statement.ts';

/** How far a data server's clock may be off (VS-5). */
const toleratedMs = 5 * 60_000;

/** What a data server of the ledger says to this hospital. */
export interface Told {
  readonly from: AccountId;
  readonly word: string;
  readonly payload: Uint8Array;
}

/**
 * Throws UNAUTHENTICATED: not said by a data server, to this hospital, now; CBOR_*. `forged`: called where it is said in another's
 * name (VT-22).
 */
export async function openTold(
  { view, organisation, now }: Pick<GatewayBase, 'view' | 'organisation' | 'now'>,
  signed: Uint8Array,
  forged: () => void,
): Promise<Told> {
  const { statement: bytes, signature } = decodeAs(signedStatement, signed);
  const { from, to, word, timeMs, payload } = decodeAs(statement, bytes);
  // To another hospital, whose address this one has now, perhaps of another ledger: nobody's name was taken.
  if (!equalBytes(to, idBytes(organisation))) throw new CodedError('UNAUTHENTICATED');
  const row = await view.account(from);
  const isServer = row?.role === 'data-server' && !row.frozen;
  if (!isServer || !(await verifyLabelled(row.signKey, statementLabel, bytes, signature))) {
    forged();
    throw new CodedError('UNAUTHENTICATED');
  }
  if (Math.abs(timeMs - now()) > toleratedMs) throw new CodedError('UNAUTHENTICATED');
  return { from, word, payload };
}
