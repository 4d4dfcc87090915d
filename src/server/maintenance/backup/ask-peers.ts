import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlockStore } from '../../../engines/blocks/block-store.ts';
import { decodeHeader, headerHash } from '../../../ledger/chain/header.ts';
import { parseTrustRoot, type TrustRoot } from '../../../ledger/chain/trust-root.ts';
import { parseGenesis } from '../../../ledger/genesis.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { VerifiedHeaders } from '../../../sdk/ledger/verified-headers.ts';
import { serversOf } from '../../process.ts';
import type { RestoredHome } from '../../restored.ts';

const patienceMs = 10_000;

/** Where hospitals answer that are not of this home: those of the genesis that have a whole address. */
export function peersOf(home: string): readonly string[] {
  const genesis = parseGenesis(new Uint8Array(readFileSync(join(serversOf(home), 'genesis.cbor'))));
  return genesis.organisations.flatMap(({ url }) => (/^https?:/.test(url) ? url : []));
}

/**
 * Asks hospitals for their newest block, by a header that the ledger's validators signed. Who does not answer, or with
 * what does not verify, is said to have none. Throws LEDGER_FORKED: somebody has another block of a height that lies here.
 */
export async function askPeers(
  home: string,
  urls: readonly string[],
): Promise<RestoredHome['peers']> {
  const ledger = new BlockStore(join(serversOf(home), 'ledger', 'blocks.db'), { check: false });
  try {
    return await askEach(home, urls, {
      height: ledger.lastHeight(),
      hashAt: (height) => {
        const header = ledger.signed(height)?.header;
        return header && headerHash(decodeHeader(header));
      },
    });
  } finally {
    ledger.close();
  }
}

/** What this home has. */
interface OwnHeaders {
  readonly height: number;
  readonly hashAt: (height: number) => string | undefined;
}

async function askEach(
  home: string,
  urls: readonly string[],
  ours: OwnHeaders,
): Promise<RestoredHome['peers']> {
  const trustRoot = parseTrustRoot(readFileSync(join(home, 'trust.json'), 'utf8'));
  const asked = [...new Set(urls)].map(async (url) => ({
    url,
    height: await heightOf(url, trustRoot, ours),
  }));
  return Promise.all(asked);
}

async function heightOf(
  url: string,
  trustRoot: TrustRoot,
  ours: OwnHeaders,
): Promise<number | null> {
  const signal = AbortSignal.timeout(patienceMs);
  const headers = new VerifiedHeaders(new GatewayClient(new Http(url)), trustRoot);
  try {
    const { height } = await headers.latest(signal);
    await requireSameHeader(headers, ours, signal);
    return height;
  } catch (error) {
    if (!isCoded(error) || isCoded(error, 'LEDGER_FORKED')) throw error;
    return null;
  }
}

/** At the highest block that both have. Throws LEDGER_FORKED. */
async function requireSameHeader(
  headers: VerifiedHeaders,
  ours: OwnHeaders,
  signal: AbortSignal,
): Promise<void> {
  const height = Math.min(headers.tip.height, ours.height);
  const known = ours.hashAt(height) ?? '';
  const shown = headerHash(await headers.header(height, signal));
  if (known !== shown) throw new CodedError('LEDGER_FORKED', { height, known, shown });
}
