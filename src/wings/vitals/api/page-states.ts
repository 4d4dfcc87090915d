import { bytes, list, oneOf, struct, text } from '../../../primitives/shape.ts';

export const pageStates = ['waiting', 'accepted', 'refused', 'unknown'] as const;
export type StatedPage = (typeof pageStates)[number];

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
