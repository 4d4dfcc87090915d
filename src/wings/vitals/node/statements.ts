import { sha256 } from '../../../crypto/hash.ts';
import { signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { type Statement, signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';
import type { DataServerBase } from './data-server-base.ts';

/** A clock may be so far off. */
const tolerated = 5 * 60_000;

type Speaker = Pick<DataServerBase, 'account' | 'sign' | 'now'>;

/** What this server says, signed. `to` missing: to everybody. Rule VS-5. */
export async function state(
  { account, sign, now }: Speaker,
  of: { readonly to?: AccountId; readonly word: string; readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const bytes = encodeAs(statement, {
    ...{ from: account, word: of.word, timeMs: now(), payload: of.payload },
    to: of.to === undefined ? new Uint8Array(0) : idBytes(of.to),
  });
  const signature = await signLabelled(sign, vitalsNames.labels.statement, bytes);
  return encodeAs(signedStatement, { statement: bytes, signature });
}

/**
 * A statement whose signer is a data server of the ledger that is not frozen. Who may say it, and of what age, the caller
 * judges. Throws UNAUTHENTICATED, CBOR_SHAPE.
 */
export async function openStatement(
  { ledger }: Pick<DataServerBase, 'ledger'>,
  signed: Uint8Array,
): Promise<Statement> {
  const { statement: bytes, signature } = decodeAs(signedStatement, signed);
  const said = decodeAs(statement, bytes);
  const row = await ledger.row(accounts, said.from);
  const isServer = row !== undefined && row.role === 'data-server' && !row.frozen;
  const { label } = { label: vitalsNames.labels.statement };
  if (!isServer || !(await verifyLabelled(row.signKey, label, bytes, signature)))
    throw new CodedError('UNAUTHENTICATED');
  return said;
}

/** What another server says to this one, now. Throws UNAUTHENTICATED. */
export async function openPeerStatement(
  base: DataServerBase,
  signed: Uint8Array,
): Promise<Statement> {
  const said = await openStatement(base, signed);
  const isToMe = equalBytes(said.to, idBytes(base.account));
  if (!isToMe || Math.abs(said.timeMs - base.now()) > tolerated)
    throw new CodedError('UNAUTHENTICATED');
  return said;
}

/** Asks another server and gives the payload of its answer to this very question. Throws PEER_DISAGREES: it answered another. */
export async function askPeer(
  base: DataServerBase,
  peer: AccountId,
  question: { readonly word: string; readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const asked = await state(base, { to: peer, ...question });
  const said = await openPeerStatement(base, await base.peers.ask(peer, asked));
  const isAnswer = said.from === peer && said.word === question.word;
  const head = sha256(asked);
  if (!isAnswer || !equalBytes(said.payload.subarray(0, 32), head))
    throw new CodedError('PEER_DISAGREES', { server: peer });
  return said.payload.subarray(32);
}

/** The answer to what another server asked. */
export const answerPeer = (
  base: DataServerBase,
  asked: { readonly from: AccountId; readonly word: string; readonly signed: Uint8Array },
  payload: Uint8Array,
): Promise<Uint8Array> =>
  state(base, {
    ...{ to: asked.from, word: asked.word },
    payload: concatBytes(sha256(asked.signed), payload),
  });
