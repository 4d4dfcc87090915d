import { decodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Context, WorkOptions } from '../../../../sdk/client/context.ts';
import { withEntry } from '../../../../sdk/wallet/drawer.ts';
import {
  decodeEncryptedAnswer,
  encodeEncryptedAsked,
  encryptedWord,
} from '../../api/encrypted-answer.ts';
import { readManifest } from '../../api/query-manifest.ts';
import { releasedBy } from '../../api/question.ts';
import {
  addCiphertexts,
  ciphertextToBytes,
  parseCiphertext,
} from '../../crypto/paillier/ciphertext.ts';
import { openDecryption } from '../../crypto/paillier/decryption.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { squareBytes } from '../../crypto/paillier/keys.ts';
import { openPartSum } from '../../crypto/paillier/packed-answer.ts';
import { openShares } from '../../crypto/statistics/answer-masks.ts';
import { type KeptDelivery, keptDeliveries } from '../kept-paillier.ts';
import { askedUnderKey, type OwnPaillierKey, ownPaillierKey, showKey } from '../paillier-keys.ts';
import { openKeptStatement, signStatement } from '../statements.ts';
import type { Opened } from './collecting.ts';
import { deliveryOf, type Form } from './delivery.ts';
import type { KeptQuestion } from './kept-questions.ts';
import type { ServerLine } from './server-lines.ts';

/**
 * Answers under the account's Paillier key, which is made with the first. Apart from all else: who wants sealed parts does
 * not load its arithmetic. Source: docs/protocol/vitals-paillier.md, VD-23 to VD-25.
 */
export async function encryptedForm(
  ctx: Context,
  { query, signal, onProgress }: WorkOptions & { readonly query: Uint8Array },
): Promise<Form> {
  onProgress?.({ phase: 'preparing', done: 0, total: 2 });
  const noted = deliveryOf(ctx, query);
  const key = await ownPaillierKey(ctx, noted && bytesToHex(noted.key));
  const note = async (ciphertext: Uint8Array): Promise<void> => {
    const before = deliveryOf(ctx, query);
    if (before !== undefined && equalBytes(before.ciphertext, ciphertext)) return;
    const entry = entryOf(ciphertext, before?.version);
    await ctx.noteDown((content) => withEntry(content, keptDeliveries, entry));
  };
  const entryOf = (ciphertext: Uint8Array, version = 0): KeptDelivery => ({
    ...{ version: version + 1, query, ciphertext },
    key: hexToBytes(key.id) ?? new Uint8Array(0),
  });
  if (noted === undefined) {
    // Room for the answer too, before it is paid. Throws DRAWER_FULL.
    withEntry(ctx.vault.content, keptDeliveries, entryOf(new Uint8Array(squareBytes)));
    await note(new Uint8Array(0));
  }
  return {
    delivery: 'paillier',
    async prepare(lines) {
      onProgress?.({ phase: 'preparing', done: 1, total: 2 });
      await showKey(ctx, key, lines, { signal });
    },
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
