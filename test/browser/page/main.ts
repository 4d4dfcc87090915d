import { answer, type Result } from './answer.ts';

/** What the test calls: a scene on the page's own thread, or in a module worker that lives as long. */
const worker = new Worker(new URL('/worker.js', location.href), { type: 'module' });
const waiting = new Map<number, (result: Result) => void>();
let last = 0;
/** Why the worker answers nobody any more: its script did not load, or it is gone. */
let broken: Result | undefined;

worker.addEventListener('message', (event: MessageEvent<{ id: number; result: Result }>) => {
  const { id, result } = event.data;
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
    waiting.set(last, resolve);
    worker.postMessage({ id: last, name, input });
  });
}

Object.assign(globalThis, { play: { page: answer, worker: ask } });
