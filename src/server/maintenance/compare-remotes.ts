import { join } from 'node:path';
import { headerGet } from '../../api/routes/header-get.ts';
import { headerHash } from '../../ledger/chain/header.ts';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { formatEvidence, withEvidence } from '../../sdk/ledger/evidence.ts';
import { ProvenLedger } from '../../sdk/ledger/proven-ledger.ts';
import { makeFolder, writeWhole } from '../files.ts';

export interface ComparedLedgers {
  readonly chain: string;
  /** The newest that both show, and its hash. */
  readonly height: number;
  readonly headerHash: string;
  /** What each shows, in the order of the urls. */
  readonly heights: readonly [number, number];
}

interface Comparing {
  readonly urls: readonly [string, string];
  readonly home: string;
  readonly trustRootJson: string;
  readonly signal: AbortSignal;
}

/**
 * Holds what two gateways serve now to each other, each header believed by the trust root: whoever keeps two ledgers shows
 * one to each. Throws LEDGER_FORKED {firstHeight, evidence}, with both signed headers of that height in the file of
 * evidence, and what a device that asks each of them throws. Source: docs/protocol/following.md, rule F-5.
 */
export async function compareRemotes({
  urls,
  home,
  trustRootJson,
  signal,
}: Comparing): Promise<ComparedLedgers> {
  const trustRoot = parseTrustRoot(trustRootJson);
  const sideOf = async (url: string) => {
    const gateway = new GatewayClient(new Http(url));
    const { headers } = new ProvenLedger(gateway, trustRoot);
    const { height: newest } = await headers.latest(signal);
    const hashAt = async (height: number) => headerHash(await headers.header(height, signal));
    return { gateway, newest, hashAt };
  };
  const one = await sideOf(urls[0]);
  const other = await sideOf(urls[1]);
  const differAt = async (height: number): Promise<boolean> =>
    (await one.hashAt(height)) !== (await other.hashAt(height));
  const height = Math.min(one.newest, other.newest);
  if (!(await differAt(height))) {
    const heights = [one.newest, other.newest] as const;
    return { chain: trustRoot.chain, height, headerHash: await one.hashAt(height), heights };
  }
  const firstHeight = await firstThat(differAt, trustRoot.height, height);
  const shownBy = ({ gateway }: typeof one) =>
    gateway.call(headerGet, { params: { height: firstHeight }, signal });
  const shown = [await shownBy(one), await shownBy(other)];
  const error = new CodedError('LEDGER_FORKED', { firstHeight });
  const seenMs = Date.now();
  const evidence = { error, known: undefined, shown, gateway: urls.join(' '), seenMs };
  const folder = join(home, 'followed');
  makeFolder(folder);
  const file = join(folder, `evidence-${error.code}-${seenMs}.json`);
  writeWhole(file, utf8(formatEvidence(evidence, trustRoot)));
  throw withEvidence(error, file);
}

/** Each header holds the hash of the one before it: from the first that differs on, all do. `bad` differs, `good` does not. */
async function firstThat(
  differs: (height: number) => Promise<boolean>,
  good: number,
  bad: number,
): Promise<number> {
  if (bad - good <= 1) return bad;
  const middle = Math.floor((good + bad) / 2);
  return (await differs(middle))
    ? firstThat(differs, good, middle)
    : firstThat(differs, middle, bad);
}
