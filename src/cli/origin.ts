import {
  type Amendment,
  amendmentOf,
  type Content,
  contentOf,
  type OpenedRecord,
} from '../sdk/index.ts';
import { named } from './harmless.ts';

type Opened = Pick<OpenedRecord, 'head' | 'bytes' | 'carried'>;

/** What an opened record says about where it was before and which version it is; for `--json`. */
export function originFacts(
  opened: Opened & { readonly notVersionOf?: string | undefined },
): Record<string, unknown> {
  const { head, path } = contentOf(opened);
  const amends = amendmentOf(head.mediaType);
  const { notVersionOf } = opened;
  const movedFrom = path.map(({ account, from, notVerified, anchored }) => ({
    ...{ account, from, ...anchored },
    ...(notVerified !== undefined && { notVerified }),
  }));
  return {
    ...(amends !== undefined && { amends }),
    ...(notVersionOf !== undefined && { notVersionOf }),
    ...(movedFrom.length > 0 && { movedFrom }),
  };
}

/** The author's name, and from where the record came; of several places the first that does not hold is told. */
export function authorWords(opened: Opened, nameOf: (account: string) => string): string {
  const { head, path } = contentOf(opened);
  const by = nameOf(head.author);
  const doubtful = path.find((it) => it.notVerified !== undefined);
  if (doubtful !== undefined) return `${by} (moved, not verified: ${doubtful.notVerified})`;
  const moved = path.filter((it) => it.account !== opened.head.account);
  if (moved.length === 0) return by;
  return `${by} (moved from ${moved.map((it) => named(it.from)).join(', before that from ')})`;
}

/** Name, or what it is called instead, and what an amendment says about it. */
export function titleWords({ head }: Pick<Content, 'head'>, called: string = head.name): string {
  const amends: Amendment | undefined = amendmentOf(head.mediaType);
  if (amends === undefined) return called;
  const { enteredInError, reason } = amends;
  return `${called} (${enteredInError ? 'entered in error' : 'amended'}: ${named(reason)})`;
}
