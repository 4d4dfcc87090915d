import { bytes, list, oneOf, struct, text } from '../../../primitives/shape.ts';

export const pageStates = ['waiting', 'accepted', 'refused', 'unknown'] as const;
export type StatedPage = (typeof pageStates)[number];

/** Whose pages a sensor asks after, by id. */
export const pagesAskedAfter = list(bytes(16), { least: 1, most: 256 });
/** `pagesAskedAfter` as the sensor signs it. Rule VS-10. */
export const signedPagesAsked = struct({
  pages: bytes(),
  /** Ed25519. */
  sensor: bytes(32),
  signature: bytes(64),
});

/** What became of pages, as a data server signs it under the word `pages`. Source: vitals-servers.md, rule VS-10. */
export const pagesStated = list(
  struct({
    page: bytes(16),
    manifestHash: bytes(),
    state: oneOf(pageStates),
    /** '' unless it was refused. */
    code: text(40),
  }),
);
