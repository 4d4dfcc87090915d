import { maxReadRecords } from '../../api/read-request.ts';
import { itemsGet } from '../../api/routes/items-get.ts';
import { listingPieces } from '../../api/rows.ts';
import { CodedError } from '../../primitives/errors.ts';
import { handler } from '../handler.ts';
import { sendPieces } from '../long-answer.ts';

/** To the owner alone, by the state after the newest block. Throws FORBIDDEN. Source: rule H-10. */
export const handleItemsGet = handler(itemsGet, async ({ gateway, caller, query, reply }) => {
  const { account, since, changed, cursor = '' } = query;
  if (caller.account !== account) throw new CodedError('FORBIDDEN');
  await gateway.index.caughtUp();
  const limit = maxReadRecords;
  // Before the rows are read: what is shown meanwhile is asked for next time.
  const changes = gateway.rows.changesOf(account);
  const page = await gateway.rows.page({ account, since, changed, cursor, limit });
  const anchors = await gateway.rows.anchored(page.rows);
  return sendPieces(
    reply.type(itemsGet.media),
    listingPieces({ changes, next: page.next ?? '', anchors }),
  );
});
