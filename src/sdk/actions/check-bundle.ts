import { type Card, credentialHashOf } from '../../api/card.ts';
import {
  decodeReceiptBundle,
  isReceiptBundle,
  type ReceiptBundle,
} from '../../api/receipt-bundle.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { enrolledAccount } from '../../ledger/acts/enrol.ts';
import { type ReceiptVerdict, verifyReceipt } from '../../ledger/chain/receipt.ts';
import { parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { sortValidators, validatorsHash } from '../../ledger/chain/validators.ts';
import { readTxBody } from '../../ledger/codec.ts';
import { type Genesis, genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { readCard } from '../grants/card.ts';
import { sameTrustWords, trustWords } from '../trust/trust-words.ts';

/** Somebody of a receipt by name, proven by the ledger. */
export interface ProvenName {
  readonly account: AccountId;
  readonly name: string;
  /** `organisation` of a hospital, which the genesis names. */
  readonly role: string;
  /** Empty: none. */
  readonly licence: string;
  /** The hospital that enrolled the account and vouches for name, role and licence; a hospital's own. */
  readonly hospital: string;
}

/** A receipt, alone or in a bundle, after it was checked. */
export interface CheckedReceipt {
  readonly verdict: ReceiptVerdict;
  /** Of the trust root that was believed, hex. */
  readonly genesisHash: string;
  /** The same as people compare it. */
  readonly trustWords: readonly string[];
  /** `given` by who checks; `words`: the bundle's own, whose words he gave; `bundle`: its own, and nobody compared. */
  readonly trustedBy: 'given' | 'words' | 'bundle';
  /** Hospitals first; none of a plain receipt. */
  readonly names: readonly ProvenName[];
}

/** What somebody believes who checks: a trust root, or its words. */
export interface Belief {
  readonly trustRootJson?: string | undefined;
  readonly words?: string | undefined;
}

/**
 * Checks a receipt or a bundle offline. Of a bundle every name holds too, or the whole does not. Without a trust root
 * of one's own a bundle is checked by the one in it, which is as good as its words.
 *
 * Throws TRUST_ROOT_WRONG (reason: none, words, or as `parseTrustRoot`); RECEIPT_INVALID with a reason: those of
 * `verifyReceipt`, and of a bundle `genesis` and `card`. Source: docs/protocol/receipts.md, rules.
 */
export async function checkReceiptFile(file: Uint8Array, belief: Belief): Promise<CheckedReceipt> {
  const bundle = isReceiptBundle(file) ? decodeReceiptBundle(file) : undefined;
  const json = belief.trustRootJson ?? bundle?.trustRoot;
  if (json === undefined) throw new CodedError('TRUST_ROOT_WRONG', { reason: 'none' });
  const trustRoot = parseTrustRoot(json);
  const { genesisHash: ledger } = trustRoot;
  const words = trustWords(ledger);
  if (belief.words !== undefined && !sameTrustWords(belief.words, words)) {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'words' });
  }
  if (bundle === undefined) {
    const verdict = await verifyReceipt(file, trustRoot, verifyVote);
    return { verdict, genesisHash: ledger, trustWords: words, trustedBy: 'given', names: [] };
  }
  const isOwn = belief.trustRootJson === undefined;
  const genesis = genesisOf(bundle, trustRoot, isOwn);
  const verdict = await verifyReceipt(bundle.receipt, trustRoot, verifyVote);
  const names = await namesIn(bundle, genesis, trustRoot);
  const trustedBy = !isOwn ? 'given' : belief.words === undefined ? 'bundle' : 'words';
  return { verdict, genesisHash: ledger, trustWords: words, trustedBy, names };
}

/** The genesis that the trust root means; of the bundle's own root also the validators must be the genesis's. */
function genesisOf(
  { genesis: encoded }: ReceiptBundle,
  trustRoot: TrustRoot,
  isOwn: boolean,
): Genesis {
  if (bytesToHex(genesisHash(encoded)) !== trustRoot.genesisHash) throw invalid('genesis');
  let genesis: Genesis;
  try {
    genesis = parseGenesis(encoded);
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw invalid('genesis', cause);
  }
  // Words are those of the genesis alone: what else is in a root that came with the bundle must follow from it.
  const first = bytesToHex(validatorsHash(sortValidators(genesis.validators)));
  if (isOwn && (trustRoot.chain !== genesis.chainId || trustRoot.validatorsHash !== first)) {
    throw invalid('genesis');
  }
  return genesis;
}

async function namesIn(
  { people }: ReceiptBundle,
  { organisations }: Genesis,
  trustRoot: TrustRoot,
): Promise<readonly ProvenName[]> {
  const hospitals = organisations.map(({ identity, name }): ProvenName => {
    const account = accountIdOfKey(identity.suite, identity.signKey);
    return { account, name, role: 'organisation', licence: '', hospital: name };
  });
  const named: ProvenName[] = [];
  for (const { card: signed, enrolment } of people) {
    const card = await provenCard(signed, enrolment, trustRoot);
    const by = hospitals.find(({ account }) => account === card.organisation);
    if (by === undefined) throw invalid('card');
    const { account, name, role, licence } = card;
    named.push({ account, name, role, licence, hospital: by.name });
  }
  return [...hospitals, ...named];
}

/** A card says what the hospital committed to when it enrolled the account: nothing else of it is believed. */
async function provenCard(
  signed: Uint8Array,
  enrolment: Uint8Array,
  trustRoot: TrustRoot,
): Promise<Card> {
  const { tx, code } = await verifyReceipt(enrolment, trustRoot, verifyVote);
  try {
    const { card } = readCard(signed);
    const { sender, acts } = readTxBody(tx);
    const isHers = acts.some(
      (act) =>
        'kind' in act &&
        act.kind === 'Enrol' &&
        enrolledAccount(act) === card.account &&
        act.role === card.role &&
        equalBytes(act.credentialHash, credentialHashOf(card)),
    );
    if (code !== 0 || sender !== card.organisation || card.chainId !== trustRoot.chain || !isHers) {
      throw invalid('card');
    }
    return card;
  } catch (cause) {
    if (!isCoded(cause) || isCoded(cause, 'RECEIPT_INVALID')) throw cause;
    throw invalid('card', cause);
  }
}

function invalid(reason: string, cause?: unknown): CodedError {
  return new CodedError('RECEIPT_INVALID', { reason }, cause);
}
