import { spawn } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { CodedError } from '../primitives/errors.ts';

/**
 * An unlocked session: a process of its own that holds what opens one wallet for some minutes, and hands it to commands of
 * the same user over a socket in the home that nobody else may open (0600, in a folder 0700). It holds the device root,
 * never the passphrase, and ends by itself. Source: docs/protocol/commands.md, rule CL-30.
 */

export const longestMinutes = 60;
const rootBytes = 32;
const patienceMs = 2_000;
/** Of a path of a socket, on every system that Salus runs on. */
const longestPath = 100;

const askRoot = 'root\n';
const askEnd = 'lock\n';

/** Throws USAGE: no socket has so long a path. */
function socketPath(home: string, name: string): string {
  const path = join(home, 'people', `${name}.agent`);
  if (Buffer.byteLength(path) > longestPath) {
    throw new CodedError('USAGE', {
      problem:
        'the path of this home is too long for an unlocked session: --home with a shorter one',
    });
  }
  return path;
}

/** What opens the wallet, of a session that runs; undefined: none does. */
export async function rootOfSession(home: string, name: string): Promise<Uint8Array | undefined> {
  const path = join(home, 'people', `${name}.agent`);
  if (!existsSync(path)) return undefined;
  const answer = await asked(path, askRoot);
  return answer?.length === rootBytes ? answer : undefined;
}

/** Ends the session; false: none runs. */
export async function endSession(home: string, name: string): Promise<boolean> {
  const path = join(home, 'people', `${name}.agent`);
  if (!existsSync(path)) return false;
  const answer = await asked(path, askEnd);
  // One that was killed leaves its socket.
  rmSync(path, { force: true });
  return answer !== undefined;
}

/** Undefined: nobody answers. */
function asked(path: string, question: string): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect(path);
    const end = (answer: Uint8Array | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patienceMs, () => end(undefined));
    socket.on('error', () => end(undefined));
    socket.on('connect', () => socket.write(question));
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('end', () => end(new Uint8Array(Buffer.concat(pieces))));
  });
}

/** Starts the process, and resolves once it answers. `command`: how this program runs. */
export async function beginSession(session: {
  readonly home: string;
  readonly name: string;
  readonly root: Uint8Array;
  readonly minutes: number;
  readonly command: readonly string[];
}): Promise<void> {
  const { home, name, root, minutes, command } = session;
  socketPath(home, name);
  await endSession(home, name);
  const [program = '', ...first] = command;
  const seconds = String(Math.ceil(minutes * 60));
  const args = [...first, 'agent', '--home', home, '--as', name, '--seconds', seconds];
  // Nothing of this process's environment but where programs are: a passphrase may stand in it.
  const env = { PATH: process.env.PATH ?? '' };
  const child = spawn(program, args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new CodedError('INTERNAL', { process: 'agent' })));
  });
  child.stdin?.end(root);
  const over = new AbortController();
  try {
    await Promise.race([failed, untilThere(home, name, over.signal)]);
  } finally {
    over.abort();
    child.removeAllListeners();
    child.unref();
  }
}

async function untilThere(home: string, name: string, over: AbortSignal): Promise<void> {
  while (!over.aborted && (await rootOfSession(home, name)) === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The process itself: serves until its time is over by the clock, it is told to end, or the signal. */
export async function serveSession(session: {
  readonly home: string;
  readonly name: string;
  readonly root: Uint8Array;
  readonly seconds: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { home, name, root, seconds, signal } = session;
  if (root.length !== rootBytes) throw new CodedError('USAGE', { problem: 'unlock starts this' });
  const path = socketPath(home, name);
  const untilMs = Date.now() + seconds * 1000;
  const over = new AbortController();
  const answer = (socket: Socket, question: string) => {
    // A machine that slept wakes with a timer that still runs.
    if (Date.now() >= untilMs) over.abort();
    if (question === askEnd) over.abort();
    if (over.signal.aborted || question !== askRoot) socket.end();
    else socket.end(root);
  };
  const server = createServer((socket) => {
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('data', (piece) => answer(socket, piece.toString('latin1')));
  });
  rmSync(path, { force: true });
  server.listen(path, () => chmodSync(path, 0o600));
  const timer = setTimeout(() => over.abort(), seconds * 1000);
  const ended = AbortSignal.any([signal, over.signal]);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    ended.addEventListener('abort', () => resolve(), { once: true });
    if (ended.aborted) resolve();
  });
  clearTimeout(timer);
  root.fill(0);
  rmSync(path, { force: true });
  server.close();
}
