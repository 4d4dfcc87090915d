import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SigningKey, signingKeyFromSeed } from '../../../crypto/signature.ts';
import { parseTrustRoot } from '../../../ledger/chain/trust-root.ts';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { localHospitals } from '../../../server/desk.ts';
import { pageStatesPost } from '../api/routes/page-states-post.ts';
import { pagesPost } from '../api/routes/pages-post.ts';
import { registrationsPost } from '../api/routes/registrations-post.ts';
import { pageArithmetic } from '../crypto/pages/page-arithmetic-wasm.ts';
import type { OfThree } from '../crypto/pages/page-head.ts';
import { statDatasets } from '../ledger/tables/stat-datasets.ts';
import { statTrios, trioId } from '../ledger/tables/stat-trios.ts';
import type { ForgetfulServers } from '../sdk/sensor/forgetful-servers.ts';
import type { SensorFile } from '../sdk/sensor/sensor-file.ts';
import type { SensorQueue } from '../sdk/sensor/sensor-queue.ts';
import { Uplink } from '../sdk/sensor/uplink.ts';
import { keptRegistration } from './kept-registration.ts';
import { provenRows } from './ledger-line.ts';
import { ServerAddresses } from './peer-line.ts';

const none = new Uint8Array(0);
const hexBytes = (hex: string): Uint8Array => hexToBytes(hex) ?? none;

export const sensorKeyOf = ({ seed }: SensorFile): Promise<SigningKey> =>
  signingKeyFromSeed(hexBytes(seed));

/** The ledger as this machine believes it, by one of its hospitals. Throws GATEWAY_UNREACHABLE: none runs here. */
function ledgerOf(home: string): ProvenLedger {
  const [hospital] = localHospitals(home);
  if (hospital === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const trust = parseTrustRoot(readFileSync(join(home, 'trust.json'), 'utf8'));
  return new ProvenLedger(new GatewayClient(new Http(hospital.url)), trust);
}

/** The three servers of a dataset, and its panel. Throws DATASET_UNKNOWN. */
export async function datasetServers(
  home: string,
  dataset: string,
): Promise<{ readonly servers: AccountId[]; readonly panel: number }> {
  const ledger = ledgerOf(home);
  const row = await ledger.row(statDatasets, dataset);
  const trio = row && (await ledger.row(statTrios, row.trio));
  if (row === undefined || trio === undefined) throw new CodedError('DATASET_UNKNOWN', { dataset });
  return { servers: [...trio.servers], panel: row.panel };
}

/** What sends the pages of a registered sensor. Throws SENSOR_UNKNOWN: nobody has registered it. */
export async function uplinkOf(
  home: string,
  sensor: SensorFile,
  { queue, forgetful }: { readonly queue: SensorQueue; readonly forgetful: ForgetfulServers },
): Promise<Uplink> {
  const { registered } = sensor;
  if (registered === undefined) throw new CodedError('SENSOR_UNKNOWN');
  const ledger = ledgerOf(home);
  const key = await sensorKeyOf(sensor);
  const addresses = addressesOf(home, ledger);
  const servers = await Promise.all(
    registered.servers.map(async (account) => {
      const client = new GatewayClient(new Http(await addresses.urlOf(account)));
      const row = await ledger.row(accounts, account);
      const { kemKey } = await ledger.identity(account);
      const recoveryKey = await addresses.recoveryKeyOf(account);
      return {
        ...{ kemKey, recoveryKey, signKey: row?.signKey ?? none },
        upload: (bytes: Uint8Array) => client.call(pagesPost, { stream: bytes }),
        states: (ids: Uint8Array) => client.call(pageStatesPost, { stream: ids }),
        async register() {
          const signed = await keptRegistration(home, sensor, { key: key.publicKey, ledger });
          if (signed === undefined) return false;
          await client.call(registrationsPost, { stream: signed });
          return true;
        },
      };
    }),
  );
  const [first = none, second = none, third = none] = servers.map(({ kemKey }) => kemKey);
  const [recovery1, recovery2, recovery3] = servers.map(({ recoveryKey }) => recoveryKey);
  // Without the key of one there would be no rebuilding of that one, and a manifest names three envelopes or none.
  const recoveryKeys: OfThree<Uint8Array> | undefined =
    recovery1 && recovery2 && recovery3 ? [recovery1, recovery2, recovery3] : undefined;
  return new Uplink({
    ...{ arithmetic: await pageArithmetic(), servers, queue, forgetful },
    line: {
      ...{ key, pseudonym: hexBytes(registered.pseudonym) },
      ...{ trio: trioId(registered.servers), kemKeys: [first, second, third] },
      recoveryKeys,
    },
  });
}

const addressesOf = (home: string, ledger: ProvenLedger): ServerAddresses =>
  new ServerAddresses(provenRows(ledger), (organisation, url) => {
    const local = localHospitals(home).find(({ account }) => account === organisation);
    return local?.url ?? url;
  });
