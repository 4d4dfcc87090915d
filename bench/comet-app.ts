// A ledger's application behind a socket, for `npm run bench -- consortium`: node comet-app.ts STATE GENESIS SOCKET [signed|unsigned] [SNAPSHOTS EVERY]
import { readFileSync } from 'node:fs';
import { abciApplication } from '../src/engines/cometbft/abci/application.ts';
import { AbciServer } from '../src/engines/cometbft/abci/server.ts';
import { openLedgerApplication } from '../src/engines/ledger-application/open.ts';
import type { SignatureChecks } from '../src/engines/ledger-application/verify-tx.ts';
import { parseGenesis } from '../src/ledger/genesis.ts';
import { signatureChecks } from '../src/server/ledger.ts';

const [, , path = '', genesisPath = '', socket = '', mode = '', folder, every] = process.argv;
const genesis = new Uint8Array(readFileSync(genesisPath));
const { chainId, validators } = parseGenesis(genesis);
/** What the rest costs: rules, tree and disk without a signature. Never in the product. */
const unsigned: SignatureChecks = { signature: async () => true, pointProof: () => true };
const verify = mode === 'unsigned' ? unsigned : signatureChecks;
const application = await openLedgerApplication({
  ...{ path, genesis, verify },
  ...(folder !== undefined && { snapshots: { folder, every: Number(every) } }),
});
const answer = abciApplication({
  ...{ application, chainId, genesis, validators, now: Date.now, isPeer: () => true },
});
const fail = (error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
};
await AbciServer.listen(socket, answer, fail);
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  application.close();
  process.exit(0);
});
