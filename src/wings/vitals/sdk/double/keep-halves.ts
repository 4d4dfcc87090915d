import { sealTo } from '../../../../crypto/letter.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { type AccountId, idBytes, type RecordId } from '../../../../primitives/ids.ts';
import type { Action } from '../../../../sdk/action.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { type GiveHalves, lockOf, type SecondHalf } from '../../../../sdk/records/double.ts';
import type { WalletContent } from '../../../../sdk/wallet/content.ts';
import { entriesOf, withEnded, withEntry } from '../../../../sdk/wallet/drawer.ts';
import { commitmentTo, encodeDeposit, encodeLock, halfWords, lockIn } from '../../api/half.ts';
import { halvesPost } from '../../api/routes/halves-post.ts';
import { sharesOf } from '../../crypto/half-shares.ts';
import { vitalsNames } from '../../names.ts';
import { dataServerLine, shownServers } from '../data-servers.ts';
import { heldRegistration } from '../registering.ts';
import { signStatement } from '../statements.ts';
import { halvesAnEntry, halvesDrawer, type KeptHalves } from './kept-halves.ts';

/** Records of one file: each is three requests. */
const mostRecords = 200;
const none = new Uint8Array(0);

interface Handed {
  readonly recordId: RecordId;
  readonly recordClass: string;
  /** In the order of the servers, 32 bytes each. */
  readonly shares: readonly Uint8Array[];
}
interface Half extends SecondHalf, Handed {}

/**
 * Second halves for records that are about to be sealed: in the wallet first, then at all three servers. `named`: which
 * servers; undefined: those of the patient's registration, or the only three that hospitals show. Throws REQUEST_TOO_MANY,
 * SERVER_UNKNOWN, DOMAIN_OVERLAP, HALF_AWAY, and what a server refuses. Source: docs/protocol/vitals-double.md, DE-1 to DE-5.
 */
export const giveHalves =
  (named?: readonly AccountId[]): GiveHalves<Context> =>
  async (ctx, items, signal) => {
    if (items.length > mostRecords) throw new CodedError('REQUEST_TOO_MANY', { most: mostRecords });
    const servers = await requireThree(ctx, named ?? (await usualServers(ctx, signal)), signal);
    const halves = items.map((item) => madeHalf(ctx.account.account, servers, item));
    const kept = entriesFor(ctx.account.account, halves);
    try {
      await keepOwn(ctx, kept, signal);
      for (const [at, server] of servers.entries()) await hand(ctx, server, { halves, at }, signal);
    } catch (error) {
      // Nothing is sealed under them: tries against a server that is away must not fill the wallet.
      await ctx.noteDown((content) => kept.reduce(withoutEntry, content)).catch(() => undefined);
      throw error;
    }
    return new Map(halves.map(({ recordId, half, lock }) => [recordId, { half, lock }]));
  };

async function usualServers(ctx: Context, signal?: AbortSignal): Promise<readonly AccountId[]> {
  return heldRegistration(ctx)?.servers ?? shownServers(ctx, signal);
}

/** Of three organisations, as the ledger has it: who enrolled a server runs it, and two would be two shares in one hand. */
async function requireThree(
  ctx: Context,
  servers: readonly AccountId[],
  signal?: AbortSignal,
): Promise<readonly AccountId[]> {
  if (new Set(servers).size !== 3)
    throw new CodedError('SERVER_UNKNOWN', { servers: servers.length });
  const organisations = await Promise.all(
    servers.map(async (server) => {
      const row = await ctx.ledger.row(accounts, server, { signal });
      if (row === undefined || row.role !== 'data-server' || row.frozen)
        throw new CodedError('SERVER_UNKNOWN', { server });
      return row.organisation;
    }),
  );
  if (new Set(organisations).size !== 3) throw new CodedError('DOMAIN_OVERLAP');
  return servers;
}

function madeHalf(
  account: AccountId,
  servers: readonly AccountId[],
  { recordId, recordClass }: { readonly recordId: RecordId; readonly recordClass: string },
): Half {
  const half = randomBytes(32);
  const of = { account, recordId };
  const shares = sharesOf(of, half);
  const lock = encodeLock({
    servers,
    commitments: shares.map((share, at) => commitmentTo({ ...of, place: at + 1 }, share)),
    whole: commitmentTo({ ...of, place: 0 }, half),
  });
  return { recordId, recordClass, half, lock, shares };
}

const withoutEntry = (content: WalletContent, entry: KeptHalves): WalletContent =>
  withEnded(content, halvesDrawer, halvesDrawer.key(entry));

const entriesFor = (account: AccountId, halves: readonly Half[]): readonly KeptHalves[] =>
  Array.from({ length: Math.ceil(halves.length / halvesAnEntry) }, (_, at) => ({
    ...{ version: 1, account, id: randomBytes(16) },
    halves: halves
      .slice(at * halvesAnEntry, (at + 1) * halvesAnEntry)
      .map(({ recordId, half }) => ({ recordId, half })),
  }));

/** Before a server has anything: what one of them loses is in the wallet and its copy. Throws as writing the copy does. */
const keepOwn = (ctx: Context, entries: readonly KeptHalves[], signal?: AbortSignal) =>
  ctx.writeDown(
    (content) => entries.reduce((kept, entry) => withEntry(kept, halvesDrawer, entry), content),
    signal,
  );

/** Each share sealed to the server. Throws HALF_AWAY {server}. */
async function hand(
  ctx: Context,
  server: AccountId,
  { halves, at }: { readonly halves: readonly Handed[]; readonly at: number },
  signal?: AbortSignal,
): Promise<void> {
  const { account } = ctx.account;
  const directory = await ctx.ledger.row(keys, server, { signal });
  const inUse = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
  if (inUse === undefined) throw new CodedError('SERVER_UNKNOWN', { server });
  const { sign } = await ctx.keys(signal);
  try {
    const client = await dataServerLine(ctx).client(server, signal);
    for (const { recordId, recordClass, shares } of halves) {
      const share = shares[at] ?? none;
      const context = [idBytes(account), idBytes(recordId)];
      const { kemKey } = inUse.identity;
      const payload = encodeDeposit({
        ...{ recordId, recordClass: recordClass as 'other', place: Uint8Array.of(at + 1) },
        commitment: commitmentTo({ account, recordId, place: at + 1 }, share),
        sealed: await sealTo(kemKey, vitalsNames.labels.half, context, none, share),
      });
      const said = { from: account, to: server, word: halfWords.keep, timeMs: ctx.nowMs() };
      const stream = await signStatement(sign, { ...said, payload });
      await client.call(halvesPost, { stream, signal });
    }
  } catch (error) {
    if (isCoded(error, 'GATEWAY_UNREACHABLE')) throw new CodedError('HALF_AWAY', { server }, error);
    throw error;
  }
}

/** What came of handing shares again. */
export interface HandedAgain {
  readonly records: number;
  /** Servers that took theirs, and those that did not, with why. */
  readonly servers: readonly { readonly server: AccountId; readonly code: string }[];
}

/**
 * Gives each server the shares of one's own doubly encrypted records again: after one lost them. What it has, it keeps. Source:
 * docs/protocol/vitals-double.md, DE-5.
 */
export const handHalvesAgain: Action<undefined, HandedAgain> = {
  name: 'vitals/hand-halves-again',
  async run(ctx, _, { signal }) {
    const { account } = ctx.account;
    const rows = await ctx.rows.refresh(signal);
    const byServer = new Map<string, { server: AccountId; at: number; halves: Handed[] }>();
    const kept = entriesOf(ctx.vault.content, halvesDrawer).filter((it) => it.account === account);
    let records = 0;
    for (const { recordId, half } of kept.flatMap(({ halves }) => halves)) {
      const row = rows.liveOf(recordId);
      const lock = row === undefined ? undefined : lockIn(lockOf(row.header) ?? none);
      const isIts =
        lock !== undefined &&
        equalBytes(commitmentTo({ account, recordId, place: 0 }, half), lock.whole);
      if (row === undefined || !isIts) continue;
      const { recordClass } = row;
      const shares = sharesOf({ account, recordId }, half);
      for (const [at, server] of lock.servers.entries()) {
        const name = `${server} ${at}`;
        const of = byServer.get(name) ?? { server, at, halves: [] };
        byServer.set(name, of);
        of.halves.push({ recordId, recordClass, shares });
      }
      records += 1;
    }
    const servers: { server: AccountId; code: string }[] = [];
    for (const { server, ...of } of byServer.values()) {
      const code = await hand(ctx, server, of, signal).then(
        () => '',
        (error: unknown) => {
          if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
          return error.code;
        },
      );
      servers.push({ server, code });
    }
    return { records, servers };
  },
};
