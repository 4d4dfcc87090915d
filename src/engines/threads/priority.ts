import { readlinkSync } from 'node:fs';
import { platform, setPriority } from 'node:os';

/** The ledger's own thread goes first. A ninth of another thread's share: on full cores checks are slow, not stopped. */
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
