import workerUrl from '../worker/worker.ts?sharedworker&url';

interface TrustedTypesLike {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): unknown };
}

const keeperUrl = '/service-worker.js';
const own: readonly string[] = [workerUrl, keeperUrl];

const policy = (
  globalThis as { readonly trustedTypes?: TrustedTypesLike }
).trustedTypes?.createPolicy('salus', {
  createScriptURL: (it) => {
    if (!own.includes(it)) throw new TypeError('not a script of this app');
    return it;
  },
});

/** Only the app's own two workers are ever made into code; all else that wants to be is refused by the policy. */
const trusted = (url: string): string =>
  policy === undefined ? url : (policy.createScriptURL(url) as string);

/** The worker with the keys. */
export const workerScript = (): string => trusted(workerUrl);

/** The one that keeps the app's files, and holds nothing else. */
export const keeperScript = (): string => trusted(keeperUrl);
