import type { Action } from '../../../sdk/action.ts';
import { type ConsortiumAnswer, consortiumGet } from '../api/routes/consortium-get.ts';

/** What an operator’s hospital says of its consortium now. Throws FORBIDDEN to everybody else. */
export const consortiumNow: Action<undefined, ConsortiumAnswer> = {
  name: 'consortium/now',
  run: (ctx, _input, { signal }) => ctx.gateway.call(consortiumGet, { signal }),
};
