import { sha256 } from '../../../crypto/hash.ts';
import { type Account, accounts } from '../../../ledger/tables/accounts.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { isToldNow, openSigned, type Statement, signStatement } from '../api/statement.ts';
import type { DataServerBase, LedgerRows } from './data-server-base.ts';

type Speaker = Pick<DataServerBase, 'account' | 'sign' | 'now'>;
interface Listener extends Pick<DataServerBase, 'account' | 'now'> {
  readonly ledger: Pick<LedgerRows, 'row'>;
}

/** What this server says, signed. `to` missing: to everybody. Rule VS-5. */
export const state = (
  { account, sign, now }: Speaker,
  {
    to,
    word,
    payload,
  }: { readonly to?: AccountId; readonly word: string; readonly payload: Uint8Array },
): Promise<Uint8Array> => signStatement(sign, { from: account, to, word, timeMs: now(), payload });

interface Said extends Statement {
  readonly account: Account;
}

/** By the key in use of an account that is not frozen; before it is looked for, what is said must be `isMeant`. */
async function openSaid(
  { ledger }: Pick<Listener, 'ledger'>,
  signed: Uint8Array,
  isMeant: (said: Statement) => boolean,
): Promise<Said> {
  let account: Account | undefined;
  const said = await openSigned(signed, async (it) => {
    account = isMeant(it) ? await ledger.row(accounts, it.from) : undefined;
    return account?.frozen === false ? account.signKey : undefined;
  });
  if (account === undefined) throw new CodedError('UNAUTHENTICATED');
  return { ...said, account };
}

const told =
  ({ account, now }: Listener) =>
  (said: Statement): boolean =>
    isToldNow(said, { account, nowMs: now() });

function requireServer(said: Said): Statement {
  if (said.account.role !== 'data-server') throw new CodedError('UNAUTHENTICATED');
  return said;
}

/**
 * A statement whose signer is a data server of the ledger that is not frozen. Who may say it, and of what age, the caller
 * judges. Throws UNAUTHENTICATED, CBOR_SHAPE.
 */
export const openStatement = async (
  base: Pick<Listener, 'ledger'>,
  signed: Uint8Array,
): Promise<Statement> => requireServer(await openSaid(base, signed, () => true));

/** What another server says to this one, now. Throws UNAUTHENTICATED. */
export const openPeerStatement = async (base: Listener, signed: Uint8Array): Promise<Statement> =>
  requireServer(await openSaid(base, signed, told(base)));

/** What a person's account says to this server, now. Throws CBOR_*, UNAUTHENTICATED. Rules VR-12 and VQ-38. */
export const openReaderStatement = (
  base: Listener,
  signed: Uint8Array,
  word: string,
): Promise<Said> => openSaid(base, signed, (it) => it.word === word && told(base)(it));

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
