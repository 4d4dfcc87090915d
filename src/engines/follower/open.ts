import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import { BlockStore } from '../blocks/block-store.ts';
import type { LedgerIdentity } from '../blocks/stored-block.ts';
import { checkNewest, replay } from '../embedded/handshake.ts';
import { lockLedger } from '../embedded/lock.ts';
import type { EngineGenesis } from '../embedded/open.ts';
import type { LayerSizes } from '../layer-sizes.ts';
import type { FollowedParts } from './followed-chain.ts';
import { FollowerEngine } from './follower-engine.ts';
import type { LedgerSource } from './source.ts';

export interface FollowerOptions {
  /** Holds `blocks.db` and `ledger.lock`. */
  readonly directory: string;
  readonly genesis: EngineGenesis;
  readonly trustRoot: TrustRoot;
  readonly source: LedgerSource;
  readonly openApplication: () => Application | Promise<Application>;
  readonly verifyVote: VerifyVote;
  readonly now?: () => number;
  readonly askEveryMs?: number;
  readonly gathered?: LayerSizes;
  readonly untoldFrom?: number;
  readonly onHeader?: FollowedParts['onHeader'];
  readonly onFault?: FollowedParts['onFault'];
}

const checkedAtStart = 100;

/**
 * Opens a ledger that another hospital orders, and follows it to its newest block. Throws LEDGER_LOCKED, LEDGER_CORRUPT,
 * TRUST_ROOT_WRONG, ENGINE_WRONG (a ledger of several validators is joined, not followed), LEDGER_NEWER; at a first start what keeps it from being
 * asked; and what does not fit: LEDGER_FORKED, GATEWAY_LIED, HEADER_INVALID.
 */
export async function openFollowerEngine(options: FollowerOptions): Promise<FollowerEngine> {
  const { directory, genesis, trustRoot, verifyVote } = options;
  const identity = identityOf(genesis, trustRoot);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const undo: (() => void)[] = [];
  try {
    const lock = lockLedger(directory);
    undo.push(() => lock.release());
    const store = new BlockStore(join(directory, 'blocks.db'), {
      gathered: options.gathered ?? {},
    });
    undo.push(() => store.close());
    establish(store, identity);
    const application = await options.openApplication();
    undo.push(() => application.close());
    await checkNewest(identity, store, application, { blocks: checkedAtStart, verifyVote });
    await replay(application, store);
    const engine = new FollowerEngine({
      ...{ identity, trustRoot, store, application, verifyVote },
      source: options.source,
      now: options.now ?? Date.now,
      askEveryMs: options.askEveryMs,
      untoldFrom: options.untoldFrom,
      onHeader: options.onHeader ?? (() => {}),
      onFault: options.onFault ?? (() => {}),
      release: () => lock.release(),
    });
    await engine.start();
    return engine;
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** Throws TRUST_ROOT_WRONG, ENGINE_WRONG. */
function identityOf(
  { chainId, genesisHash, timeMs, validators }: EngineGenesis,
  trustRoot: TrustRoot,
): LedgerIdentity {
  if (trustRoot.chain !== chainId) throw new CodedError('TRUST_ROOT_WRONG', { reason: 'chain' });
  if (trustRoot.genesisHash !== bytesToHex(genesisHash)) {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'genesis' });
  }
  if (validators.length !== 1) throw new CodedError('ENGINE_WRONG', { engine: 'cometbft' });
  return { chainId, genesisHash, genesisMs: timeMs, validators };
}

/** Throws LEDGER_CORRUPT (what: genesis): the folder holds another ledger. */
function establish(store: BlockStore, identity: LedgerIdentity): void {
  const stored = store.identity();
  if (stored === undefined) store.setIdentity(identity);
  else if (!equalBytes(stored.genesisHash, identity.genesisHash)) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'genesis' });
  }
}
