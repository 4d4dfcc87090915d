import {
  type CheckedBlock,
  CodedError,
  readBlocks,
  shownTrustRoot,
  wordsOfTrustRoot,
} from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { onDevice } from '../device.ts';
import type { Session } from '../session.ts';
import { siteOf } from '../site.ts';

/** What this browser saw first of the ledger at this address, and the newest header that it checked. No person is in it. */
interface SeenLedger {
  readonly trustRootJson: string;
  readonly tip: {
    readonly height: number;
    readonly headerHash: Uint8Array;
    readonly timeMs: number;
  };
}

export interface ExplorerView {
  readonly newest: number;
  /** The newest first. */
  readonly blocks: readonly CheckedBlock[];
  /** Against what they were checked: the ledger that the open wallet believes, or the one that this browser saw first. */
  readonly against: 'wallet' | 'seen' | 'first';
  /** That ledger in twelve words, to compare outside this page. */
  readonly trustWords: readonly string[];
}

const place = 'ledger';

const seen = async (): Promise<SeenLedger | undefined> =>
  (await onDevice('notes', 'readonly', (store) => store.get(place))) as SeenLedger | undefined;

/** Some blocks, each checked here. Throws what `readBlocks` throws: nothing is shown that does not hold. */
const blocks: Call<
  { readonly to?: number | undefined; readonly count: number },
  ExplorerView
> = async (session, { to, count }, { signal }) => {
  const [hospital] = (await siteOf()).hospitals;
  if (hospital === undefined) throw new CodedError('NOT_FOUND');
  const { url } = hospital;
  const options = { to, count, signal };
  const own = ownTrustRoot(session);
  if (own !== undefined) {
    const read = await readBlocks(url, { trustRootJson: own }, options);
    return shown(read, 'wallet', own);
  }
  const before = await seen();
  const trustRootJson = before?.trustRootJson ?? (await shownTrustRoot(url, signal));
  const read = await readBlocks(url, { trustRootJson, tip: before?.tip }, options);
  const now: SeenLedger = { trustRootJson, tip: read.tip };
  await onDevice('notes', 'readwrite', (store) => store.put(now, place));
  const against = before === undefined ? 'first' : 'seen';
  return shown(read, against, trustRootJson);
};

const shown = (
  { tip, blocks: read }: Awaited<ReturnType<typeof readBlocks>>,
  against: ExplorerView['against'],
  trustRootJson: string,
): ExplorerView => ({
  newest: tip.height,
  blocks: read,
  against,
  trustWords: wordsOfTrustRoot(trustRootJson),
});

/** Another ledger answers here from now on, and somebody says that this is meant: it is seen as if for the first time. */
const forget: Call<void, void> = async () => {
  await onDevice('notes', 'readwrite', (store) => store.delete(place));
};

function ownTrustRoot(session: Session): string | undefined {
  try {
    return session.person.trustRootJson(session.as.as);
  } catch {
    // Nobody is open here, or nobody is enrolled.
    return undefined;
  }
}

export const explorerCalls = { 'explorer.blocks': blocks, 'explorer.forget': forget };
