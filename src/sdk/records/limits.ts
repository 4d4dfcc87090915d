/** What one file may bring (protocol 9). A bundle is held in memory; any other file may be streamed. */
export const recordLimits = {
  maxBundleBytes: 64 * 1024 * 1024,
  maxItemsPerFile: 50_000,
  maxFileBytes: 16 * 1024 * 1024 * 1024,
} as const;
