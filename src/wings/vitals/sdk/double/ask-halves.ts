import { sha256 } from '../../../../crypto/hash.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import type { HalfKeeper } from '../../../../sdk/records/double.ts';
import { withEntry } from '../../../../sdk/wallet/drawer.ts';
import {
  commitmentTo,
  type DoubleLock,
  decodeHalfGiven,
  encodeHalfAsked,
  type HalfAsked,
  halfWords,
  lockIn,
} from '../../api/half.ts';
import { halvesAskedPost } from '../../api/routes/halves-asked-post.ts';
import {
  addCiphertexts,
  type Ciphertext,
  parseCiphertext,
} from '../../crypto/paillier/ciphertext.ts';
import { openDecryption } from '../../crypto/paillier/decryption.ts';
import { integerToBytes } from '../../crypto/paillier/integers.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { dataServerLine } from '../data-servers.ts';
import {
  askedUnderKey,
  type KeyTaker,
  type OwnPaillierKey,
  ownPaillierKey,
  showKey,
} from '../paillier-keys.ts';
import { openStatement, signStatement } from '../statements.ts';
import { halvesDrawer } from './kept-halves.ts';

const none = new Uint8Array(0);

/**
 * The second half of one record's key, of the three servers that its lock names. Throws HALF_AWAY {server}, SERVER_LIED
 * {server}, CIPHERTEXT_INVALID, and what a server refuses, with the server. Source: docs/protocol/vitals-double.md, DE-6 to DE-9.
 */
export const askHalf: HalfKeeper<Context>['ask'] = async (ctx, asked, look, signal) => {
  const lock = lockIn(asked.lock);
  if (lock === undefined) return undefined;
  const key = await ownPaillierKey(ctx);
  const { account, recordId, away = new Set() } = asked;
  const isAway = lock.servers.find((it) => away.has(it));
  if (isAway !== undefined) throw new CodedError('HALF_AWAY', { server: isAway });
  const { chainId } = ctx.account;
  const of = { chainId, account, recordId, look: (await look?.()) ?? none, key: key.id };
  const takers: KeyTaker[] = [];
  for (const server of lock.servers) {
    takers.push(
      await at(server, away, async () => {
        const taker = { account: server, client: await dataServerLine(ctx).client(server, signal) };
        await showKey(ctx, key, [taker], { signal });
        return taker;
      }),
    );
  }
  const ciphertexts = await Promise.all(
    takers.map((taker) => at(taker.account, away, () => shareOf(ctx, { taker, key, of }, signal))),
  );
  const half = await openHalf(asked, lock, { ciphertexts, key });
  if (look === undefined) await keepAgain(ctx, asked, half);
  return half;
};

/** A wallet that came back from an older copy has the half again. Where it has no room, the record opens all the same. */
async function keepAgain(
  ctx: Context,
  { account, recordId }: Pick<HalfAsked, 'account' | 'recordId'>,
  half: Uint8Array,
): Promise<void> {
  const entry = { version: 1, account, id: randomBytes(16), halves: [{ recordId, half }] };
  await ctx
    .noteDown((content) => withEntry(content, halvesDrawer, entry))
    .catch((error: unknown) => {
      if (!isCoded(error, 'DRAWER_FULL')) throw error;
    });
}

/** Says which server it was, also to who asks for the next one. */
async function at<Result>(
  server: AccountId,
  away: Set<AccountId>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
    if (error.code === 'GATEWAY_UNREACHABLE') away.add(server);
    const code = error.code === 'GATEWAY_UNREACHABLE' ? 'HALF_AWAY' : error.code;
    throw new CodedError(code, { ...error.details, server }, error);
  }
}

/** What one server gave, signed by it for this very request. Throws SERVER_LIED. */
async function shareOf(
  ctx: Context,
  {
    taker,
    key,
    of,
  }: { readonly taker: KeyTaker; readonly key: OwnPaillierKey; readonly of: HalfAsked },
  signal?: AbortSignal,
): Promise<Ciphertext> {
  const { account: to, client } = taker;
  const { sign } = await ctx.keys(signal);
  let request: Uint8Array = none;
  const given = await askedUnderKey(ctx, key, taker, async () => {
    const payload = encodeHalfAsked(of);
    const said = { from: ctx.account.account, to, word: halfWords.ask, timeMs: ctx.nowMs() };
    request = await signStatement(sign, { ...said, payload });
    return client.call(halvesAskedPost, { stream: request, signal });
  });
  const expected = { to: ctx.account.account, word: halfWords.give, nowMs: ctx.nowMs() };
  const { from, payload } = await openStatement(given, expected, (account) =>
    ctx.ledger.knownAccount(account, signal),
  );
  const { request: answered, ciphertext } = decodeHalfGiven(payload);
  if (from !== to || !equalBytes(answered, sha256(request)))
    throw new CodedError('SERVER_LIED', { why: 'another request' });
  return parseCiphertext(key.secretKey.publicKey, ciphertext);
}

/** The sum, which one decryption of the product gives; where it is not what the lock says, who lied is found one by one. */
export async function openHalf(
  { account, recordId }: Pick<HalfAsked, 'account' | 'recordId'>,
  { servers, commitments, whole }: DoubleLock,
  got: { readonly ciphertexts: readonly Ciphertext[]; readonly key: OwnPaillierKey },
): Promise<Uint8Array> {
  const { secretKey } = got.key;
  const [first, ...others] = got.ciphertexts;
  if (first === undefined || others.length !== 2) throw new CodedError('INTERNAL');
  const arithmetic = await modularArithmetic();
  const decryption = openDecryption(secretKey, { arithmetic, random: randomBytes });
  const modulo = (value: bigint): Uint8Array => integerToBytes(BigInt.asUintN(256, value), 32);
  const holds = (place: number, secret: Uint8Array, expected: Uint8Array | undefined): boolean =>
    equalBytes(commitmentTo({ account, recordId, place }, secret), expected ?? none);
  const half = modulo(decryption.decrypt(addCiphertexts(secretKey.publicKey, [first, ...others])));
  if (holds(0, half, whole)) return half;
  for (const [at, ciphertext] of got.ciphertexts.entries()) {
    const share = decryption.decrypt(ciphertext);
    // One that is larger takes the sum around N, and would be the owner's doing.
    if (share >> 256n !== 0n || !holds(at + 1, modulo(share), commitments[at]))
      throw new CodedError('SERVER_LIED', { server: servers[at] ?? '', recordId });
  }
  // Each gave what the lock says, and they do not add up: so the owner made it.
  throw new CodedError('HALF_DAMAGED', { recordId });
}
