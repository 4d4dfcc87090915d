import { type SigningKey, signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { suite } from '../../../ledger/object-types.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  type Of,
  optionalBytes,
  struct,
  text,
  typed,
  uint,
} from '../../../primitives/shape.ts';
import { vitalsNames } from '../names.ts';
import { vitalsObjects } from './object-types.ts';

/** A clock may be so far off. */
const toleranceMs = 5 * 60_000;

/** What a data server says under its name: to another one, to a device, to everybody. Source: vitals-servers.md, rule VS-5. */
export const statement = typed(suite, vitalsObjects.statement, {
  from: accountId,
  /** An account; empty: everybody. */
  to: optionalBytes(32),
  word: text(32),
  timeMs: uint,
  payload: bytes(),
});
export type Statement = Of<typeof statement>;

export const signedStatement = struct({ statement: bytes(), signature: bytes(64) });

/** As it travels; `to` missing: said to everybody. */
export async function signStatement(
  key: SigningKey,
  { to, ...said }: Omit<Statement, 'to'> & { readonly to?: AccountId | undefined },
): Promise<Uint8Array> {
  const whom = to === undefined ? new Uint8Array(0) : idBytes(to);
  const bytes = encodeAs(statement, { ...said, to: whom });
  const signature = await signLabelled(key, vitalsNames.labels.statement, bytes);
  return encodeAs(signedStatement, { statement: bytes, signature });
}

/**
 * `keyOf`: the key that must have signed what is said; undefined: nobody may say it. Throws CBOR_*, UNAUTHENTICATED.
 */
export async function openSigned(
  signed: Uint8Array,
  keyOf: (said: Statement) => Promise<Uint8Array | undefined>,
): Promise<Statement> {
  const { statement: bytes, signature } = decodeAs(signedStatement, signed);
  const said = decodeAs(statement, bytes);
  const key = await keyOf(said);
  const isHis =
    key !== undefined &&
    (await verifyLabelled(key, vitalsNames.labels.statement, bytes, signature));
  if (!isHis) throw new CodedError('UNAUTHENTICATED');
  return said;
}

/** Whether it is said to this account, in these minutes. */
export const isToldNow = (
  { to, timeMs }: Statement,
  { account, nowMs }: { readonly account: AccountId; readonly nowMs: number },
): boolean => equalBytes(to, idBytes(account)) && Math.abs(timeMs - nowMs) <= toleranceMs;
