// The data server of one hospital as a process of its own, under the supervisor: what is exported is its `ProcessEntry`.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { textOfBytes } from '../../../api/message-parts.ts';
import { VerifyPool } from '../../../engines/threads/verify-pool.ts';
import { parseTrustRoot } from '../../../ledger/chain/trust-root.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { keySession } from '../../../sdk/client/session.ts';
import { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import { accountIdOfKeys } from '../../../sdk/wallet/identity.ts';
import { localHospitals, localUrl } from '../../../server/desk.ts';
import { urlAt } from '../../../server/listening.ts';
import { type ProcessOrder, type RunningProcess, serversOf } from '../../../server/process.ts';
import { trustedProxies } from '../../../server/trusted-proxies.ts';
import { noticeWord, recoveryWord } from '../api/notice.ts';
import { dataServersPost } from '../api/routes/data-servers-post.ts';
import { pageArithmetic } from '../crypto/pages/page-arithmetic-wasm.ts';
import { modularArithmetic } from '../crypto/paillier/kernel-arithmetic.ts';
import { claimedMacOf } from '../gateway/incidents/machine-facts.ts';
import { DataServer } from '../node/data-server.ts';
import { defaultDataServerSettings } from '../node/data-server-base.ts';
import { type TellingPlace, tellPeople } from '../node/incidents/telling.ts';
import { state } from '../node/statements.ts';
import { rowMacsOf } from '../node/stores/row-macs.ts';
import { BackgroundScrub, scrubTurnMs } from './background-scrub.ts';
import { BlockLine } from './block-line.ts';
import { createDataServerHttp } from './data-server-http.ts';
import {
  databaseOf,
  dataServerFolder,
  dataServerKeys,
  dataServerSettings,
  recoveryKey,
  recoveryPublicKey,
} from './data-server-keys.ts';
import { openStores } from './data-server-stores.ts';
import { enrolDataServer } from './enrol-data-server.ts';
import { envelopeThread } from './envelope-thread.ts';
import { fileWitnesses } from './file-witnesses.ts';
import { keepReportFile } from './incident-files.ts';
import { actSender, provenRows } from './ledger-line.ts';
import { ListedTrios } from './listed-trios.ts';
import { localCaller } from './local-caller.ts';
import { httpPeers, ServerAddresses } from './peer-line.ts';
import { PublishedRecovery } from './published-recovery.ts';
import { Turns } from './turns.ts';

/** How often this server looks whether it could be rebuilt. */
const envelopesMs = 3_600_000;
/** And whether somebody accuses it. */
const accusationsMs = 60_000;
/** A gateway that was restored from before a notice shows none. */
const noticesMs = 3_600_000;
/** And what patients told the two others of its trios. */
const registrationsMs = 60_000;

type Line = Readonly<Record<string, string | number>>;
const log = (line: Line) =>
  process.stdout.write(`${JSON.stringify({ timeMs: Date.now(), ...line })}\n`);

export async function start({ home, hospital }: ProcessOrder): Promise<RunningProcess> {
  const here = localHospitals(home).find(({ name }) => name === hospital);
  if (hospital === undefined || here === undefined)
    throw new CodedError('INTERNAL', { what: 'no hospital' });
  const folder = join(serversOf(home), hospital);
  const file = dataServerSettings(folder);
  const { rootSecret, keys } = await dataServerKeys(folder, here.account);
  const gateway = new GatewayClient(new Http(here.url));
  const trustRoot = parseTrustRoot(readFileSync(join(home, 'trust.json'), 'utf8'));
  const now = Date.now;
  const itself = {
    account: accountIdOfKeys(keys),
    organisation: here.account,
    chainId: trustRoot.chain,
  };
  const signedIn = gateway.as(keySession(gateway, itself, async () => keys.sign, now));
  const ledger = new ProvenLedger(gateway, trustRoot, undefined, now, signedIn);
  const enrolling = { home, hospital, organisation: here.account, keys, gateway, ledger };
  const account = await enrolDataServer(enrolling);

  const arithmetic = await pageArithmetic();
  const stores = await openStores({
    ...{ account, arithmetic, folder: dataServerFolder(folder), database: databaseOf(folder) },
    macs: rowMacsOf(rootSecret),
  });
  const { store, questions, incidents } = stores;
  const blocks = new BlockLine(signedIn);
  const rows = provenRows(ledger, blocks);
  const addresses = new ServerAddresses(rows, (organisation, url) =>
    gatewayAt(home, organisation, url),
  );
  const databases = ['pages.db', 'questions.db', 'incidents.db'].map((it) =>
    join(dataServerFolder(folder), it),
  );
  const { sign, kem } = keys;
  const publicRecovery = await recoveryPublicKey(folder);
  const pool = new VerifyPool();
  const trios = new ListedTrios({ gateway, ledger: rows, account });
  const published = new PublishedRecovery({ addresses, store, now });
  const server = new DataServer({
    ...{ account, sign, kem, rootSecret, store, questions, incidents, ledger: rows, arithmetic },
    ...{ now, modular: await modularArithmetic(), verify: pool.verifyLabelled.bind(pool) },
    ...{ peers: httpPeers(addresses), listedTrios: trios.all },
    witnesses: () => fileWitnesses(databases),
    claimedMacOf,
    callers: { who: localCaller, claimedMac: (address) => claimedMacOf(address) },
    keepReport: (name, signed) => keepReportFile(folder, name, signed),
    recoveryKey: () => recoveryKey(folder),
    openerAside: () => envelopeThread(folder),
    recoveryPublicKey: publicRecovery,
    havePublished: published.ofAll,
    settings: {
      ...defaultDataServerSettings,
      ...{ freshHours: file.freshHours, silentAfter: file.silentAfter },
    },
    send: actSender({ gateway, ledger, account, sign, now }),
  });
  blocks.follow(() => void server.questions.meetBlock());
  const app = await createDataServerHttp(server, { isProxy: trustedProxies(file.trustedProxy) });
  await app.listen({ port: file.port, host: file.host });
  const url = file.publicUrl ?? urlAt(file.host, (app.server.address() as AddressInfo).port);
  // The key first: who finds the server by its address finds the key as well.
  const publish = async () => {
    for (const of of [
      { word: recoveryWord, payload: publicRecovery },
      { word: noticeWord, payload: utf8(url) },
    ]) {
      const notice = textOfBytes(await state(server.base, of));
      await gateway.call(dataServersPost, { body: { notice } });
    }
  };
  await publish();
  log({ listens: url, account });
  const turns = new Turns((what, error) => {
    server.tampering.suspect(error);
    log({ what, code: isCoded(error) ? error.code : 'INTERNAL' });
  });
  turns.every('judge', file.roundMs, () => server.judge());
  turns.every('seal', file.batchSeconds * 1_000, () => server.seal());
  turns.every('envelopes', envelopesMs, () => checkEnvelopes(server, folder));
  // Before the first scrub, which compares with the ledger; a gateway that is away is asked again.
  await trios.look().catch(() => 0);
  const background = new BackgroundScrub(server.tampering, file.scrubPercent);
  turns.every('scrub', scrubTurnMs, () => background.turn());
  turns.every('accusations', accusationsMs, () => server.rebuilding.answerAccusations());
  turns.every('trios', accusationsMs, () => trios.look());
  turns.every('registrations', registrationsMs, () => server.told.turn());
  // Before a page comes that has no envelope; a gateway that was set back has neither notice.
  const learnPublished = async () => published.ofAll(await server.told.others());
  turns.every('recovery', registrationsMs, learnPublished);
  turns.every('notices', noticesMs, publish);
  const place: TellingPlace = { after: undefined };
  turns.every('incidents', file.roundMs, async () => {
    await server.watch();
    const hand = addresses.handNotice.bind(addresses);
    await tellPeople(server.base, { name: hospital, hand }, place);
  });
  const silenceMs = silenceTurnMs(file.silentAfter);
  turns.every('silences', silenceMs, async () => {
    await server.silences.turn(silenceMs);
    await server.silences.tell(addresses.handNotice.bind(addresses));
  });
  turns.every('seals', file.roundMs, () => server.questions.settle());
  return {
    async close() {
      await app.close();
      await blocks.stop();
      await turns.stop();
      await server.questions.idle();
      await server.operator.settled();
      await stores.close();
      await pool.close();
    },
  };
}

/** A tenth of the shortest silence that is told, 5 minutes at most. */
const silenceTurnMs = (silentAfter: number): number =>
  Math.min(300_000, Math.max(100, (silentAfter || 1) * 360_000));

/** A sample of what this server could be rebuilt from, where its recovery key is at hand. Rule VS-35. */
async function checkEnvelopes(server: DataServer, folder: string): Promise<void> {
  const key = await recoveryKey(folder);
  if (key === undefined) return;
  for (const { trio, tried, without, bad } of await server.checkEnvelopes(key, randomBelow)) {
    if (tried > 0) log({ what: 'envelopes', trio, tried, without, bad: bad.length });
    for (const { page, because } of bad)
      log({ what: 'envelope', code: 'ENVELOPE_BAD', page: bytesToHex(page), because });
  }
}
const randomBelow = (below: number): number => (below > 0 ? randomInt(below) : 0);

/** What is a path on the ledger is one of the address of this home, where its hospitals answer together. */
function gatewayAt(home: string, organisation: string, url: string): string {
  const local = localHospitals(home).find(({ account }) => account === organisation);
  if (local !== undefined) return local.url;
  return url.startsWith('/') ? `${localUrl(home) ?? ''}${url}` : url;
}
