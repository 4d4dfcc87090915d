import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { entriesOf } from '../../../../sdk/wallet/drawer.ts';
import { type KeptDelivery, keptDeliveries } from '../kept-paillier.ts';
import { type Opened, openAnswers } from './collecting.ts';
import type { KeptQuestion } from './kept-questions.ts';
import type { ServerLine } from './server-lines.ts';

/** How an answer comes: sealed to the account part by part, or encrypted so that three parts multiply into one. */
export type Delivery = 'hpke' | 'paillier';
export const deliveries: readonly Delivery[] = ['hpke', 'paillier'];

/** One way of asking three servers and opening what they gave. */
export interface Form {
  readonly delivery: Delivery;
  /** Before anything is paid. Throws KEY_INVALID, RATE_LIMITED, and what a server refuses. */
  prepare(lines: readonly ServerLine[]): Promise<void>;
  ask(line: ServerLine, signed: Uint8Array): Promise<Uint8Array>;
  open(kept: KeptQuestion, answers: readonly Uint8Array[]): Promise<Opened>;
}

export const sealedForm = (ctx: Context): Form => ({
  delivery: 'hpke',
  prepare: async () => {},
  ask: (line, signed) => line.ask(signed),
  async open({ query }, answers) {
    const keys = (await ctx.allKeys()).map(({ kem }) => kem);
    return openAnswers(answers, bytesToHex(query), keys);
  },
});

/** What the wallet knows of a question whose answer comes encrypted. */
export const deliveryOf = (ctx: Context, query: Uint8Array): KeptDelivery | undefined =>
  entriesOf(ctx.vault.content, keptDeliveries).find((it) => equalBytes(it.query, query));

/** The one ciphertext of an answer that came encrypted, and the name of its key. */
export interface EncryptedParts {
  /** Hex. */
  readonly key: string;
  /** 768 bytes: the product of the three that the servers sealed. */
  readonly ciphertext: Uint8Array;
}

/** Undefined: it came sealed, or has not come. */
export const encryptedParts: Action<{ readonly query: string }, EncryptedParts | undefined> = {
  name: 'vitals/encrypted-parts',
  async run(ctx, { query }) {
    const found = deliveryOf(ctx, hexToBytes(query) ?? new Uint8Array(0));
    if (found === undefined || found.ciphertext.length === 0) return undefined;
    return { key: bytesToHex(found.key), ciphertext: found.ciphertext };
  },
};
