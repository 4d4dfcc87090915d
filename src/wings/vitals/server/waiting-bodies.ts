import type { FastifyReply, FastifyRequest } from 'fastify';
import { requirePace } from '../../../gateway/bodies.ts';
import { defaultConnectionLimits } from '../../../gateway/connections.ts';
import { networkOf } from '../../../gateway/network.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { Shares } from '../../../primitives/shares.ts';

const mebibyte = 1024 * 1024;
/** Of bodies that are on their way, of one network and of all: a dozen rounds, or some eighty uploads, at once. */
const bytesPerNetwork = 24 * mebibyte;
const bytesInAll = 96 * mebibyte;

/** What comes in bodies to a data server before it is known who sends it: so much of it is in memory at once. Rule VS-3c. */
export class WaitingBodies {
  readonly #held = new Shares({ each: bytesPerNetwork, all: bytesInAll });

  /** Before a byte is read. Throws REQUEST_INVALID (of no length), BODY_TOO_LARGE, STORE_BUSY. */
  admit({ raw, headers, ip }: FastifyRequest, reply: FastifyReply, most: number): void {
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
      return;
    const bytes = Number(headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(bytes))
      throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
    if (bytes > most) throw new CodedError('BODY_TOO_LARGE', { maxBytes: most });
    const network = networkOf(ip);
    if (!this.#held.take(network, bytes)) throw new CodedError('STORE_BUSY');
    reply.raw.once('close', () => this.#held.give(network, bytes));
    requirePace(raw, defaultConnectionLimits);
  }
}
