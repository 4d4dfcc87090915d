import { isCoded } from '@salus/salus/sdk/browser';
import type { Failure, FromWorker, ToWorker } from '../boundary/messages.ts';
import { AppError, type Call } from './call.ts';
import { callNamed, loadAll } from './calls/all.ts';
import { reach } from './reach.ts';
import { Session } from './session.ts';
import { hospitalOf } from './site.ts';

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
        .catch(async (error: unknown) =>
          port.postMessage({ kind: 'failed', id, failure: await failureOf(error) }),
        )
        .finally(() => {
          working.delete(id);
          restLater();
        });
    }
  };
  void session.state().then((state) => port.postMessage({ kind: 'session', state }));
}

const quietMs = 1_000;
let rest: ReturnType<typeof setTimeout> | undefined;
let isWhole = false;

/** The parts that no page has needed yet are loaded when nobody has asked for anything for a moment. */
function restLater(): void {
  clearTimeout(rest);
  if (isWhole) return;
  rest = setTimeout(() => {
    isWhole = true;
    // Without network: the next call tries again.
    loadAll().catch(() => {
      isWhole = false;
    });
  }, quietMs);
}

/** The page keeps to `Calls`; here a name is only a name. */
async function answer(name: string, input: unknown, work: Parameters<Call<unknown, unknown>>[2]) {
  const found = callNamed(name);
  const call = found instanceof Promise ? await found : found;
  if (call === undefined) throw new AppError('INTERNAL', { name });
  return (call as Call<unknown, unknown>)(session, input, work);
}

async function failureOf(error: unknown): Promise<Failure> {
  if (error instanceof AppError) return { code: error.code, details: error.details };
  if (isCoded(error)) return { code: error.code, details: await named(plain(error.details)) };
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

/** The hospital that is spoken of, by its name where this app's server says it. */
async function named(
  details: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const { servedBy } = details;
  if (typeof servedBy !== 'string') return details;
  const hospital = await hospitalOf(servedBy).catch(() => undefined);
  return { ...details, servedBy: hospital?.title ?? servedBy.slice(0, 8) };
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
