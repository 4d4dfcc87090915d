/** What a step saw: ids, heights, codes and hashes; never a key or a word of a record. */
export type Facts = Readonly<Record<string, unknown>>;
