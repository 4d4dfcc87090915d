import { textOfBytes } from '../../../api/message-parts.ts';
import { txPost } from '../../../api/routes/tx-post.ts';
import { labels } from '../../../crypto/labels.ts';
import { type SigningKey, signLabelled, verifyVote } from '../../../crypto/signature.ts';
import { verifyReceipt } from '../../../ledger/chain/receipt.ts';
import { encodeTx, encodeTxBody } from '../../../ledger/codec.ts';
import { suite } from '../../../ledger/object-types.ts';
import type { Act } from '../../../ledger/protocol.ts';
import { refusalOf } from '../../../ledger/refusals.ts';
import type { StateTable } from '../../../ledger/table.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import type { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import type { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { maxStateAgeMs, type RowsTogether } from '../../../sdk/ledger/proven-rows.ts';
import type { LedgerRows, RowWanted } from '../node/data-server-base.ts';
import type { BlockLine } from './block-line.ts';

const validMs = 60_000;
const attempts = 3;

/** So long rows are taken again without a look at the ledger, also where the stream of blocks is silently broken. Rule VS-2a. */
const mostKeptMs = 2_000;

/** Proven rows of the last ten minutes: what a data server believes. `blocks` missing: nothing is taken twice. */
export function provenRows(
  ledger: ProvenLedger,
  blocks: Pick<BlockLine, 'newest'> = { newest: undefined },
  now: () => number = Date.now,
): LedgerRows {
  const row: LedgerRows['row'] = (table, id) => ledger.row(table, id, { maxAgeMs: maxStateAgeMs });
  return {
    ...{ chainId: ledger.trustRoot.chain, row },
    async together(wanted) {
      const askedMs = now();
      const { get, until } = await ledger.rowsTogether(wanted).catch((error: unknown) => {
        // What a gateway cannot prove it is not asked for in another way.
        if (isCoded(error) && error.kind === 'verification' && error.code !== 'LEDGER_OLD')
          throw error;
        // Without a session, or after too many calls in it, each as a stranger may ask for it, with patience.
        return oneByOne(row, wanted);
      });
      const isNewest = () => {
        const { newest } = blocks;
        const isTold = newest !== undefined && Math.max(newest, ledger.tip.height) <= until;
        return isTold && Math.abs(now() - askedMs) <= mostKeptMs;
      };
      return { get, isNewest };
    },
    async receipt(bytes) {
      const verdict = await verifyReceipt(bytes, ledger.trustRoot, verifyVote);
      ledger.headers.meet(verdict.height, idBytes(verdict.headerHash));
      return verdict;
    },
  };
}

/** In their order, as `together` promises it. */
async function oneByOne(
  row: LedgerRows['row'],
  wanted: readonly RowWanted[],
): Promise<RowsTogether> {
  const found = new Map<string, unknown>();
  for (const { table, id } of wanted) found.set(`${table.name}/${id}`, await row(table, id));
  return {
    until: 0,
    get: <Row>({ name }: StateTable<Row>, id: string) =>
      found.get(`${name}/${id}`) as Row | undefined,
  };
}

/**
 * Sends acts of this account, several at once when it must be: no two of them take the same number, also while the ledger
 * does not show the one before yet. A number that another process of it used meanwhile is taken anew.
 */
export function actSender(of: {
  readonly gateway: GatewayClient;
  readonly ledger: ProvenLedger;
  readonly account: AccountId;
  readonly sign: SigningKey;
  readonly now: () => number;
}): (act: Act) => Promise<void> {
  const { gateway, ledger, account, sign, now } = of;
  let newest = 0;
  return async (act) => {
    for (let attempt = 1; ; attempt++) {
      const { window } = await ledger.currentAccount(account);
      newest = Math.max(newest, window.top) + 1;
      const body = {
        ...{ suite, chainId: ledger.trustRoot.chain, sender: account, nonce: newest },
        log: act.kind === 'StatBatch' ? ('doc' as const) : ('user' as const),
        ...{ validUntilMs: Math.max(now(), ledger.tip.timeMs) + validMs, acts: [act] },
      };
      const signature = await signLabelled(sign, labels.txSign, encodeTxBody(body));
      const tx = encodeTx({ body, signatures: [{ publicKey: sign.publicKey, signature }] });
      const outcome = await gateway.call(txPost, { body: { tx: textOfBytes(tx) } });
      if (outcome.code === 0) return;
      const code = refusalOf(outcome.code)?.code ?? 'REFUSAL_UNKNOWN';
      if (!code.startsWith('NONCE_') || attempt === attempts)
        throw new CodedError(code, { txId: outcome.txId });
    }
  };
}
