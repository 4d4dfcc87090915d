import { labelledHash } from '../../../../crypto/hash.ts';
import { concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';
import { edgesOf } from '../histogram-edges.ts';
import { isPadded, panelOf } from '../panels.ts';
import type { PageSize } from './page-layout.ts';
import { pageRows } from './page-values.ts';

/** What everybody who touches a page knows of it, and what every expansion of it is bound to. */
export interface PageHead {
  /** 16 bytes: `pageIdOf`. */
  readonly page: Uint8Array;
  /** 16 bytes, fresh each time a page is shared. */
  readonly nonce: Uint8Array;
  /** Rows, 1 to 64. */
  readonly n: number;
  readonly panel: number;
  readonly edges: number;
}

/** The servers in the order of the dataset. */
export type ServerNumber = 1 | 2 | 3;
export type OfThree<Part> = readonly [Part, Part, Part];

/** The first 16 bytes of a hash: of a sensor (its key, 32 bytes), a panel and the number of the page. Rule VP-9. */
export function pageIdOf(sensorKey: Uint8Array, panel: number, sequence: number): Uint8Array {
  const high = Math.floor(sequence / 2 ** 32);
  const of = concatBytes(sensorKey, u32be(panel), u32be(high), u32be(sequence % 2 ** 32));
  return labelledHash(vitalsNames.labels.pageId, of).subarray(0, 16);
}

/** How large the page is. Throws PANEL_UNKNOWN, EDGES_VERSION, and BODY_LENGTH unless it has 1 to 64 rows, of a padded panel 64. */
export function sizeOf({ n, panel, edges }: PageHead): PageSize {
  const { vitals } = panelOf(panel);
  for (const vital of vitals) edgesOf(vital, edges);
  const least = isPadded(panel) ? pageRows : 1;
  if (!(Number.isInteger(n) && n >= least && n <= pageRows))
    throw new CodedError('BODY_LENGTH', { rows: n });
  return { n, k: vitals.length };
}

/** nonce 16 ‖ page 16 ‖ n ‖ panel ‖ edges: a share, a proof or a point of query is good for this page alone. Rule VP-8. */
export const binderOf = (head: PageHead): Uint8Array => concatBytes(...binderParts(head));

/** The same, not joined yet. */
export const binderParts = ({ page, nonce, n, panel, edges }: PageHead): readonly Uint8Array[] => [
  nonce,
  page,
  Uint8Array.of(n, panel, edges),
];
