import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { verifyVote } from '../../../crypto/signature.ts';
import { BlockStore } from '../../../engines/blocks/block-store.ts';
import { copyBlocks } from '../../../engines/blocks/copy-blocks.ts';
import { ValidatorSets } from '../../../engines/cometbft/validator-sets.ts';
import { handedOver, handOverLedger } from '../../../engines/embedded/hand-over.ts';
import { engineGenesis, validatorKeyOf } from '../../../engines/embedded/open.ts';
import { openLedgerApplication } from '../../../engines/ledger-application/open.ts';
import {
  ArrivingState,
  removeState,
} from '../../../engines/ledger-application/snapshots/arriving-state.ts';
import { chunkIn, snapshotsIn } from '../../../engines/ledger-application/snapshots/files.ts';
import { writeSnapshot } from '../../../engines/ledger-application/snapshots/write-snapshot.ts';
import { decodeCommit } from '../../../ledger/chain/commit.ts';
import { decodeHeader } from '../../../ledger/chain/header.ts';
import { verifySigned } from '../../../ledger/chain/light-client.ts';
import { parseTrustRoot } from '../../../ledger/chain/trust-root.ts';
import { sortValidators, validatorsHash } from '../../../ledger/chain/validators.ts';
import { genesisHash, parseGenesis } from '../../../ledger/genesis.ts';
import { accountIdOfKey } from '../../../ledger/identity.ts';
import { organisations } from '../../../ledger/tables/organisations.ts';
import { base64urlToBytes, bytesToHex, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { idBytes } from '../../../primitives/ids.ts';
import {
  formatHandover,
  type HandoverFile,
  handedTo,
  parseHandover,
  writeHandover,
} from '../../../server/comet/handover.ts';
import { writeNodeSettings } from '../../../server/comet/node-home.ts';
import { blocksIn, isComet, nodeHomeIn, validatorsIn } from '../../../server/comet/places.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import {
  genesisIn,
  genesisPath,
  isFounded,
  writeGenesis,
  writeOwnMembers,
} from '../../../server/home-members.ts';
import { signatureChecks } from '../../../server/ledger.ts';
import { certifyMachine } from '../../../server/member/machine.ts';
import { writeNetwork } from '../../../server/member/network.ts';
import { serversOf } from '../../../server/process.ts';
import { joinFounded, keepSwarmKey } from '../../../server/storage/migrate.ts';
import { ownMember, settingsOf, storageMemberOf } from './genesis-proposal.ts';
import { requireDistinct } from './member.ts';
import { identityOfPart, networkMemberOf, type PublicMember, parsePart } from './part.ts';

const power = 10;
const organisationOf = (part: PublicMember): AccountId => {
  const { suite, signKey } = identityOfPart(part);
  return accountIdOfKey(suite, signKey);
};

/** Whether this home orders the ledger of this name by itself: it may hand it over, to itself among others. */
export function isOrderedHere(home: string, chain: string): boolean {
  const servers = serversOf(home);
  const isOwn = existsSync(join(servers, 'ledger', 'validator.key')) && !isComet(servers);
  return isOwn && genesisIn(servers).chainId === chain;
}

/** What the operator hands to each member; nothing of it is secret, but the ledger's blocks, which members may read. */
export interface Migration {
  readonly handover: HandoverFile;
  readonly genesisHash: string;
  readonly members: readonly PublicMember[];
}

/**
 * Ends the ledger that this home orders, for the machines of these parts, and writes what they begin with into a new folder: its
 * blocks, the state after the last as a snapshot, its genesis, the parts. Again for the same parts it goes on. Throws LEDGER_LOCKED,
 * ENGINE_WRONG, CHAIN_WRONG, MEMBERS_DUPLICATE, MEMBER_UNKNOWN (not yet voted in), HOME_NOT_EMPTY, LEDGER_CORRUPT.
 */
export async function beginMigration(
  home: string,
  of: { readonly parts: readonly PublicMember[]; readonly out: string; readonly nowMs: number },
): Promise<Migration> {
  const servers = serversOf(home);
  const directory = join(servers, 'ledger');
  if (isComet(servers) || !existsSync(join(directory, 'validator.key'))) {
    throw new CodedError('ENGINE_WRONG', { engine: 'cometbft' });
  }
  const genesisBytes = new Uint8Array(readFileSync(genesisPath(servers)));
  const genesis = parseGenesis(genesisBytes);
  const members = [...of.parts].sort((a, b) => (a.name < b.name ? -1 : 1));
  requireDistinct(members);
  const other = members.find(({ chain }) => chain !== genesis.chainId);
  if (other !== undefined) throw new CodedError('CHAIN_WRONG', { chain: other.chain });
  const validators = members.map((part) => ({
    ...{
      publicKey: bytesToHex(bytesIn(part.validator)),
      power,
      organisation: organisationOf(part),
    },
  }));
  if (existsSync(of.out)) throw new CodedError('HOME_NOT_EMPTY', { folder: of.out });
  const open = () =>
    openLedgerApplication({
      ...{ path: join(directory, 'state.db'), genesis: genesisBytes, verify: signatureChecks },
    });
  await requireMembers(
    open,
    validators.map(({ organisation }) => organisation),
  );
  const to = handedTo({ ...unknownHandover, validators });
  const ended = await handOverLedger({
    ...{ directory, genesis: engineGenesis(genesisBytes), openApplication: open, verifyVote },
    ...{ signer: validatorKeyOf(directory), next: sortValidators(to.validators), nowMs: of.nowMs },
  });
  makeFolder(of.out);
  const { height } = ended;
  const order = { path: join(directory, 'state.db'), folder: join(of.out, 'snapshot'), height };
  mkdirSync(order.folder, { mode: 0o700 });
  if (!writeSnapshot({ ...order, chainId: genesis.chainId }, () => {})) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'state', height });
  }
  const [snapshot] = snapshotsIn(order.folder);
  const handover: HandoverFile = {
    ...{ height, timeMs: ended.timeMs, headerHash: bytesToHex(ended.headerHash) },
    ...{ appHash: bytesToHex(ended.appHash), validators },
    snapshotHash: bytesToHex(snapshot?.hash ?? new Uint8Array(0)),
  };
  copyBlocks(directory, of.out);
  writeWhole(join(of.out, 'genesis.cbor'), genesisBytes, 0o644);
  writeWhole(join(of.out, 'parts.json'), utf8(JSON.stringify(members)), 0o644);
  // Last: a folder without it is none.
  writeWhole(join(of.out, 'handover.json'), utf8(formatHandover(handover)), 0o644);
  return { handover, genesisHash: bytesToHex(genesisHash(genesisBytes)), members };
}

const unknownHandover = {
  ...{ height: 1, timeMs: 0, headerHash: '', appHash: '', snapshotHash: '' },
};
const bytesIn = (value: string): Uint8Array => base64urlToBytes(value) ?? new Uint8Array(0);

/** Throws MEMBER_UNKNOWN {account}: who orders blocks is a member before. */
async function requireMembers(
  open: () => ReturnType<typeof openLedgerApplication>,
  accounts: readonly AccountId[],
): Promise<void> {
  const application = await open();
  try {
    for (const account of accounts) {
      const { value } = application.query(organisations.name, idBytes(account), false);
      if (value === undefined) throw new CodedError('MEMBER_UNKNOWN', { account });
    }
  } finally {
    application.close();
  }
}

/**
 * Makes the home of one of the members ready: what the operator wrote is verified first, from the genesis whose hash is given
 * to the operator's signature under its last header, which has to name the validators of the parts, and to the root of the
 * snapshot. Throws TRUST_ROOT_WRONG (another genesis), GENESIS_OTHER, HEADER_INVALID, LEDGER_CORRUPT {what}, SNAPSHOT_WRONG, HOME_FOUNDED,
 * SWARM_KEY_INVALID.
 */
export async function installMigration(
  home: string,
  of: {
    readonly from: string;
    /** That this member believes. */
    readonly trustRootJson: string;
    readonly swarmKey: Uint8Array;
    readonly nowMs: number;
  },
): Promise<Migration & { readonly own: PublicMember }> {
  const read = (name: string) => new Uint8Array(readFileSync(join(of.from, name)));
  const genesisBytes = read('genesis.cbor');
  const trusted = parseTrustRoot(of.trustRootJson).genesisHash;
  if (bytesToHex(genesisHash(genesisBytes)) !== trusted) {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'genesis' });
  }
  const handover = parseHandover(readFileSync(join(of.from, 'handover.json'), 'utf8'));
  const parts: unknown = JSON.parse(readFileSync(join(of.from, 'parts.json'), 'utf8'));
  const members = await Promise.all(
    (Array.isArray(parts) ? parts : []).map((it) => parsePart(JSON.stringify(it))),
  );
  requireSameMembers(handover, members);
  const own = await ownMember(home, { members });
  const servers = serversOf(home);
  const isOperators = isFounded(home);
  if (isOperators && !equalBytes(readFileSync(genesisPath(servers)), genesisBytes)) {
    throw new CodedError('HOME_FOUNDED', { home });
  }
  const ledger = join(servers, 'ledger');
  makeFolder(ledger);
  if (!isOperators) copyBlocks(of.from, ledger);
  await requireHandedOver(blocksIn(servers), genesisBytes, handover);
  takeState(of.from, join(ledger, 'state.db'), handover);
  const sets = new ValidatorSets(validatorsIn(servers));
  sets.add(parseGenesis(genesisBytes).validators);
  sets.endsAt(handover.height);
  sets.close();
  const others = members.filter(({ name }) => name !== own.name);
  writeHandover(servers, handover);
  writeNetwork(home, members.map(networkMemberOf));
  await certifyMachine(home, own, of.nowMs);
  const folder = join(servers, own.name);
  keepSwarmKey(folder, of.swarmKey);
  // The operator's bodies lie in a folder: `salus storage migrate` brings them into the network of stores.
  if (!isOperators) {
    joinFounded(folder, {
      ...{ chainId: own.chain, account: organisationOf(own) },
      listen: [`/ip4/0.0.0.0/tcp/${own.ports.storage}`],
      members: members.map((it) => storageMemberOf(organisationOf(it), it)),
    });
  }
  writeMembership(home, own, genesisBytes);
  const settings = settingsOf(own, others);
  writeNodeSettings(nodeHomeIn(servers), { genesisBytes, settings, handover });
  // Last: a home with a genesis is one that is served.
  if (!isOperators) writeGenesis(home, genesisBytes);
  return { handover, genesisHash: trusted, members, own };
}

function writeMembership(home: string, own: PublicMember, genesisBytes: Uint8Array): void {
  const account = organisationOf(own);
  const isFounder = parseGenesis(genesisBytes).organisations.some(
    ({ identity }) => accountIdOfKey(identity.suite, identity.signKey) === account,
  );
  const { name, title } = own;
  writeOwnMembers(home, [name], isFounder ? [] : [{ name, title, account }]);
}

/** Throws GENESIS_OTHER {at}: the validators are not those of the parts. */
function requireSameMembers({ validators }: HandoverFile, members: readonly PublicMember[]): void {
  const named = validators.map((it) => `${it.publicKey} ${it.organisation} ${it.power}`);
  const own = members.map(
    (part) => `${bytesToHex(bytesIn(part.validator))} ${organisationOf(part)} ${power}`,
  );
  if (named.sort().join() !== own.sort().join()) {
    throw new CodedError('GENESIS_OTHER', { at: 'validator' });
  }
}

/** The last block, as it has to be. Throws LEDGER_CORRUPT {what}, HEADER_INVALID. */
async function requireHandedOver(
  blocks: string,
  genesisBytes: Uint8Array,
  handover: HandoverFile,
): Promise<void> {
  const { chainId, validators } = parseGenesis(genesisBytes);
  const { height } = handover;
  const broken = (what: string) => new CodedError('LEDGER_CORRUPT', { what, height });
  const store = new BlockStore(blocks);
  try {
    const ended = handedOver(store);
    const signed = store.signed(height);
    if (ended === undefined || signed === undefined || ended.height !== height)
      throw broken('chain');
    const header = decodeHeader(signed.header);
    const commit = decodeCommit(signed.commit);
    await verifySigned({ header, commit, validators }, chainId, verifyVote);
    const next = validatorsHash(sortValidators(handedTo(handover).validators));
    const isSame =
      bytesToHex(ended.headerHash) === handover.headerHash &&
      bytesToHex(header.appHash) === handover.appHash &&
      ended.timeMs === handover.timeMs;
    if (!isSame) throw broken('chain');
    if (!equalBytes(header.nextValidatorsHash, next)) throw broken('validators');
  } finally {
    store.close();
  }
}

/** The snapshot as the state of this home, where its root is that of the last header. Throws SNAPSHOT_WRONG. */
function takeState(from: string, path: string, handover: HandoverFile): void {
  const folder = join(from, 'snapshot');
  const { height } = handover;
  const snapshot = snapshotsIn(folder).find((it) => it.metadata.height === height);
  const wrong = (what: string) => new CodedError('SNAPSHOT_WRONG', { what });
  if (snapshot === undefined) throw wrong('missing');
  if (bytesToHex(snapshot.hash) !== handover.snapshotHash) throw wrong('hash');
  const appHash = new Uint8Array(Buffer.from(handover.appHash, 'hex'));
  const arriving = new ArrivingState(`${path}.arriving`, { metadata: snapshot.metadata, appHash });
  try {
    while (!arriving.isComplete) {
      const chunk = chunkIn(folder, height, arriving.next);
      if (chunk === undefined || !arriving.isNamed(arriving.next, chunk)) throw wrong('chunk');
      arriving.take(chunk);
    }
    arriving.finish();
  } catch (error) {
    arriving.discard();
    throw error;
  }
  removeState(path);
  renameSync(arriving.path, path);
  rmSync(`${arriving.path}-wal`, { force: true });
}
