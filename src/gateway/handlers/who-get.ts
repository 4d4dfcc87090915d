import { whoGet } from '../../api/routes/who-get.ts';
import { handler } from '../handler.ts';

/** Nothing here is secret, and nothing is believed: the ledger says who is an organisation. Source: rule H-8. */
export const handleWhoGet = handler(whoGet, ({ gateway: { options, genesisHash } }) => {
  const { organisation, name, directory = [], engine } = options;
  return { organisation, name, chainId: engine.chainId, genesisHash, gateways: [...directory] };
});
