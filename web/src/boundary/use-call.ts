import {
  hashKey,
  keepPreviousData,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQueries,
  useQuery,
} from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import type { SessionState } from '../worker/session.ts';
import { asOf } from './as-of.ts';
import { type CallError, link } from './link.ts';
import type { CallName, InputOf, OutputOf } from './messages.ts';
import type { WorkProgress } from './work-progress.ts';

/** Answers are what the worker last said; they leave memory with the session that they belong to. */
export const queries = new QueryClient({
  defaultOptions: {
    // The worker repeats what is worth repeating; what it refuses is refused.
    queries: {
      retry: false,
      refetchOnWindowFocus: false,
      staleTime: 10_000,
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

let shownFor: string | undefined;
link.onState(() => {
  const state = link.state;
  const now = state?.open === true ? `${state.walletId} ${state.account}` : undefined;
  if (now !== shownFor) forget({ before: shownFor, now });
  shownFor = now;
});

/**
 * What was answered to somebody is let go. A page that anybody may see stays: what it shows is everybody's, and is asked for
 * anew. Where another account of the same person is shown, what is under way ends as it began.
 */
function forget({ before, now }: Readonly<Record<'before' | 'now', string | undefined>>): void {
  if (before !== undefined && now !== undefined) {
    queries.clear();
    return;
  }
  queries.getMutationCache().clear();
  queries.removeQueries({ type: 'inactive' });
  if (now === undefined) void queries.resetQueries({ type: 'active' });
  else void queries.invalidateQueries({ refetchType: 'active' });
}

link.onNews(() => void queries.invalidateQueries({ refetchType: 'active' }));

/** Undefined until the worker has answered. */
export function useSession(): SessionState | undefined {
  return useSyncExternalStore(
    (listener) => {
      link.begin();
      return link.onState(listener);
    },
    () => link.state,
  );
}

/**
 * What a call answers, kept up to date while it is shown. The error is a `CallError`. `keep`: what was answered to another
 * input stays in view until the new answer comes.
 */
export function useCall<Name extends CallName>(
  name: Name,
  input: InputOf<Name>,
  options: {
    readonly enabled?: boolean;
    readonly keep?: boolean;
    readonly everyMs?: number;
  } = {},
): UseQueryResult<OutputOf<Name>, CallError> {
  return useQuery<OutputOf<Name>, CallError>({
    queryKey: [name, input],
    queryFn: async ({ signal, queryKey }) => {
      let ms: number | undefined;
      const answer = await link.call(name, input, { signal, onAsOf: (it) => (ms = it) });
      asOf.note(hashKey(queryKey), ms);
      return answer;
    },
    enabled: options.enabled ?? true,
    ...(options.everyMs !== undefined && { refetchInterval: options.everyMs }),
    ...(options.keep === true ? { placeholderData: keepPreviousData } : {}),
  } as Parameters<typeof useQuery<OutputOf<Name>, CallError>>[0]);
}

/** The same for several inputs of one call, whose answers do not change: pieces of a long list. */
export function useCalls<Name extends CallName>(
  name: Name,
  inputs: readonly InputOf<Name>[],
): readonly (OutputOf<Name> | undefined)[] {
  return useQueries({
    queries: inputs.map((input) => ({
      queryKey: [name, input],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => link.call(name, input, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: (results) => results.map((it) => it.data as OutputOf<Name> | undefined),
  });
}

/**
 * Something that is done at a touch. What is shown is asked for again when it is done; `progress` tells how far it is,
 * `said` keeps what each phase told, `cancel` ends it, and `error` stays until the next try: nothing typed is lost by a refusal.
 */
export function useAct<Name extends CallName>(name: Name) {
  const [progress, setProgress] = useState<WorkProgress>();
  // One phase may end before the page was drawn in it, and a person needs its link or digits all the same.
  const [said, setSaid] = useState<ReadonlyMap<string, string>>(new Map());
  const hear = (it: WorkProgress): void => {
    setProgress(it);
    const { phase, text } = it;
    if (text !== undefined) setSaid((before) => new Map(before).set(phase, text));
  };
  const [stop, setStop] = useState<AbortController>();
  const act = useMutation<OutputOf<Name>, CallError, InputOf<Name>>({
    mutationFn: (input) => {
      const controller = new AbortController();
      setStop(controller);
      setSaid(new Map());
      return link.call(name, input, { signal: controller.signal, onProgress: hear });
    },
    onSettled: async () => {
      setProgress(undefined);
      setStop(undefined);
      await queries.invalidateQueries({ refetchType: 'active' });
    },
  });
  return { ...act, progress, said, cancel: () => stop?.abort() };
}
