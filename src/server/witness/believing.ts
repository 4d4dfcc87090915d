import { formatTrustRoot, parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { OrganisationDesk } from '../organisation-desk.ts';

export interface Believing {
  /** A hospital that serves the ledger. */
  readonly url: string;
  readonly trustRootJson: string;
  /** Public keys, hex; in place of those that the trust root names. */
  readonly witnesses: readonly string[];
  /** How many of them must vouch; 0: none. */
  readonly quorum: number;
  readonly signal: AbortSignal;
}

/**
 * A trust root that names these witnesses and no others, once the newest header of a hospital was believed by it: who asks
 * for more than there is believes nothing from then on. Throws TRUST_ROOT_WRONG (a key that is none, or twice, or fewer keys
 * than the quorum), WITNESSES_FEW {height, count, quorum}, and as `OrganisationDesk`.
 */
export async function trustWithWitnesses({
  url,
  trustRootJson,
  witnesses,
  quorum,
  signal,
}: Believing): Promise<{ readonly text: string; readonly chain: string; readonly height: number }> {
  const { quorum: _before, ...kept } = parseTrustRoot(trustRootJson);
  const text = formatTrustRoot({ ...kept, witnesses, ...(quorum > 0 && { quorum }) });
  const { chain } = parseTrustRoot(text);
  const desk = await OrganisationDesk.open(url, text, signal);
  return { text, chain, height: await desk.height() };
}
