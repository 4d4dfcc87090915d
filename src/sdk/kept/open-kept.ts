import type { RecordClass } from '../../api/classes.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import { type OpenedRecord, ownRecord } from '../actions/own-records.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { openLineOf, openLiveItem } from '../client/open-items.ts';
import { readingKeysOf } from '../grants/collect-keys.ts';
import { grantsByLetters, type ReceivedGrant } from '../grants/received.ts';
import { segmentKeyOfSalt } from '../keys/key-ring.ts';
import type { SignerDirectory } from '../ledger/proven-ledger.ts';
import type { SealedHeadline } from '../records/headline/headline-format.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import { type KeptItem, type ListedItem, rowOfKept } from './kept-format.ts';

/** What a device has of a record without asking anybody, and since when it has not looked. */
export interface KeptAbout {
  /** When it was last opened and verified with the hospital's answer: by then it was neither erased nor taken back. */
  readonly openedMs: number;
  /** The grant that it was read under; undefined: it is of one's own chart. */
  readonly consent: ConsentId | undefined;
  readonly patient: AccountId;
  /** As the letter of the grant has it; '' where it has none, and of one's own. */
  readonly patientName: string;
  /** When the grant ends and the device lets it go. */
  readonly endMs: number | undefined;
}

/** A kept record in one line: the word of whoever anchored it, which its body was held against when it was opened. */
export interface KeptLine extends KeptAbout {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  /** Undefined: it does not open. */
  readonly headline: SealedHeadline | undefined;
  readonly height: number;
  readonly timeMs: number;
  /** Under which grant it was written. */
  readonly writtenUnder: ConsentId | undefined;
}

/** A kept record, opened and verified once more. */
export interface KeptRecord extends OpenedRecord {
  readonly row: LiveItem;
  readonly kept: KeptAbout;
}

/**
 * What this device keeps for one account and may show now, in the order of opening. Nobody is asked, so nobody counts
 * it, and nobody says what was erased or taken back since. Source: docs/protocol/wallet.md, rule W-31.
 */
export const keptLines: Action<undefined, readonly KeptLine[]> = {
  name: 'kept/lines',
  async run(ctx) {
    const lines: KeptLine[] = [];
    for (const listed of await listedOf(ctx)) {
      const item = await ctx.kept.load(listed);
      if (item !== undefined) lines.push(await lineOf(ctx, listed, item));
    }
    return lines;
  },
};

/**
 * One of them, opened and verified again without asking anybody. Throws NOT_KEPT, KEY_NOT_HERE, and what opening throws:
 * PROOF_INVALID, BLOB_CORRUPT, CANNOT_OPEN, ITEM_FORGED. Source: docs/protocol/wallet.md, rule W-30.
 */
export const openKept: Action<
  { readonly recordId: RecordId; readonly consent?: ConsentId | undefined },
  KeptRecord
> = {
  name: 'kept/open',
  async run(ctx, { recordId, consent }, { signal }) {
    const listed = (await listedOf(ctx)).findLast(
      (it) => it.recordId === recordId && (consent === undefined || it.consent === consent),
    );
    const item = listed === undefined ? undefined : await ctx.kept.load(listed);
    if (listed === undefined || item === undefined) throw new CodedError('NOT_KEPT', { recordId });
    const row = rowOfKept(item);
    const key = keyOf(ctx, listed, item, row);
    const opened = await openLiveItem(signersIn(ctx, item), row, key, item.body, signal);
    const kept = aboutOf(ctx, listed);
    if (listed.consent === '') return { ...ownRecord(ctx, row, opened), row, kept };
    const { height, timeMs, epoch, txId, consent: writtenUnder } = row;
    return { ...opened, row, height, timeMs, epoch, txId, consent: writtenUnder, kept };
  },
};

/**
 * What its letters say that this account was given, without asking anybody: who shares what, until when. What was taken back
 * meanwhile is among it until its end. Source: docs/protocol/wallet.md, rule W-31.
 */
export const keptGrants: Action<undefined, readonly ReceivedGrant[]> = {
  name: 'kept/grants',
  async run(ctx) {
    return grantsByLetters(ctx);
  },
};

/** Lets go everything that this device keeps for one account; answers how many items there were. */
export const forgetKept: Action<undefined, number> = {
  name: 'kept/forget',
  async run(ctx) {
    const { account } = ctx.account;
    const count = (await ctx.kept.list()).filter((it) => it.holder === account).length;
    await ctx.kept.drop((it) => it.holder === account);
    return count;
  },
};

const listedOf = async (ctx: Context): Promise<readonly ListedItem[]> => {
  const { account } = ctx.account;
  const ended = endedGrants(ctx);
  const listed = (await ctx.kept.list()).filter((it) => it.holder === account);
  return listed.filter((it) => !ended.has(it.consent));
};

/** Grants that this wallet knows to have ended, whatever the clock says. */
function endedGrants(ctx: Context): ReadonlySet<string> {
  const { letters } = ctx.vault.content;
  return new Set(letters.flatMap((it) => (it.ended ? it.consent : [])));
}

function aboutOf(ctx: Context, { openedMs, consent, chart, endMs }: ListedItem): KeptAbout {
  const letter = ctx.vault.content.letters.find((it) => it.consent === consent);
  return {
    ...{ openedMs, patient: chart, patientName: letter?.ownerName ?? '' },
    consent: consent === '' ? undefined : consent,
    endMs: endMs === 0 ? undefined : endMs,
  };
}

async function lineOf(ctx: Context, listed: ListedItem, item: KeptItem): Promise<KeptLine> {
  const row = rowOfKept(item);
  const { recordId, recordClass, height, timeMs, consent: writtenUnder } = row;
  const about = { ...aboutOf(ctx, listed), recordId, recordClass, height, timeMs, writtenUnder };
  try {
    return { ...about, headline: await openLineOf(row, keyOf(ctx, listed, item, row)) };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { ...about, headline: undefined };
  }
}

/** Throws KEY_NOT_HERE. */
function keyOf(
  ctx: Context,
  { consent }: ListedItem,
  { keySalt }: KeptItem,
  row: LiveItem,
): ReadingKey {
  if (consent !== '') return readingKeysOf(ctx.vault.content, consent)(row);
  const sek = segmentKeyOfSalt(ctx, {
    salt: keySalt,
    recordClass: row.recordClass,
    epoch: row.epoch,
  });
  return { kind: 'segment', sek };
}

/** What the ledger said of who signed, when this device opened the item. */
function signersIn(ctx: Context, { signers }: KeptItem): SignerDirectory {
  return {
    trustRoot: ctx.ledger.trustRoot,
    headers: ctx.ledger.headers,
    identityOfKey: async (account, signKey) =>
      signers.find((it) => it.account === account && equalBytes(it.held.identity.signKey, signKey))
        ?.held,
  };
}
