import type { Outcome } from './tally.ts';

export const ownVectors: Readonly<Record<string, (path: string) => Promise<Outcome>>> = {};
