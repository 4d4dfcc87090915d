import { whoGet } from '../../api/routes/who-get.ts';
import { handler } from '../handler.ts';

export const handleWhoGet = handler(whoGet, ({ gateway: { options, genesisHash } }) => {
  const { organisation, name, directory = [], engine } = options;
  return { organisation, name, chainId: engine.chainId, genesisHash, gateways: [...directory] };
});
