/**
 * Keeps the files of one build of this app in the browser, and serves them also when no server answers. It holds no key, sees
 * no record, and touches nothing but what its own build lists: what is asked of a hospital goes past it, and no answer of
 * one is ever kept here. A newer build is fetched whole beside this one and waits until somebody takes it.
 *
 * Source: docs/protocol/http.md, rule H-33.
 */

import { type PushScope, showPushes } from './pushed-news.ts';

/** What the build puts before this file: `files` is path to SHA-256, of the page as it was before a server said something in it. */
declare const salusBuild: {
  readonly id: string;
  readonly files: Readonly<Record<string, string>>;
};

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: 'window'; includeUncontrolled: true }): Promise<readonly unknown[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(kind: 'install' | 'activate', listener: (event: Lasting) => void): void;
  addEventListener(kind: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(kind: 'message', listener: (event: MessageEvent) => void): void;
}
const scope = self as unknown as Scope;

const prefix = 'salus-app-';
const own = `${prefix}${salusBuild.id}`;
/** What a server writes into the page: its seal, and whether it is a demo. */
const saidPlaces = /(<meta name="salus-(?:seal|demo)" content=")(?:[0-9a-f]*|yes)(")/gu;

/** The first parts of the app's places; what else somebody opens by its address is the server's to answer. */
const places: ReadonlySet<string> = new Set([
  ...['', 'home', 'record', 'item', 'add', 'sharing', 'share', 'looked', 'keys', 'code', 'join'],
  ...['move', 'leave', 'vitals', 'studies', 'questions', 'alerts'],
  ...['open', 'patients', 'chart', 'drafts', 'desk', 'network', 'explorer', 'check'],
]);

/** Every file of the build, or this build is not taken: one that is another is of another build. */
async function takeAll(): Promise<void> {
  const cache = await caches.open(own);
  const files = Object.entries(salusBuild.files);
  try {
    await Promise.all(files.map(async ([path, hash]) => cache.put(path, await fileOf(path, hash))));
  } catch (error) {
    await caches.delete(own);
    throw error;
  }
}

/** From the build of before, where it has the same file; else from the server, past what the browser may hold of old. */
async function fileOf(path: string, hash: string): Promise<Response> {
  // The same page may say something else: its seal, or whether it is a demo.
  const held = path === '/' ? undefined : await caches.match(path);
  if (held !== undefined && (await hashOf(held.clone())) === hash) return held;
  const response = await fetch(path, { cache: 'no-cache', credentials: 'omit' });
  if (!response.ok || response.redirected || (await hashOf(response.clone())) !== hash) {
    throw new Error(`${path} is not of this build`);
  }
  return response;
}

async function hashOf(response: Response): Promise<string> {
  const isPage = (response.headers.get('content-type') ?? '').startsWith('text/html');
  const bytes = isPage
    ? new TextEncoder().encode((await response.text()).replace(saidPlaces, '$1$2'))
    : await response.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (it) => it.toString(16).padStart(2, '0')).join('');
}

/** Another tab may still show the build of before, and has its files until it is gone. */
async function dropOthers(): Promise<void> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.length > 1) return;
  const names = await caches.keys();
  const old = names.filter((it) => it.startsWith(prefix) && it !== own);
  await Promise.all(old.map((it) => caches.delete(it)));
}

/** The page of this build, whatever the server would give now. */
async function page(request: Request): Promise<Response> {
  const cache = await caches.open(own);
  return (await cache.match('/')) ?? fetch(request);
}

/** A file by its path. Names of files hold their hash, so one of the build of before is no other file. */
async function file(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(own);
  return (await cache.match(path)) ?? (await caches.match(path)) ?? fetch(request);
}

scope.addEventListener('install', (event) => event.waitUntil(takeAll()));
scope.addEventListener('activate', (event) =>
  event.waitUntil(dropOthers().then(() => scope.clients.claim())),
);
scope.addEventListener('message', ({ data }) => {
  if (data === 'take') void scope.skipWaiting();
});
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (!places.has(pathname.split('/')[1] ?? '')) return;
    event.respondWith(page(request));
    event.waitUntil(dropOthers());
  } else if (pathname.startsWith('/assets/') || Object.hasOwn(salusBuild.files, pathname)) {
    event.respondWith(file(request, pathname));
  }
});
showPushes(self as unknown as PushScope);
