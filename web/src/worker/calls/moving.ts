import {
  type AccountId,
  closeAccount,
  grantAgain,
  isOpen,
  opensTheSame,
  type RecordId,
  trustWords,
  type WalletAccount,
} from '@salus/salus/sdk/browser';
import { AppError, type Call, type Work } from '../call.ts';
import { type GrantView, grantViews } from '../grant-view.ts';
import { demoInvitation, type Invited, whereTo } from '../invitation.ts';
import { checkMoved, type Differing } from '../moved-check.ts';
import { bufferOf } from '../proof-view.ts';
import { openAccounts, type Session, titleOf } from '../session.ts';
import { siteOf } from '../site.ts';

/** A hospital where this person has an account, and how much of the record that is shown stands there. */
export interface MoveTarget {
  readonly account: AccountId;
  readonly title: string;
  readonly there: number;
  readonly waiting: number;
}

/** What could be moved from the hospital that is shown. */
export interface MoveView {
  readonly from: string;
  readonly entries: number;
  /** Other hospitals of this person: a move that was begun goes on there. */
  readonly targets: readonly MoveTarget[];
  /** Shares that hold: those that can be given again as they are, and those that one gives by hand. */
  readonly shares: { readonly again: number; readonly byHand: readonly GrantView[] };
}

/** An entry that stays where it is, and why. */
export interface LeftEntry {
  /** Empty: nobody knows what it is called. */
  readonly name: string;
  readonly code: string;
}

export interface MovedView {
  readonly moved: number;
  readonly before: number;
  /** Files of shares and looks that went along. */
  readonly history: number;
  readonly left: readonly LeftEntry[];
  /** Read back from both hospitals and found the same. */
  readonly alike: number;
}

/** An account that was closed. */
export interface ClosedView {
  readonly title: string;
  readonly revoked: number;
  readonly erased: number;
  readonly copiesGoneMs: number | undefined;
  /** That its key was given up, as the ledger has it; undefined: it could not be fetched. */
  readonly receipt: ArrayBuffer | undefined;
}

const view: Call<void, MoveView> = async (session, _input, { signal }) => {
  const { person, account } = session;
  const from = { as: account.account, signal };
  const listed = (await person.listRecords(from)).filter((it) => it.state === 'live');
  const others = openAccounts(person).filter((it) => isTarget(account, it));
  const targets: MoveTarget[] = [];
  for (const it of others) {
    const would = await person.moveRecords({ ...from, to: it.account, dryRun: true });
    const { account: to } = it;
    targets.push({
      account: to,
      title: await titleOf(it),
      there: would.before,
      waiting: would.moved,
    });
  }
  const open = (await person.grants(from)).filter(isOpen);
  const byHand = open.filter((it) => !opensTheSame(it));
  return {
    from: await titleOf(account),
    entries: listed.length,
    targets,
    shares: {
      again: open.length - byHand.length,
      byHand: await grantViews(session, byHand),
    },
  };
};

const isTarget = (from: WalletAccount, it: WalletAccount): boolean =>
  it.account !== from.account && it.chainId === from.chainId && it.role === 'patient';

/** What a demo gives away for a move: an invitation to another hospital, and the code of its own people's sheets. */
const demo: Call<void, { readonly link: string; readonly code: string } | undefined> = async (
  session,
) => {
  const { demo: isDemo, hospitals } = await siteOf();
  const own = new Set<string>(openAccounts(session.person).map((it) => it.organisation));
  const other = hospitals.find((it) => !own.has(it.account));
  if (!isDemo || other === undefined) return undefined;
  if (!session.wallet.isDemo) {
    return { link: (await demoInvitation({ hospital: other.name })).link, code: '' };
  }
  const person = session.wallet.id.slice('demo-'.length);
  const { link } = await demoInvitation({ hospital: other.name, person });
  const response = await fetch(`/app/demo/wallet/${encodeURIComponent(person)}`, {
    method: 'POST',
  });
  if (!response.ok) throw new AppError('DEMO_GONE');
  return { link, code: ((await response.json()) as { readonly code: string }).code };
};

/** Enrols this person at another hospital; what is shown stays shown. */
const enrol: Call<Invited & { readonly code: string }, { readonly account: AccountId }> = async (
  session,
  { code, ...invited },
  { signal },
) => {
  const { read, hospital } = await whereTo(invited);
  const { account: shown } = session.account;
  const { account } = await session.person.enrol({
    gatewayUrl: hospital.url,
    invitation: read.code,
    role: 'patient',
    code,
    believes: async (words) =>
      read.genesisHash === undefined || trustWords(read.genesisHash).join() === words.join(),
    signal,
  });
  // The copy at the hospital of before learns of it too: by it the move goes on from another device.
  await session.person.catchUp({ as: shown, signal }).catch(() => undefined);
  await session.show(shown);
  return { account };
};

/** Moves what is not there yet, then reads all of it back from both hospitals. Stopped, it goes on where it was. */
const records: Call<{ readonly to: AccountId }, MovedView> = async (session, { to }, work) => {
  const { person, account } = session;
  const { signal, onProgress } = work;
  const from = account.account;
  const { moved, before, left, history } = await person.moveRecords({
    ...{ as: from, to, signal },
    onProgress: ({ phase, done, total }) =>
      onProgress({ phase: phase === 'fetching' ? 'history' : 'moving', done, total }),
  });
  const { alike, differing } = await checkMoved(person, { from, to }, work);
  const known = new Set(left.map((it) => it.recordId));
  const all = [...left, ...differing.filter((it) => !known.has(it.recordId))];
  return {
    ...{ moved, before, alike, history: history.length },
    left: await named(session, from, all, signal),
  };
};

async function named(
  session: Session,
  as: AccountId,
  entries: readonly Differing[],
  signal: AbortSignal,
): Promise<readonly LeftEntry[]> {
  if (entries.length === 0) return [];
  const lines = await session.person.recordLines({ as, signal });
  const names = new Map<RecordId, string>(
    lines.map((it) => [it.recordId, it.headline?.name ?? '']),
  );
  return entries.map(({ recordId, code }) => ({ name: names.get(recordId) ?? '', code }));
}

/** Gives the shares that hold at the hospital that is shown again at another one. Returns how many. */
const shares: Call<{ readonly to: AccountId }, number> = async (session, { to }, { signal }) => {
  const { person, as } = session;
  const open = (await person.grants({ ...as, signal })).filter(isOpen).filter(opensTheSame);
  return (await person.run(grantAgain, open, { as: to, signal })).length;
};

interface Closing {
  readonly code?: string | undefined;
  /** Where the record was moved to. */
  readonly to: AccountId;
  /** Entries that are not there alike are erased all the same. */
  readonly despite: boolean;
}

/**
 * Closes the account that is shown, once everything was read back at the other hospital: what differs stops it, unless the
 * person said that it may go. The other account is shown from then on. Throws MOVE_DIFFERS.
 */
const close: Call<Closing, ClosedView> = async (session, { to, code, despite }, work) => {
  const { person, account } = session;
  const { differing } = await checkMoved(person, { from: account.account, to }, work);
  if (differing.length > 0 && !despite) {
    throw new AppError('MOVE_DIFFERS');
  }
  const closed = await closeShown(session, code, work);
  // Other devices learn of it by the copy at the hospital that is left.
  await person.catchUp({ as: to, signal: work.signal }).catch(() => undefined);
  await session.show(to);
  return closed;
};

/** Shares taken back, entries erased, the key given up; with its receipt. */
export async function closeShown(
  session: Session,
  code: string | undefined,
  { signal, onProgress }: Work,
): Promise<ClosedView> {
  const { person, account } = session;
  const options = { as: account.account, signal };
  onProgress({ phase: 'closing', done: 0, total: 0 });
  const { txId, ...closed } = await person.run(closeAccount, { code }, options);
  const receipt =
    txId === undefined ? undefined : await person.receiptOf(txId, options).catch(() => undefined);
  const { revoked, erased, copiesGoneMs } = closed;
  return {
    ...{ revoked, erased, copiesGoneMs, title: await titleOf(account) },
    receipt: receipt && bufferOf(receipt),
  };
}

/** Shows the record at another hospital of this person. */
const show: Call<{ readonly account: AccountId }, void> = (session, { account }) =>
  session.show(account);

export const movingCalls = {
  move: view,
  'move.demo': demo,
  'move.enrol': enrol,
  'move.records': records,
  'move.shares': shares,
  'move.close': close,
  'hospital.show': show,
};
