import {
  type Amendment,
  amendmentOf,
  bareMediaType,
  type Content,
  contentOf,
  isEnteredByPatient,
  type OpenedRecord,
  skeletonMediaType,
} from '../sdk/index.ts';
import { named } from './harmless.ts';

type Opened = Pick<OpenedRecord, 'head' | 'bytes' | 'carried'>;

/** What only who opens an item knows about it. */
export function openedFacts(
  opened: Opened & Pick<OpenedRecord, 'problems'>,
): Record<string, unknown> {
  const { head, bytes } = contentOf(opened);
  const { name, mediaType, previous, author, writtenMs, ordinaryClass } = head;
  return {
    name,
    mediaType: bareMediaType(mediaType),
    bytes: bytes.length,
    author,
    writtenMs,
    ...(head.recordClass === 'private' && { ordinaryClass }),
    ...(previous !== undefined && { previous }),
    ...(opened.problems.length > 0 && { problems: opened.problems }),
    ...(isEnteredByPatient(head) && { enteredBy: 'patient' }),
    ...(mediaType === skeletonMediaType && { import: true }),
  };
}

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
