import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { formatEvidence, withEvidence } from '../../sdk/ledger/evidence.ts';
import { LedgerFollower } from '../../sdk/ledger/ledger-follower.ts';
import { formatPoint, type LedgerPoint, parsePoint } from '../../sdk/ledger/ledger-point.ts';
import { makeFolder, writeWhole } from '../files.ts';

export interface RemoteVerdict {
  readonly chain: string;
  /** What was known before, and the newest that holds. */
  readonly from: LedgerPoint;
  readonly to: LedgerPoint;
  /** Where the newest is kept for the next time. */
  readonly kept: string;
}

/**
 * Holds the ledger that a gateway serves to what this home saw of it before: every header from the kept one, or from
 * the trust root, to the newest, and that its logs only grew. Keeps the newest. Throws what rule F-5 of
 * docs/protocol/following.md lists, with the name of the file that holds the evidence.
 */
export async function verifyRemote(options: {
  readonly url: string;
  readonly home: string;
  readonly trustRootJson: string;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}): Promise<RemoteVerdict> {
  const { url, home, signal, onProgress } = options;
  const trustRoot = parseTrustRoot(options.trustRootJson);
  const folder = join(home, 'followed');
  const kept = join(folder, `${trustRoot.genesisHash.slice(0, 16)}.json`);
  let known = existsSync(kept) ? parsePoint(readFileSync(kept, 'utf8'), trustRoot) : undefined;
  const follower = new LedgerFollower(new GatewayClient(new Http(url)), trustRoot);
  const onHeader = (height: number, last: number): void => {
    if (height % 50 === 0 || height === last) onProgress(`block ${height} of ${last}`);
  };
  makeFolder(folder);
  try {
    const from = known ?? (await follower.begin(signal));
    known = from;
    for (let isNewest = false; !isNewest; ) {
      const step = await follower.step(known, { signal, onHeader });
      known = step.point;
      isNewest = step.isNewest;
      writeWhole(kept, utf8(formatPoint(known, trustRoot)));
    }
    return { chain: trustRoot.chain, from, to: known, kept };
  } catch (error) {
    if (!isCoded(error) || error.kind !== 'verification') throw error;
    if (follower.shown.length === 0) throw error;
    const seenMs = Date.now();
    const evidence = { error, known, shown: follower.shown, gateway: url, seenMs };
    const file = join(folder, `evidence-${error.code}-${seenMs}.json`);
    writeWhole(file, utf8(formatEvidence(evidence, trustRoot)));
    throw withEvidence(error, file);
  }
}
