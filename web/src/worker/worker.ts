import { isCoded } from '@salus/salus/sdk/browser';
import type { Failure, FromWorker, ToWorker } from '../boundary/messages.ts';
import { AppError, type Call } from './call.ts';
import { calls } from './calls/all.ts';
import { reach } from './reach.ts';
import { Session } from './session.ts';

/** A page, or several where there is a SharedWorker. */
interface Port {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

const ports = new Set<Port>();
const toAll = (message: FromWorker): void => {
  for (const port of ports) port.postMessage(message);
};
const session = new Session(
  (state) => toAll({ kind: 'session', state }),
  () => toAll({ kind: 'news' }),
);

function serve(port: Port): void {
  ports.add(port);
  const working = new Map<number, AbortController>();
  port.onmessage = ({ data }) => {
    if (data.kind === 'touched') session.touched();
    if (data.kind === 'network') void reach.ask();
    if (data.kind === 'cancel') working.get(data.id)?.abort();
    if (data.kind === 'gone') {
      ports.delete(port);
      for (const it of working.values()) it.abort();
    }
    if (data.kind === 'call') {
      const { id, name, input } = data;
      const stop = new AbortController();
      working.set(id, stop);
      void answer(name, input, {
        signal: stop.signal,
        onProgress: (progress) => port.postMessage({ kind: 'progress', id, progress }),
        onAsOf: (ms) => port.postMessage({ kind: 'as of', id, ms }),
      })
        .then((output) => port.postMessage({ kind: 'done', id, output }))
        .catch((error: unknown) =>
          port.postMessage({ kind: 'failed', id, failure: failureOf(error) }),
        )
        .finally(() => working.delete(id));
    }
  };
  void session.state().then((state) => port.postMessage({ kind: 'session', state }));
}

/** The page keeps to `Calls`; here a name is only a name. */
async function answer(name: string, input: unknown, work: Parameters<Call<unknown, unknown>>[2]) {
  const call = Object.entries(calls).find(([key]) => key === name)?.[1];
  if (call === undefined) throw new AppError('INTERNAL', { name });
  return (call as Call<unknown, unknown>)(session, input, work);
}

function failureOf(error: unknown): Failure {
  if (error instanceof AppError) return { code: error.code, details: error.details };
  if (isCoded(error)) return { code: error.code, details: plain(error.details) };
  // A fault of ours: its text may hold what somebody typed, and stays here.
  console.error(error);
  return { code: 'INTERNAL', details: {} };
}

/** Details as text and numbers alone: bytes and objects do not belong on a screen. */
function plain(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(details).filter(([, it]) => typeof it === 'string' || typeof it === 'number'),
  );
}

// Who opens the app without a network reads so at once.
void reach.ask();

if ('onconnect' in self) {
  // A SharedWorker: each tab that opens the app comes here.
  self.onconnect = (event: unknown) => {
    const [port] = (event as MessageEvent).ports;
    if (port !== undefined) serve(port as unknown as Port);
  };
} else serve(self as unknown as Port);
