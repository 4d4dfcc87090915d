/** The objects of the wing that travel. */
export const vitalsObjects = { queryManifest: 76 } as const;
