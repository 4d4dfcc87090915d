import { sha256 } from '../../../crypto/hash.ts';
import { signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { type Account, accounts } from '../../../ledger/tables/accounts.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { decodeViewsAs, encodeAs } from '../../../primitives/shape.ts';
import { carryingStatement, type Statement, signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';
import type { DataServerBase, LedgerRows } from './data-server-base.ts';
import { forged, forgeryIn, perhapsForged, wronglySigned } from './forged.ts';

/** A clock may be so far off. */
const tolerated = 5 * 60_000;

type Speaker = Pick<DataServerBase, 'account' | 'sign' | 'now'>;
interface Listener extends Pick<DataServerBase, 'account' | 'now'> {
  readonly ledger: Pick<LedgerRows, 'row'>;
}

/** What this server says, signed. `to` missing: to everybody. Rule VS-5. */
export async function state(
  { account, sign, now }: Speaker,
  of: { readonly to?: AccountId; readonly word: string; readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const bytes = encodeAs(statement, {
    ...{ from: account, word: of.word, timeMs: now(), payload: of.payload },
    to: of.to === undefined ? new Uint8Array(0) : idBytes(of.to),
  });
  const label = vitalsNames.labels.statement;
  const signature = await signLabelled(sign, label, bytes);
  return encodeAs(signedStatement, { statement: bytes, signature });
}

/** By the key in use of an account that is not frozen. Of what age it is the caller judges. */
async function openSaid(
  { ledger }: Pick<Listener, 'ledger'>,
  signed: Uint8Array,
): Promise<{ readonly said: Statement; readonly account: Account }> {
  const { statement: bytes, signature } = decodeViewsAs(signedStatement, signed);
  const said = decodeViewsAs(statement, bytes);
  const account = await ledger.row(accounts, said.from);
  const label = vitalsNames.labels.statement;
  // Enrolled or thawed a moment ago, and the row that shows it is not here yet.
  if (account === undefined || account.frozen) throw perhapsForged('UNAUTHENTICATED');
  const holds = (key: Uint8Array) => verifyLabelled(key, label, bytes, signature);
  if (!(await holds(account.signKey))) {
    const signer = { account: said.from, keyGeneration: account.keyGeneration };
    throw await wronglySigned('UNAUTHENTICATED', signer, { ledger, holds });
  }
  return { said, account };
}

/**
 * Before anybody is asked who said it. Throws UNAUTHENTICATED: one to somebody else came to an address that another had before, and
 * is no forgery.
 */
function requireToldHere({ account }: Pick<Listener, 'account'>, signed: Uint8Array): void {
  const { statement: bytes } = decodeViewsAs(signedStatement, signed);
  const { to } = decodeViewsAs(statement, bytes);
  if (!equalBytes(to, idBytes(account))) throw new CodedError('UNAUTHENTICATED');
}

/** Throws `stale`: what is old or early may be its sender's own, of a clock that is wrong, and is no forgery. */
function requireToldNow(
  { now }: Pick<Listener, 'now'>,
  { timeMs }: Statement,
  stale: 'UNAUTHENTICATED' | 'REQUEST_STALE',
): void {
  if (Math.abs(timeMs - now()) > tolerated) throw new CodedError(stale);
}

/**
 * A statement whose signer is a data server of the ledger that is not frozen. Who may say it, and of what age, the caller
 * judges. Throws UNAUTHENTICATED, CBOR_SHAPE.
 */
export async function openStatement(
  base: Pick<Listener, 'ledger'>,
  signed: Uint8Array,
): Promise<Statement> {
  const { said, account } = await openSaid(base, signed);
  if (account.role !== 'data-server') throw forged('UNAUTHENTICATED');
  return said;
}

/** What another server says to this one, now. Throws UNAUTHENTICATED. */
export async function openPeerStatement(base: Listener, signed: Uint8Array): Promise<Statement> {
  requireToldHere(base, signed);
  const said = await openStatement(base, signed);
  requireToldNow(base, said, 'UNAUTHENTICATED');
  return said;
}

/** What a person's account says to this server, now. Throws CBOR_*, UNAUTHENTICATED, REQUEST_STALE: her clock is wrong. Rules VR-12 and VQ-38. */
export async function openReaderStatement(
  base: Listener,
  signed: Uint8Array,
  word: string,
): Promise<Statement & { readonly account: Account }> {
  requireToldHere(base, signed);
  const { said, account } = await openSaid(base, signed);
  if (said.word !== word) throw new CodedError('UNAUTHENTICATED');
  // Of a person the sentence names the clock: to lock and open again would not help her.
  requireToldNow(base, said, 'REQUEST_STALE');
  return { ...said, account };
}

/** What comes of an answer. It is nobody's request: whoever had this server ask wrote nothing in another's name. Rule VT-18. */
async function heardFrom<Said>(
  asked: Promise<Uint8Array>,
  open: (answer: Uint8Array) => Promise<Said>,
): Promise<Said> {
  try {
    return await open(await asked);
  } catch (error) {
    if (!isCoded(error) || forgeryIn(error) === undefined) throw error;
    throw new CodedError(error.code, error.details);
  }
}

/** Asks another server and gives the payload of its answer to this very question. Throws PEER_DISAGREES: it answered another. */
export async function askPeer(
  base: DataServerBase,
  peer: AccountId,
  question: { readonly word: string; readonly payload: Uint8Array },
): Promise<Uint8Array> {
  const asked = await state(base, { to: peer, ...question });
  const said = await heardFrom(base.peers.ask(peer, asked), (it) => openPeerStatement(base, it));
  const isAnswer = said.from === peer && said.word === question.word;
  const head = sha256(asked);
  if (!isAnswer || !equalBytes(said.payload.subarray(0, 32), head))
    throw new CodedError('PEER_DISAGREES', { server: peer });
  return said.payload.subarray(32);
}

/** A message on its way: what is signed of it, and what it carries. */
interface Carrying {
  readonly signed: Uint8Array;
  readonly carried: Uint8Array;
}

/** Undefined: it carries nothing. Throws CBOR_*. Rule VS-5a. */
export function carriedBy(message: Uint8Array): Carrying | undefined {
  if (message[0] !== carryingHead) return undefined;
  const { carried, ...of } = decodeViewsAs(carryingStatement, message);
  return { signed: encodeAs(signedStatement, of), carried };
}
/** Of an array of three. */
const carryingHead = 0x83;

function carrying(signed: Uint8Array, carried: Uint8Array): Uint8Array {
  return encodeAs(carryingStatement, { ...decodeViewsAs(signedStatement, signed), carried });
}

/** As `askPeer`, for what is long: it travels beside the statement, which says its hash. Rule VS-5a. */
export async function askPeerCarrying(
  base: DataServerBase,
  peer: AccountId,
  { word, carried }: { readonly word: string; readonly carried: Uint8Array },
): Promise<Uint8Array> {
  const asked = await state(base, { to: peer, word, payload: sha256(carried) });
  const sent = base.peers.ask(peer, carrying(asked, carried));
  const { said, answer } = await heardFrom(sent, async (it) => {
    const answer = carriedBy(it);
    if (answer === undefined) throw new CodedError('PEER_DISAGREES', { server: peer });
    return { answer, said: await openPeerStatement(base, answer.signed) };
  });
  const expected = concatBytes(sha256(asked), sha256(answer.carried));
  if (said.from !== peer || said.word !== word || !equalBytes(said.payload, expected))
    throw new CodedError('PEER_DISAGREES', { server: peer });
  return answer.carried;
}

/** The answer to what another server asked by `askPeerCarrying`. */
export async function answerPeerCarrying(
  base: DataServerBase,
  asked: { readonly from: AccountId; readonly word: string; readonly signed: Uint8Array },
  carried: Uint8Array,
): Promise<Uint8Array> {
  const payload = concatBytes(sha256(asked.signed), sha256(carried));
  return carrying(await state(base, { to: asked.from, word: asked.word, payload }), carried);
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
