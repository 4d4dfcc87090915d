/** The processes of one hospital: which of them a fault is about. */
export type Part = 'gateway' | 'application' | 'node';
/**
 * Processes whose command line holds all of these words, as Linux tells in /proc: also those whose parent was killed and that
 * nobody knows any more.
 */
export declare function processesWith(...words: readonly string[]): number[];
/** Sends a signal to each that is still there. */
export declare function signal(pids: readonly number[], name: NodeJS.Signals): void;
/** Resolves when none is left, or throws after `boundMs`. */
export declare function gone(pids: () => readonly number[], boundMs: number): Promise<void>;
