import { bytesOfText } from '../../api/message-parts.ts';
import {
  encodeReceiptBundle,
  maxPeopleOfBundle,
  type ReceiptBundle,
} from '../../api/receipt-bundle.ts';
import { blockGet } from '../../api/routes/block-get.ts';
import { cardGet } from '../../api/routes/card-get.ts';
import { type Enrol, enrolledAccount } from '../../ledger/acts/enrol.ts';
import { decodeShownBlock } from '../../ledger/chain/shown-block.ts';
import { formatTrustRoot } from '../../ledger/chain/trust-root.ts';
import { readTxBody } from '../../ledger/codec.ts';
import { parseGenesis } from '../../ledger/genesis.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, parseAccountId, type TxId, txIdOf } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { readCard } from '../grants/card.ts';
import { provenGenesis } from '../ledger/proven-genesis.ts';
import { type ExplainedReceipt, explainReceipt } from './explain-receipt.ts';
import { receiptOfTx } from './fetch-receipt.ts';

/**
 * A receipt with the cards of those whom it names, as far as the wallet or the hospital's directory has them, each with
 * the receipt of its enrolment. Who is given it learns those names. Throws what `receiptOfTx` throws.
 * Source: docs/protocol/receipts.md, rule R-12.
 */
export async function bundleOf(
  ctx: Context,
  receipt: Uint8Array,
  { signal }: WorkOptions = {},
): Promise<Uint8Array> {
  const verdict = await ctx.verifyReceipt(receipt);
  const genesis = await provenGenesis(ctx.gateway, ctx.ledger.trustRoot, signal);
  const hospitals = new Set(
    parseGenesis(genesis).organisations.map(({ identity }) =>
      accountIdOfKey(identity.suite, identity.signKey),
    ),
  );
  const people: ReceiptBundle['people'][number][] = [];
  for (const account of accountsIn(explainReceipt(verdict))) {
    if (hospitals.has(account) || people.length === maxPeopleOfBundle) continue;
    const card = await cardOf(ctx, account, signal);
    if (card === undefined) continue;
    const txId = await enrolmentOf(ctx, account, signal);
    if (txId !== undefined)
      people.push({ card, enrolment: await receiptOfTx(ctx, txId, { signal }) });
  }
  const trustRoot = formatTrustRoot(ctx.ledger.trustRoot);
  return encodeReceiptBundle({ receipt, trustRoot, genesis, people });
}

/** The facts of a receipt that are accounts. */
const accountFacts = ['reader', 'servedBy', 'account', 'holder'] as const;

/** Everybody a receipt names, once each. */
function accountsIn({ sender, acts, claim }: ExplainedReceipt): ReadonlySet<AccountId> {
  const told = [claim ?? {}, ...acts].flatMap((facts) => accountFacts.map((name) => facts[name]));
  const found = new Set<AccountId>();
  for (const account of [sender, ...told]) {
    if (typeof account === 'string' && /^[0-9a-f]{64}$/.test(account)) {
      found.add(parseAccountId(account));
    }
  }
  return found;
}

/** One's own, one that is kept, or a colleague's from the hospital's directory; who is in none stays an account. */
async function cardOf(
  ctx: Context,
  account: AccountId,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const { accounts, cards } = ctx.vault.content;
  const own = accounts.find((it) => it.account === account)?.card;
  const kept = cards.find((it) => it.account === account)?.card;
  if (own !== undefined && own.length > 0) return own;
  if (kept !== undefined) return kept;
  try {
    const signed = bytesOfText(
      (await ctx.gateway.call(cardGet, { params: { account }, signal })).card,
    );
    return readCard(signed).card.account === account ? signed : undefined;
  } catch (error) {
    if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
    return undefined;
  }
}

/** The transaction that enrolled an account: its row says in which block. Undefined: of the genesis. */
async function enrolmentOf(
  ctx: Context,
  account: AccountId,
  signal: AbortSignal | undefined,
): Promise<TxId | undefined> {
  const height = (await ctx.ledger.account(account, signal))?.enrolledHeight ?? 0;
  if (height === 0) return undefined;
  const encoded = await ctx.gateway.call(blockGet, { params: { height }, signal });
  const { txs } = decodeShownBlock(encoded, height);
  const found = txs.find(({ accepted, body: [shown] }) => {
    if (!accepted || shown === undefined) return false;
    const enrols = readTxBody(shown.tx).acts.filter(
      (act): act is Enrol => 'kind' in act && act.kind === 'Enrol',
    );
    return enrols.some((act) => enrolledAccount(act) === account);
  });
  if (found === undefined) throw new CodedError('GATEWAY_LIED', { height });
  return txIdOf(found.txId);
}
