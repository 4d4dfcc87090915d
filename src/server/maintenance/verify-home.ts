import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Application, BlockInput, TxResult } from '../../engines/application.ts';
import { verifyConsortiumLedger } from '../../engines/cometbft/verify-ledger.ts';
import { verifyLedger } from '../../engines/embedded/verify.ts';
import { openLedgerApplication } from '../../engines/ledger-application/open.ts';
import { VerifyPool } from '../../engines/threads/verify-pool.ts';
import { parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { decodeTx, txIdOfBytes } from '../../ledger/codec.ts';
import { type Genesis, genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { accountIdOfKey } from '../../ledger/identity.ts';
import { decodeRow } from '../../ledger/table.ts';
import { accounts } from '../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';
import { openFileBlobStore } from '../../storage/file/file-blob-store.ts';
import { handedTo, handoverIn } from '../comet/handover.ts';
import { isComet } from '../comet/places.ts';
import { joinedIn } from '../home-members.ts';
import { requireKnownHome } from '../home-version.ts';
import { batchesAhead, checksBy } from '../ledger.ts';
import { type Finding, hospitalsOf, type Service, serversOf } from '../process.ts';
import { services as allServices } from '../services.ts';
import { type LedgerFacts, verifyRows } from './verify-rows.ts';

export interface VerifiedHospital {
  readonly hospital: string;
  readonly blobs: number;
  readonly bytes: number;
  readonly items: number;
  readonly erased: number;
  /** Anchors of its patients whose rows were never delivered. */
  readonly announced: number;
}

export interface VerifiedHome {
  readonly chain: string;
  readonly height: number;
  readonly headerHash: string;
  /** The first block of what was verified. 1: all, executed from the genesis on; else from a snapshot on, nothing executed. */
  readonly from: number;
  readonly txs: number;
  /** Compared with a trust root that was kept; without it the home is only shown to agree with itself. */
  readonly trusted: boolean;
  /** Of all hospitals. */
  readonly blobs: number;
  readonly items: number;
  readonly erased: number;
  readonly hospitals: readonly VerifiedHospital[];
  /** What holds of the services that wings bring; missing where there is none. */
  readonly services?: readonly VerifiedService[];
}

export interface VerifiedService {
  readonly name: string;
  readonly findings: readonly Finding[];
}

export interface VerifyHomeOptions {
  /** JSON; without it `trust.json` of the home. */
  readonly trustRootJson?: string | undefined;
  /** Whose files; without it all that this build knows. */
  readonly services?: readonly Service[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string) => void;
}

/**
 * Checks all that the servers of a home hold, from the bytes alone: every block is hashed and every
 * transaction executed again; every stored blob must match its id; every item's row must be the one that
 * was anchored, or a tombstone that its holder signed. Then the services that wings bring verify what they
 * keep. Reads only, also beside a running server.
 *
 * Throws what broke first: LEDGER_CORRUPT {height, what}, BLOB_CORRUPT {hospital, blobId},
 * ITEM_HEADER_CORRUPT or PROOF_INVALID {hospital, recordId}, TRUST_ROOT_WRONG, and what a
 * service throws; HOME_INVALID: no such home; HOME_NEWER.
 */
export async function verifyHome(
  home: string,
  options: VerifyHomeOptions = {},
): Promise<VerifiedHome> {
  const servers = serversOf(home);
  requireKnownHome(home);
  const genesisBytes = readGenesis(servers);
  const genesis = genesisOf(genesisBytes);
  const trustRoot = trustRootOf(home, options.trustRootJson);
  if (trustRoot !== undefined && trustRoot.genesisHash !== bytesToHex(genesisHash(genesisBytes))) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'genesis', height: 0 });
  }
  const facts = await verifyBlocks(options, { servers, genesisBytes, genesis, trustRoot });
  const hospitals: VerifiedHospital[] = [];
  // Rows rest on anchors, which may stand in blocks that are not here yet.
  for (const hospital of facts.from === 1 ? hospitalsOf(home) : []) {
    hospitals.push(await verifyHospital(options, join(servers, hospital), { hospital, facts }));
  }
  const verified = await verifyServices(home, options);
  const { height, headerHash, from, txs } = facts;
  const trusted = trustRoot !== undefined;
  const sum = (of: 'blobs' | 'items' | 'erased') =>
    hospitals.reduce((total, it) => total + it[of], 0);
  return {
    chain: genesis.chainId,
    height,
    headerHash,
    from,
    txs,
    trusted,
    blobs: sum('blobs'),
    items: sum('items'),
    erased: sum('erased'),
    hospitals,
    ...(verified.length > 0 && { services: verified }),
  };
}

function readGenesis(servers: string): Uint8Array {
  const path = join(servers, 'genesis.cbor');
  if (!existsSync(path)) throw new CodedError('HOME_INVALID', { file: 'genesis.cbor' });
  return new Uint8Array(readFileSync(path));
}

function genesisOf(bytes: Uint8Array): Genesis {
  try {
    return parseGenesis(bytes);
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('LEDGER_CORRUPT', { what: 'genesis', height: 0 }, cause);
  }
}

function trustRootOf(home: string, trustRootJson: string | undefined): TrustRoot | undefined {
  if (trustRootJson !== undefined) return parseTrustRoot(trustRootJson);
  const path = join(home, 'trust.json');
  return existsSync(path) ? parseTrustRoot(readFileSync(path, 'utf8')) : undefined;
}

async function verifyServices(
  home: string,
  { services = allServices, onProgress }: VerifyHomeOptions,
): Promise<readonly VerifiedService[]> {
  const verified: VerifiedService[] = [];
  for (const { name, verify } of services) {
    if (verify === undefined) continue;
    onProgress?.(name);
    verified.push({ name, findings: await verify(home) });
  }
  return verified;
}

interface LedgerParts {
  readonly servers: string;
  readonly genesisBytes: Uint8Array;
  readonly genesis: Genesis;
  readonly trustRoot: TrustRoot | undefined;
}

type VerifiedLedger = LedgerFacts & {
  readonly headerHash: string;
  readonly from: number;
  readonly txs: number;
};

const tries = 4;

/** A server that writes meanwhile can spoil a copy: only what breaks in the same place again is broken. */
async function verifyBlocks(
  options: VerifyHomeOptions,
  parts: LedgerParts,
): Promise<VerifiedLedger> {
  let before = '';
  for (let attempt = 1; ; attempt++) {
    try {
      return await verifyBlocksOnce(options, parts);
    } catch (error) {
      if (!isCoded(error, 'LEDGER_CORRUPT')) throw error;
      const place = JSON.stringify(error.details);
      if (place === before || attempt >= tries) throw error;
      before = place;
      await wait(100 * attempt);
    }
  }
}

async function verifyBlocksOnce(
  { signal, onProgress }: VerifyHomeOptions,
  { servers, genesisBytes, genesis, trustRoot }: LedgerParts,
): Promise<VerifiedLedger> {
  const directory = join(servers, 'ledger');
  if (!existsSync(join(directory, 'blocks.db'))) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'missing', height: 0 });
  }
  const gathered = new GatheredFacts(genesis, joinedIn(servers));
  const curves = new VerifyPool({ batches: batchesAhead });
  const verify = isComet(servers) ? verifyConsortiumLedger : verifyLedger;
  const handover = handoverIn(servers);
  const to = handover && handedTo(handover);
  const verdict = await verify({
    ...{ directory, handedTo: to },
    verifyVote: (key, message, signature) => curves.verifyVote(key, message, signature),
    openApplication: async (temporary) => {
      const application = await openLedgerApplication({
        path: join(temporary, 'state.db'),
        genesis: genesisBytes,
        verify: checksBy(curves),
        isScratch: true,
        handedTo: to,
      });
      return gathered.watching(application);
    },
    onBlock: (height, last) => {
      if (height % 50 === 0 || height === last) onProgress?.(`block ${height} of ${last}`);
    },
    ...(trustRoot !== undefined && { trustRoot }),
    ...(signal !== undefined && { signal }),
  }).finally(() => curves.close());
  if (!verdict.ok) {
    throw new CodedError('LEDGER_CORRUPT', { height: verdict.height, what: verdict.what });
  }
  const { height, headerHash, from = 1 } = verdict;
  const { organisationOf, anchors, organisationKeys, txs } = gathered;
  return { height, headerHash, from, txs, anchors, organisationOf, organisationKeys };
}

/** What of the executed blocks the rows of the hospitals are compared with. */
class GatheredFacts {
  readonly anchors: LedgerFacts['anchors'] = new Map();
  readonly organisationOf = new Map<AccountId, AccountId>();
  readonly organisationKeys = new Map<AccountId, Set<string>>();
  txs = 0;
  /** The block that is being executed took something in. */
  #hasNews = false;

  constructor(genesis: Genesis, joined: readonly AccountId[]) {
    for (const account of joined) this.organisationKeys.set(account, new Set());
    for (const { identity } of genesis.organisations) {
      const account = accountIdOfKey(identity.suite, identity.signKey);
      this.organisationKeys.set(account, new Set([bytesToHex(identity.signKey)]));
    }
  }

  watching(application: Application): Application {
    return {
      info: () => application.info(),
      checkTx: (tx, nowMs) => application.checkTx(tx, nowMs),
      prepare: async (txs) => application.prepare?.(txs),
      finalizeBlock: async (block) => {
        const output = await application.finalizeBlock(block);
        this.#gather(block, output.results);
        return output;
      },
      commit: () => {
        const committed = application.commit();
        if (this.#hasNews) this.#noteKeys(application);
        return committed;
      },
      query: (table, key, prove) => application.query(table, key, prove),
      heads: () => application.heads(),
      logConsistency: (log, from, to) => application.logConsistency(log, from, to),
      close: () => application.close(),
    };
  }

  /** Also of those that joined later, and keys that the other members voted in. */
  #noteKeys(application: Application): void {
    for (const [account, known] of this.organisationKeys) {
      const { value } = application.query(accounts.name, idBytes(account), false);
      if (value !== undefined) known.add(bytesToHex(decodeRow(accounts, value).signKey));
    }
  }

  #gather({ height, timeMs, txs }: BlockInput, results: readonly TxResult[]): void {
    this.txs += txs.length;
    this.#hasNews = results.some(({ code }) => code === 0);
    for (const [at, bytes] of txs.entries()) {
      if (results[at]?.code !== 0) continue;
      const { body } = decodeTx(bytes);
      const { sender } = body;
      const txId = txIdOfBytes(bytes);
      for (const act of body.acts) {
        if (act.kind === 'Enrol') {
          const account = accountIdOfKey(act.identity.suite, act.identity.signKey);
          this.organisationOf.set(account, sender);
        } else if (act.kind === 'RotateKey') {
          this.organisationKeys.get(sender)?.add(bytesToHex(act.identity.signKey));
        } else if (act.kind === 'DataAnchor' || act.kind === 'DiagnosisAnchor') {
          const { epoch, count, consent } = act;
          const anchor = { account: sender, txId, height, timeMs, epoch, count, consent };
          this.anchors.set(`${sender} ${bytesToHex(act.root)}`, anchor);
        }
      }
    }
  }
}

async function verifyHospital(
  { signal, onProgress }: VerifyHomeOptions,
  folder: string,
  { hospital, facts }: { readonly hospital: string; readonly facts: LedgerFacts },
): Promise<VerifiedHospital> {
  onProgress?.(`stored bytes of ${hospital}`);
  const blobs = openFileBlobStore({ folder: join(folder, 'blobs'), now: Date.now, readOnly: true });
  try {
    const stored = await blobs.verify(signal === undefined ? {} : { signal });
    onProgress?.(`rows of ${hospital}`);
    const path = join(folder, 'gateway.db');
    const rows = await verifyRows({ path, facts, blobs, ...(signal !== undefined && { signal }) });
    return { hospital, ...stored, ...rows };
  } catch (error) {
    // The hospital is named beside what broke there.
    if (!isCoded(error) || error.kind !== 'verification') throw error;
    throw new CodedError(error.code, { hospital, ...error.details }, error);
  } finally {
    await blobs.close();
  }
}
