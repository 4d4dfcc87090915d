import { textOfBytes } from '../../api/message-parts.ts';
import { genesisGet } from '../../api/routes/genesis-get.ts';
import { handler } from '../handler.ts';

/** What the operator founded; a client compares it with a trust root from elsewhere. Source: rule H-8. */
export const handleGenesisGet = handler(genesisGet, ({ gateway: { options } }) => ({
  genesis: textOfBytes(options.genesis),
  trustRoot: { ...options.trustRoot },
}));
