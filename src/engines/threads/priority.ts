import { readlinkSync } from 'node:fs';
import { platform, setPriority } from 'node:os';

/** Enough that the ledger's own thread goes first, not so much that a busy neighbour takes the core away. */
const nice = 10;

/**
 * The calling thread gives way to the one that orders and answers, when both want a core.
 * On Linux alone, where a priority is a thread's and not the process's; elsewhere nothing happens.
 */
export function giveWay(): void {
  if (platform() !== 'linux') return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), nice);
  } catch {
    // No /proc, or a sandbox that forbids it: the thread works all the same.
  }
}
