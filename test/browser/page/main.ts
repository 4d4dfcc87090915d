import { answer, type Result } from './answer.ts';

type Told = 'listening' | { readonly id: number; readonly result: Result };

/** What the test calls: a scene on the page's own thread, or in a module worker that lives as long. */
const worker = new Worker(new URL('/worker.js', location.href), { type: 'module' });
const waiting = new Map<number, (result: Result) => void>();
let last = 0;
/** Why the worker answers nobody any more: its script did not load, or it is gone. */
let broken: Result | undefined;
let nowListens = (): void => {};
const listening = new Promise<void>((resolve) => {
  nowListens = resolve;
});

worker.addEventListener('message', ({ data }: MessageEvent<Told>) => {
  if (data === 'listening') return nowListens();
  const { id, result } = data;
  waiting.get(id)?.(result);
  waiting.delete(id);
});
worker.addEventListener('error', (event) => {
  broken = { ok: false, error: event.message || 'the worker did not load' };
  for (const resolve of waiting.values()) resolve(broken);
  waiting.clear();
});

function ask(name: string, input: unknown): Promise<Result> {
  if (broken !== undefined) return Promise.resolve(broken);
  return new Promise((resolve) => {
    last += 1;
    const id = last;
    waiting.set(id, resolve);
    void listening.then(() => worker.postMessage({ id, name, input }));
  });
}

Object.assign(globalThis, { play: { page: answer, worker: ask } });
