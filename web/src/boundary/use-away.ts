import { hashKey } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { asOf } from './as-of.ts';
import { queries, useSession } from './use-call.ts';

/** Nobody can be asked: this device has no network, or the server does not answer. */
export interface Away {
  readonly why: 'network' | 'server';
  readonly sinceMs: number | undefined;
}

function onNetwork(listener: () => void): () => void {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
}

/** Undefined: hospitals can be asked. */
export function useAway(): Away | undefined {
  const isOnline = useSyncExternalStore(onNetwork, () => navigator.onLine);
  const sinceMs = useSession()?.awaySinceMs;
  if (isOnline && sinceMs === undefined) return undefined;
  return { why: isOnline ? 'server' : 'network', sinceMs };
}

function onShown(listener: () => void): () => void {
  const ends = [asOf.onChange(listener), queries.getQueryCache().subscribe(listener)];
  return () => {
    for (const end of ends) end();
  };
}

const isShown = (answer: string): boolean =>
  answer === chartShown || queries.getQueryCache().get(answer)?.isActive() === true;

/** A chart is followed, and is no answer to one question. */
export const chartShown = hashKey(['chart.follow']);

/** Of when the oldest is that is shown from this device; undefined: nothing is. */
export const useAsOf = (): number | undefined =>
  useSyncExternalStore(onShown, () => asOf.oldest(isShown));
