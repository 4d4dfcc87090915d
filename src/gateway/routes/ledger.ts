import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import { routePaths } from '../../api/paths.ts';
import { whoAnswer } from '../../api/people.ts';
import {
  genesisAnswer,
  headerAnswer,
  headerParams,
  type StateAnswerMessage,
  stateAnswer,
  stateParams,
  stateQuery,
  statesAnswer,
  statesRequest,
  submitQuery,
  submitRequest,
  type TxOutcomeMessage,
  txOutcome,
  txParams,
} from '../../api/tx.ts';
import type { CommitOutcome, LedgerEngine } from '../../engines/engine.ts';
import { maxTxBytes } from '../../ledger/genesis.ts';
import { refusalOf } from '../../ledger/refusals.ts';
import { hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { refusedTx } from '../act-sender.ts';
import type { Gateway } from '../gateway.ts';
import { type App, bearer, bytesAnswer, refusals, sessionOf } from './kinds.ts';

const receiptWaitMs = 10_000;

/** Handing in transactions, and everything about the ledger that anybody may check. Source: docs/protocol/http.md, H-7 and H-8. */
export function ledgerRoutes(app: App, gateway: Gateway): void {
  const { engine, genesis, trustRoot } = gateway.options;

  app.post(
    routePaths.submit,
    {
      bodyLimit: 2 * maxTxBytes,
      schema: {
        summary: 'Hand in a signed transaction and wait for its block',
        body: submitRequest,
        querystring: submitQuery,
        response: { 200: txOutcome, ...refusals },
      },
    },
    async ({ body, query }) => {
      const { code, txId } = await engine.submit(bytesOfText(body.tx));
      if (code !== 0) throw refusedTx(code, txId);
      const outcome = await engine.waitCommit(txId, query.waitMs).catch((error: unknown) => {
        throw isCoded(error, 'COMMIT_TIMEOUT') ? new CodedError('COMMIT_TIMEOUT', { txId }) : error;
      });
      // What this client did next here must not meet an older state.
      await gateway.index.reached(outcome.height);
      if (outcome.result.code !== 0) {
        throw refusedTx(outcome.result.code, txId, outcome.result.data);
      }
      return outcomeMessage(outcome);
    },
  );

  app.get(
    routePaths.tx,
    {
      schema: {
        summary: 'What became of a transaction',
        params: txParams,
        response: { 200: txOutcome, ...refusals },
      },
    },
    async ({ params }) => outcomeMessage(await engine.waitCommit(params.id, 0)),
  );

  app.get(
    routePaths.receipt,
    {
      schema: {
        summary: 'The receipt of a committed transaction (CBOR)',
        params: txParams,
        produces: ['application/cbor'],
        response: { 200: bytesAnswer, ...refusals },
      },
    },
    async ({ params }, reply) => {
      const receipt = await engine.receipt(params.id, receiptWaitMs);
      return reply.type('application/cbor').send(Buffer.from(receipt));
    },
  );

  app.get(
    routePaths.header,
    {
      schema: {
        summary: 'A signed block header',
        params: headerParams,
        response: { 200: headerAnswer, ...refusals },
      },
    },
    async ({ params }) => {
      const height = params.height === 'latest' ? engine.status().height : params.height;
      const signed = await engine.signedHeader(height);
      return {
        height,
        header: textOfBytes(signed.header),
        commit: textOfBytes(signed.commit),
        validators: signed.validators.map(({ publicKey, power }) => ({
          publicKey: textOfBytes(publicKey),
          power,
        })),
      };
    },
  );

  app.get(
    routePaths.genesis,
    {
      schema: {
        summary: 'The genesis and a trust root to start from',
        response: { 200: genesisAnswer, ...refusals },
      },
    },
    async () => ({ genesis: textOfBytes(genesis), trustRoot: { ...trustRoot } }),
  );

  app.get(
    routePaths.state,
    {
      schema: {
        summary: 'A row of the ledger’s state, with its proof on request',
        params: stateParams,
        querystring: stateQuery,
        response: { 200: stateAnswer, ...refusals },
      },
    },
    async ({ params, query }) => stateRow(engine, params, query.proof === '1'),
  );

  app.post(
    routePaths.states,
    {
      bodyLimit: 128 * 1024,
      schema: {
        summary: 'Many rows of the ledger’s state, each with its proof',
        security: bearer,
        body: statesRequest,
        response: { 200: statesAnswer, ...refusals },
      },
    },
    async (request) => {
      sessionOf(gateway, request);
      const answers: StateAnswerMessage[] = [];
      for (const row of request.body.rows) answers.push(await stateRow(engine, row, true));
      return { answers };
    },
  );

  app.get(
    routePaths.who,
    {
      schema: { summary: 'Which hospital this is', response: { 200: whoAnswer, ...refusals } },
    },
    async () => {
      const { organisation, name, directory = [] } = gateway.options;
      const { chainId } = engine;
      const { genesisHash } = gateway;
      return { organisation, name, chainId, genesisHash, gateways: [...directory] };
    },
  );
}

async function stateRow(
  engine: LedgerEngine,
  row: { readonly table: string; readonly key: string },
  prove: boolean,
): Promise<StateAnswerMessage> {
  const key = hexToBytes(row.key);
  if (key === undefined) throw new CodedError('REQUEST_INVALID');
  const { height, value, proof } = await engine.query(row.table, key, { prove });
  return {
    height,
    value: value === undefined ? null : textOfBytes(value),
    ...(proof === undefined ? {} : { proof: textOfBytes(proof) }),
  };
}

function outcomeMessage({ txId, height, timeMs, index, result }: CommitOutcome): TxOutcomeMessage {
  const name = refusalOf(result.code)?.code;
  const { code } = result;
  return {
    ...{ txId, height, timeMs, index, code },
    ...(name === undefined ? {} : { name }),
    data: textOfBytes(result.data),
  };
}
