import { decodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { entriesOf, withEntry } from '../../../../sdk/wallet/drawer.ts';
import {
  decodeEncryptedAnswer,
  encodeEncryptedAsked,
  encryptedWord,
} from '../../api/encrypted-answer.ts';
import { readManifest } from '../../api/query-manifest.ts';
import { releasedBy } from '../../api/question.ts';
import { openShares } from '../../crypto/answer-masks.ts';
import {
  addCiphertexts,
  ciphertextToBytes,
  parseCiphertext,
} from '../../crypto/paillier/ciphertext.ts';
import { openDecryption } from '../../crypto/paillier/decryption.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { openPartSum } from '../../crypto/paillier/packed-answer.ts';
import { type KeptDelivery, keptDeliveries } from '../kept-paillier.ts';
import { askedUnderKey, type OwnPaillierKey, ownPaillierKey, showKey } from '../paillier-keys.ts';
import { openKeptStatement, signStatement } from '../statements.ts';
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

/** Source: docs/protocol/vitals-paillier.md, VD-23 to VD-25. */
export async function encryptedForm(
  ctx: Context,
  { query, signal }: { readonly query: Uint8Array; readonly signal?: AbortSignal | undefined },
): Promise<Form> {
  const noted = deliveryOf(ctx, query);
  const key = await ownPaillierKey(ctx, noted && bytesToHex(noted.key));
  const note = async (ciphertext: Uint8Array): Promise<void> => {
    const before = deliveryOf(ctx, query);
    if (before !== undefined && equalBytes(before.ciphertext, ciphertext)) return;
    const entry: KeptDelivery = {
      ...{ version: (before?.version ?? 0) + 1, query, ciphertext },
      key: hexToBytes(key.id) ?? new Uint8Array(0),
    };
    await ctx.noteDown((content) => withEntry(content, keptDeliveries, entry));
  };
  if (noted === undefined) await note(new Uint8Array(0));
  return {
    delivery: 'paillier',
    prepare: (lines) => showKey(ctx, key, lines, { signal }),
    ask: (line, signed) => askedUnderKey(ctx, key, line, () => askOne(ctx, key, line, signed)),
    async open(kept, answers) {
      const parts = await saidBy(ctx, kept.servers, answers, signal);
      const { values, ciphertext } = await openEncrypted(kept, parts, key);
      await note(ciphertext);
      return { values, hashes: answers.map((it) => sha256(it)) };
    },
  };
}

async function askOne(
  ctx: Context,
  { id: key }: OwnPaillierKey,
  line: ServerLine,
  question: Uint8Array,
): Promise<Uint8Array> {
  const payload = encodeEncryptedAsked({ question, key });
  const { sign } = await ctx.keys();
  const said = { from: ctx.account.account, to: line.account, word: encryptedWord };
  return line.askEncrypted(await signStatement(sign, { ...said, timeMs: ctx.nowMs(), payload }));
}

/** What each of three servers signed. Nothing else is decrypted (VD-8). Throws SERVER_LIED {server}: it is not its word. */
function saidBy(
  ctx: Context,
  servers: readonly AccountId[],
  answers: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const to = ctx.account.account;
  const keysOf = async (account: AccountId): Promise<readonly Uint8Array[]> => {
    const directory = await ctx.ledger.row(keys, account, { signal });
    return (directory?.identities ?? []).map(({ identity }) => identity.signKey);
  };
  return Promise.all(
    servers.map(async (from, at) => {
      const expected = { from, to, word: encryptedWord };
      try {
        const signed = answers[at] ?? new Uint8Array(0);
        return (await openKeptStatement(signed, expected, keysOf)).payload;
      } catch (cause) {
        if (!isCoded(cause) || cause.kind === 'unavailable') throw cause;
        throw new CodedError('SERVER_LIED', { server: from }, cause);
      }
    }),
  );
}

/** What the wallet knows of a question whose answer comes encrypted. */
export const deliveryOf = (ctx: Context, query: Uint8Array): KeptDelivery | undefined =>
  entriesOf(ctx.vault.content, keptDeliveries).find((it) => equalBytes(it.query, query));

/**
 * Multiplies three parts of one question and opens the product. Throws ANSWERS_DIFFER (other pages, another question or
 * key, not of three places), CIPHERTEXT_INVALID, SLOT_OVERFLOW.
 */
export async function openEncrypted(
  { query, signed }: Pick<KeptQuestion, 'query' | 'signed'>,
  parts: readonly Uint8Array[],
  { id, secretKey }: OwnPaillierKey,
): Promise<Pick<Opened, 'values'> & { readonly ciphertext: Uint8Array }> {
  const read = parts.map(decodeEncryptedAnswer);
  const [first] = read;
  const fits = read.every(
    (it, at) =>
      it.query === bytesToHex(query) &&
      it.place === at + 1 &&
      it.key === id &&
      first !== undefined &&
      equalBytes(it.selection, first.selection),
  );
  if (read.length !== 3 || !fits)
    throw new CodedError('ANSWERS_DIFFER', { query: bytesToHex(query) });
  const { publicKey: key } = secretKey;
  const [one, ...others] = read.map(({ ciphertext }) => parseCiphertext(key, ciphertext));
  if (one === undefined) throw new CodedError('INTERNAL');
  const product = addCiphertexts(key, [one, ...others]);
  const arithmetic = await modularArithmetic();
  const { length } = releasedBy(readManifest(decodeSigned(signed).bytes).question);
  const decryption = openDecryption(secretKey, { arithmetic, random: randomBytes });
  return {
    values: openShares([openPartSum(decryption, product, length)]),
    ciphertext: ciphertextToBytes(product),
  };
}

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
