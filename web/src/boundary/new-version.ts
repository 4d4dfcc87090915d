import { keeperScript } from './scripts.ts';

/** How often a page that stays open asks whether there is a newer build. */
const askMs = 60 * 60_000;

/**
 * The app's files, kept in this browser, and the build that waits to take their place. Nothing is exchanged under a page: it
 * goes on with its own build until somebody touches, or opens the app anew.
 */
class KeptApp {
  #waiting: ServiceWorker | undefined;
  /** Another tab took the new build: this page is of the one before. */
  #isOld = false;
  #isTaking = false;
  readonly #listeners = new Set<() => void>();

  /** Keeps the files, once the page has what it needs itself. A browser that cannot, or may not, does without. */
  async keep(): Promise<void> {
    const workers = navigator.serviceWorker;
    if (!import.meta.env.PROD || workers === undefined) return;
    const wasKept = workers.controller !== null;
    workers.addEventListener('controllerchange', () => {
      if (this.#isTaking) location.reload();
      else if (wasKept) this.#tookElsewhere();
    });
    const kept = await workers
      .register(keeperScript(), { updateViaCache: 'none' })
      .catch(() => undefined);
    if (kept === undefined) return;
    if (wasKept && kept.waiting !== null) this.#wait(kept.waiting);
    kept.addEventListener('updatefound', () => this.#follow(kept.installing, wasKept));
    this.#follow(kept.installing, wasKept);
    const ask = () => void kept.update().catch(() => undefined);
    addEventListener('online', ask);
    setInterval(ask, askMs);
  }

  get isReady(): boolean {
    return this.#isOld || this.#waiting !== undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The page comes back as the new build; the wallet is locked by it, drafts are kept. */
  load(): void {
    this.#isTaking = true;
    if (this.#waiting === undefined) location.reload();
    else this.#waiting.postMessage('take');
  }

  #follow(worker: ServiceWorker | null, wasKept: boolean): void {
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed' && wasKept) this.#wait(worker);
    });
  }

  #tookElsewhere(): void {
    this.#tell(() => {
      this.#waiting = undefined;
      this.#isOld = true;
    });
  }

  #wait(worker: ServiceWorker): void {
    this.#tell(() => (this.#waiting = worker));
  }

  #tell(change: () => void): void {
    change();
    for (const listener of this.#listeners) listener();
  }
}

export const keptApp = new KeptApp();
