import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const pollMs = 20;
const patienceMs = 10_000;

/** `{node, owner}`: the process that runs in this home, and who began it. */
const markOf = (home: string): string => join(home, 'node.pid');

export function markNode(home: string, node: number | undefined): void {
  if (node === undefined) return;
  writeFileSync(markOf(home), JSON.stringify({ node, owner: process.pid }), { mode: 0o600 });
}

/**
 * Ends the node of this home that outlived who began it. One that waits for its application waits for ever, holds the lock of
 * its files, and would speak to the next application beside the next node. A node whose owner lives is another server's.
 */
export async function endOrphan(home: string): Promise<void> {
  const { node, owner } = readMark(home);
  if (node === undefined || owner === undefined || isAlive(owner)) return;
  // The number may be another process's by now.
  if (!isAlive(node) || !commandOf(node).includes(home)) return;
  process.kill(node, 'SIGKILL');
  const deadline = performance.now() + patienceMs;
  while (isAlive(node) && performance.now() < deadline) await pause(pollMs);
}

function readMark(home: string): { readonly node?: number; readonly owner?: number } {
  try {
    const mark = JSON.parse(readFileSync(markOf(home), 'utf8')) as {
      readonly node?: unknown;
      readonly owner?: unknown;
    };
    const { node, owner } = mark;
    return Number.isSafeInteger(node) && Number.isSafeInteger(owner)
      ? { node: Number(node), owner: Number(owner) }
      : {};
  } catch {
    // None yet, or half of one: no node of ours was begun after it.
    return {};
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // Somebody else's process is there, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Ended, and nobody has asked how: it holds nothing any more. */
function isZombie(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  try {
    return existsSync(path) && /\) Z /.test(readFileSync(path, 'utf8'));
  } catch {
    return true;
  }
}

function commandOf(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  if (existsSync(path)) return readFileSync(path, 'utf8').replaceAll('\0', ' ');
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
}
