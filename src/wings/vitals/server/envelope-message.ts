import type { CodedError, ErrorDetails } from '../../../primitives/errors.ts';
import type { BlobId } from '../../../primitives/ids.ts';
import type { ServerNumber } from '../crypto/pages/page-head.ts';
import type { KeptShare } from '../crypto/pages/page-keep.ts';
import type { EnvelopeToOpen } from '../node/pages/envelope-opener.ts';
import { packColumns, unpackColumns } from '../node/stores/page-columns.ts';

/** What the thread of envelope-thread.ts is asked: bytes stand in columns, since one buffer is handed over as fast as it is. */
export interface AskedToOpen {
  readonly trio: string;
  readonly server: ServerNumber;
  readonly ids: readonly BlobId[];
  /** Of pages, by envelope. */
  readonly counts: readonly number[];
  readonly envelopes: Uint8Array<ArrayBuffer>;
  /** Manifests, leaves. */
  readonly pages: Uint8Array<ArrayBuffer>;
}

/** What it answers, in the order of what it is asked. */
export type Opened =
  | { readonly shares: Uint8Array<ArrayBuffer>; readonly count: number }
  | { readonly code: CodedError['code']; readonly details: ErrorDetails };

export function packAsked(
  of: Pick<AskedToOpen, 'trio' | 'server'>,
  envelopes: readonly EnvelopeToOpen[],
): AskedToOpen {
  const pages = envelopes.flatMap((it) => it.pages);
  return {
    ...{ trio: of.trio, server: of.server },
    ids: envelopes.map(({ envelope }) => envelope.id),
    counts: envelopes.map((it) => it.pages.length),
    envelopes: packColumns([envelopes.map(({ envelope }) => envelope.bytes)]),
    pages: packColumns([pages.map(({ manifest }) => manifest), pages.map(({ leaf }) => leaf)]),
  };
}

export function unpackAsked({
  ids,
  counts,
  envelopes,
  pages,
}: AskedToOpen): readonly EnvelopeToOpen[] {
  const rows = counts.reduce((sum, it) => sum + it, 0);
  const [bytes = []] = unpackColumns(envelopes, { columns: 1, rows: ids.length });
  const [manifests = [], leaves = []] = unpackColumns(pages, { columns: 2, rows });
  let from = 0;
  return ids.map((id, at) => {
    const until = from + (counts[at] ?? 0);
    const some = manifests.slice(from, until).map((manifest, page) => ({
      ...{ manifest, leaf: leaves[from + page] ?? new Uint8Array(0) },
    }));
    from = until;
    return { envelope: { id, bytes: bytes[at] ?? new Uint8Array(0) }, pages: some };
  });
}

const fields = ['roll', 'histogram', 'clinical', 'salt'] as const;

export const packShares = (shares: readonly KeptShare[]): Opened => ({
  shares: packColumns(fields.map((field) => shares.map((it) => it[field]))),
  count: shares.length,
});

/** Views. */
export function unpackShares(shares: Uint8Array, count: number): readonly KeptShare[] {
  const columns = unpackColumns(shares, { columns: fields.length, rows: count });
  const cell = (column: number, row: number) => columns[column]?.[row] ?? new Uint8Array(0);
  return Array.from({ length: count }, (_, row) => ({
    ...{ roll: cell(0, row), histogram: cell(1, row) },
    ...{ clinical: cell(2, row), salt: cell(3, row) },
  }));
}
