import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { writeSigned, writeValidators } from '../../engines/cometbft/rpc/write-answers.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { OtherMember } from './other-members.ts';

const integerText = z
  .union([z.string().regex(/^\d{1,15}$/), z.number()])
  .transform(Number)
  .refine((it) => Number.isSafeInteger(it) && it >= 1);
const asked = z.object({
  id: z.union([z.number(), z.string()]),
  method: z.string().max(40),
  params: z
    .object({
      height: integerText.optional(),
      page: integerText.optional(),
      per_page: integerText.optional(),
    })
    .optional(),
});
const maxQuestionBytes = 4_096;
const mostPerPage = 100;

/** Who gives the light client of this machine's own node what it verifies. */
export interface LightSource {
  readonly from: OtherMember;
  /** Whose turn it is to propose, once somebody else has said the same. */
  readonly turns: OtherMember['turns'];
  /** JSON, as the node's own genesis has them; the header's hash covers what matters of them. */
  readonly consensusParams: unknown;
}

/**
 * What the light client of this machine's node asks, on loopback while the node joins: `commit`, `validators` and
 * `consensus_params` of one other member, and nothing else. Source: docs/protocol/cometbft.md, rule CB-14.
 */
export class LightServer {
  readonly #server: Server;
  readonly #source: LightSource;

  private constructor(source: LightSource) {
    this.#source = source;
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      request.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > maxQuestionBytes) request.destroy();
        else pieces.push(piece);
      });
      request.on('end', () => {
        void this.#answer(Buffer.concat(pieces).toString('utf8')).then((answer) => {
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(answer));
        });
      });
    });
  }

  static async open(source: LightSource): Promise<LightServer> {
    const made = new LightServer(source);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(body: string): Promise<object> {
    const question = read(body);
    if (question === undefined) return failure(-1, 'invalid request');
    const { id, method, params = {} } = question;
    try {
      return { jsonrpc: '2.0', id, result: await this.#result(method, params) };
    } catch (error) {
      // The words that CometBFT's light client knows for "later", from its own servers.
      const height = params.height ?? 0;
      return isCoded(error, 'HEIGHT_UNKNOWN')
        ? failure(
            id,
            `height ${height} must be less than or equal to the current blockchain height`,
          )
        : failure(id, `height ${height} is not available`);
    }
  }

  async #result(method: string, params: NonNullable<z.output<typeof asked>['params']>) {
    const { from, turns, consensusParams } = this.#source;
    const { header, commit, validators } = await from.header(params.height ?? 'latest');
    const { height } = header;
    switch (method) {
      case 'commit':
        return writeSigned(header, commit);
      case 'validators': {
        const order = await turns(height);
        if (order.length !== validators.length) throw new CodedError('GATEWAY_LIED');
        const set = validators.map((it, at) => ({ ...it, turn: order[at] ?? 0 }));
        const { page = 1, per_page = 30 } = params;
        return writeValidators(height, set, { page, perPage: Math.min(per_page, mostPerPage) });
      }
      case 'consensus_params':
        return { block_height: String(height), consensus_params: consensusParams };
      default:
        throw new CodedError('NOT_FOUND');
    }
  }
}

function read(body: string): z.output<typeof asked> | undefined {
  try {
    return asked.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}

const failure = (id: number | string, data: string) => ({
  ...{ jsonrpc: '2.0', id, error: { code: -32_603, message: 'Internal error', data } },
});
