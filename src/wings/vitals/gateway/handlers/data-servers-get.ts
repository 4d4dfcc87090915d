import { textOfBytes } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { dataServersGet } from '../../api/routes/data-servers-get.ts';
import { dataServerNotices } from '../data-servers-part.ts';

/** Source: rules VS-3 and VS-28. */
export const handleDataServersGet = handler(dataServersGet, ({ gateway }) => ({
  servers: gateway.parts
    .get(dataServerNotices)
    .all()
    .map(({ account, notice, recovery }) => ({
      ...{ account, notice: textOfBytes(notice) },
      ...(recovery && { recovery: textOfBytes(recovery) }),
    })),
}));
