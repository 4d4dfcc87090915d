import { CodedError } from '../../primitives/errors.ts';
import { recordLimits } from './limits.ts';
import type { ResourceFacts } from './resource-facts.ts';

/**
 * What the file holds beside its records, for the person who adds it.
 *
 * - `foreign`: kept, but no resource of R4: `type` says what it is · `unreadable`: left in the file alone, `reason`
 * - `outcome`: the source said something instead of giving a record · `page`: the file is a part of an answer
 */
export type FileNote =
  | {
      readonly kind: 'foreign';
      readonly entry?: number | undefined;
      readonly id?: string | undefined;
      readonly type: string;
      readonly at: number;
    }
  | {
      readonly kind: 'unreadable';
      readonly entry?: number | undefined;
      readonly id?: string | undefined;
      readonly reason: string;
      readonly at: number;
    }
  | { readonly kind: 'outcome'; readonly text: string }
  | { readonly kind: 'page'; readonly shown: number; readonly total: number | undefined };

/** A resource that the source says it deleted: an address, or `Type/id`. */
export interface Deletion {
  readonly address: string;
  readonly base: string | undefined;
}

/** What was found in one Bundle, Parameters, list or lines, with what lies in the Bundles inside it. */
export interface Found {
  readonly resources: ResourceFacts[];
  readonly notes: FileNote[];
  readonly deletions: Deletion[];
}

export const nothingFound = (): Found => ({ resources: [], notes: [], deletions: [] });

/** Of each kind a file brings so many and no more: notes too cost memory. Throws BUNDLE_TOO_MANY. */
export function put<T>(into: T[], found: T): void {
  const limit = recordLimits.maxItemsPerFile;
  if (into.length === limit) throw new CodedError('BUNDLE_TOO_MANY', { limit });
  into.push(found);
}
