/** What orders the blocks of a home. It was decided when the home was made, by whose files lie in it. */
export const engines = ['embedded', 'cometbft', 'follower'] as const;
export type Engine = (typeof engines)[number];
