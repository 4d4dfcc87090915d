import type { KemKey } from '../../../../crypto/kem.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import type { KeptShare } from '../../crypto/pages/page-keep.ts';
import type { KeptEnvelope } from '../stores/page-store.ts';
import {
  type EnvelopeOwner,
  openEnvelope,
  type SharedPageNames,
  shareIn,
} from './rebuild-share.ts';

/** An envelope as its keeper has it, and pages whose manifests name it. */
export interface EnvelopeToOpen {
  readonly envelope: KeptEnvelope;
  readonly pages: readonly SharedPageNames[];
}

/** Makes shares of envelopes, with a server's recovery key. Rule VS-33. */
export interface EnvelopeOpener {
  /** What the server kept of each page, in the order of the envelopes and of their pages. Throws ENVELOPE_BAD. */
  open(
    of: Omit<EnvelopeOwner, 'key'>,
    envelopes: readonly EnvelopeToOpen[],
  ): Promise<readonly KeptShare[]>;
  close(): Promise<void>;
}

/** On the thread that asks. */
export const openedHere = (arithmetic: PageArithmetic, key: KemKey): EnvelopeOpener => ({
  async open(of, envelopes) {
    const shares: KeptShare[] = [];
    for (const { envelope, pages } of envelopes) {
      const opened = await openEnvelope({ ...of, key }, envelope);
      for (const page of pages) shares.push(await shareIn(arithmetic, opened, page));
    }
    return shares;
  },
  async close() {},
});
