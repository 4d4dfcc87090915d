import * as z from 'zod/mini';
import { accountIdText } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

const id16 = z.string().check(z.regex(/^[0-9a-f]{32}$/));

/** To a gateway: which datasets and permits the ledger has. Whoever asks proves each row. */
export const studiesGet = defineRoute({
  method: 'GET',
  path: '/v1/studies',
  who: 'anybody',
  summary: 'The datasets and permits that this gateway has seen on the ledger',
  rule: 'VQ-41',
  answer: z.object({
    datasets: z.array(id16),
    permits: z.array(z.object({ permit: id16, dataset: id16, researcher: accountIdText })),
  }),
});
