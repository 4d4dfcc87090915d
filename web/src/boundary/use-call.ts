import { QueryClient, type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import type { SessionState } from '../worker/session.ts';
import { type CallError, link } from './link.ts';
import type { CallName, InputOf, OutputOf, WorkProgress } from './messages.ts';

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
  const now = state?.open === true ? state.walletId : undefined;
  if (now !== shownFor) queries.clear();
  shownFor = now;
});
link.onNews(() => void queries.invalidateQueries({ refetchType: 'active' }));

/** Undefined until the worker has answered. */
export function useSession(): SessionState | undefined {
  return useSyncExternalStore(
    (listener) => link.onState(listener),
    () => link.state,
  );
}

/** What a call answers, kept up to date while it is shown. The error is a `CallError`. */
export function useCall<Name extends CallName>(
  name: Name,
  input: InputOf<Name>,
  options: { readonly enabled?: boolean } = {},
): UseQueryResult<OutputOf<Name>, CallError> {
  return useQuery<OutputOf<Name>, CallError>({
    queryKey: [name, input],
    queryFn: ({ signal }) => link.call(name, input, { signal }),
    enabled: options.enabled ?? true,
  });
}

/**
 * Something that is done at a touch. What is shown is asked for again when it is done; `progress` tells how far it is,
 * `cancel` ends it, and `error` stays until the next try: nothing typed is lost by a refusal.
 */
export function useAct<Name extends CallName>(name: Name) {
  const [progress, setProgress] = useState<WorkProgress>();
  const [stop, setStop] = useState<AbortController>();
  const act = useMutation<OutputOf<Name>, CallError, InputOf<Name>>({
    mutationFn: (input) => {
      const controller = new AbortController();
      setStop(controller);
      return link.call(name, input, { signal: controller.signal, onProgress: setProgress });
    },
    onSettled: async () => {
      setProgress(undefined);
      setStop(undefined);
      await queries.invalidateQueries({ refetchType: 'active' });
    },
  });
  return { ...act, progress, cancel: () => stop?.abort() };
}
