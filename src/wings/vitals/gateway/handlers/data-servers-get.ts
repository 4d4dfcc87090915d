import { textOfBytes } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { dataServersGet } from '../../api/routes/data-servers-get.ts';
import { dataServerNotices } from '../data-servers-part.ts';

/** Source: rule VS-3. */
export const handleDataServersGet = handler(dataServersGet, ({ gateway }) => ({
  servers: gateway.parts
    .get(dataServerNotices)
    .all()
    .map(({ account, notice }) => ({ account, notice: textOfBytes(notice) })),
}));
