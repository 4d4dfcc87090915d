import { amendmentOf } from '../amendment.ts';
import type { ItemHead } from '../item-inside.ts';
import { type DerivedHeadline, deriveHeadline, headlineVersion } from './derive.ts';
import { headlineMarks } from './headline.ts';
import {
  equalHeadlines,
  headlineOf,
  type LineOfBytes,
  type SealedHeadline,
} from './headline-format.ts';

/** What the headline of an item takes from its bytes; `name` stands in where they name nothing themselves. */
export function lineOfBytes(item: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly name: string;
}): LineOfBytes {
  return { version: headlineVersion, ...derived(item) };
}

function derived({ bytes, mediaType, name }: Parameters<typeof lineOfBytes>[0]): DerivedHeadline {
  const line = deriveHeadline({ bytes, mediaType, name });
  // Its writer says so of the record whose place it takes (I-70), whatever the bytes say.
  if (amendmentOf(mediaType)?.enteredInError !== true) return line;
  const marks = headlineMarks.filter((it) => it === 'entered-in-error' || line.marks.includes(it));
  return { ...line, marks };
}

/** By the version of a headline: what gave the line of a body, kept for ever, and from when on no more. */
const derivations: readonly {
  readonly version: number;
  readonly derive: typeof derived;
  /** Block time at which a newer version came into force. */
  readonly untilMs?: number;
}[] = [{ version: headlineVersion, derive: derived }];

/** For so long after a newer version wallets that do not know it may write the older one. */
const graceMs = 180 * 24 * 60 * 60 * 1000;

/**
 * Whether a headline is what the version of the derivation that it names gives for the body it belongs to, and that
 * version was in force: else HEADLINE_WRONG is said beside the item. Source: docs/protocol/items.md, rule I-65.
 */
export function isHeadlineOf(
  {
    head,
    headline,
    bytes,
  }: {
    readonly head: Pick<ItemHead, 'mediaType' | 'name' | 'recordClass'>;
    readonly headline: SealedHeadline;
    readonly bytes: Uint8Array;
  },
  anchoredMs: number,
): boolean {
  const known = derivations.find((it) => it.version === headline.version);
  if (known === undefined || anchoredMs > (known.untilMs ?? Number.POSITIVE_INFINITY) + graceMs) {
    return false;
  }
  // What the owner titled otherwise stands under the head's name, whatever the bytes say.
  const nameIsFromOutside = headline.fromOutside.name;
  const { mediaType, name } = head;
  const given = known.derive({ bytes, mediaType, name: nameIsFromOutside ? name : '' });
  const line = { ...given, version: headline.version, nameIsFromOutside };
  return equalHeadlines(headlineOf(line, head), headline);
}
