import { textOfBytes } from '../../api/message-parts.ts';
import { genesisGet } from '../../api/routes/genesis-get.ts';
import { handler } from '../handler.ts';

export const handleGenesisGet = handler(genesisGet, ({ gateway: { options } }) => ({
  genesis: textOfBytes(options.genesis),
  trustRoot: { ...options.trustRoot },
}));
