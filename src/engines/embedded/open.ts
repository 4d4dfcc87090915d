import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import type { Validator } from '../../ledger/chain/validators.ts';
import { genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import { BlockStore } from '../blocks/block-store.ts';
import type { LedgerIdentity } from '../blocks/stored-block.ts';
import type { LayerSizes } from '../layer-sizes.ts';
import { ClockGuard, type ClockSources, systemClock } from './clock.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import type { FaultPoint } from './faults.ts';
import { handedOver } from './hand-over.ts';
import { checkNewest, replay } from './handshake.ts';
import { createValidatorKey, loadValidatorKey } from './key-file.ts';
import { lockLedger } from './lock.ts';
import { defaultTiming, type Timing } from './pace.ts';
import type { VoteSigner } from './vote-signer.ts';

/** What of the genesis an engine needs; the application knows the rest. */
export interface EngineGenesis {
  readonly chainId: string;
  readonly genesisHash: Uint8Array;
  readonly timeMs: number;
  readonly validators: readonly Validator[];
}

/** Throws what `parseGenesis` throws. */
export function engineGenesis(bytes: Uint8Array): EngineGenesis {
  const { chainId, timeMs, validators } = parseGenesis(bytes);
  return { chainId, timeMs, validators, genesisHash: genesisHash(bytes) };
}

export interface EmbeddedOptions {
  /** Holds `blocks.db`, `ledger.lock` and, unless `signer` is given, `validator.key`. */
  readonly directory: string;
  readonly genesis: EngineGenesis;
  /** Opened once the ledger is locked, on a state that lags behind the blocks or is new. */
  readonly openApplication: () => Application | Promise<Application>;
  readonly verifyVote: VerifyVote;
  readonly signer?: VoteSigner;
  readonly timing?: Partial<Timing>;
  readonly clock?: ClockSources;
  readonly acceptClock?: boolean;
  readonly senderOf?: (tx: Uint8Array) => string | undefined;
  readonly faultPoint?: FaultPoint;
  readonly gathered?: LayerSizes;
  readonly onFault?: (error: unknown) => void;
}

const checkedAtStart = 100;

/** The key that a new ledger's genesis names; made on first use. Throws KEY_FILE_OPEN, KEY_FILE_INVALID. */
export function validatorKeyOf(directory: string): VoteSigner {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'validator.key');
  return existsSync(path) ? loadValidatorKey(path) : createValidatorKey(path);
}

/**
 * Opens or begins a ledger: lock, integrity check, the newest headers' chain and signatures, replay of what
 * the state lacks. Throws LEDGER_LOCKED, LEDGER_CORRUPT, KEY_FILE_OPEN, KEY_FILE_INVALID, and what the
 * application's `requireNext` throws.
 */
export async function openEmbeddedEngine(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const { directory } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const undo: (() => void)[] = [];
  try {
    const lock = lockLedger(directory);
    undo.push(() => lock.release());
    const signer = options.signer ?? validatorKeyOf(directory);
    const store = new BlockStore(join(directory, 'blocks.db'), {
      gathered: options.gathered ?? {},
    });
    undo.push(() => store.close());
    const identity = establish(store, options.genesis, signer);
    // Nothing is added to it any more.
    if (handedOver(store) !== undefined)
      throw new CodedError('ENGINE_WRONG', { engine: 'cometbft' });
    const application = await options.openApplication();
    undo.push(() => application.close());
    // Before replay: a state must not be built from blocks that nobody signed.
    const check = { blocks: checkedAtStart, verifyVote: options.verifyVote };
    const tip = await checkNewest(identity, store, application, check);
    await replay(application, store);
    // A server that could not make the next block would be up and stand still.
    application.requireNext?.();
    const engine = new EmbeddedEngine({
      identity,
      application,
      store,
      signer,
      tip,
      clock: new ClockGuard(options.clock ?? systemClock, options.acceptClock === true),
      timing: { ...defaultTiming, ...options.timing },
      senderOf: options.senderOf ?? (() => undefined),
      faultPoint: options.faultPoint ?? (() => {}),
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

/** Writes or compares which ledger this folder holds. Throws LEDGER_CORRUPT (what: genesis, key). */
function establish(store: BlockStore, genesis: EngineGenesis, signer: VoteSigner): LedgerIdentity {
  const { chainId, timeMs, validators } = genesis;
  const [validator] = validators;
  if (validator === undefined || validators.length > 1) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'validators', validators: validators.length });
  }
  if (!equalBytes(validator.publicKey, signer.publicKey)) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'key' });
  }
  const identity = { chainId, genesisHash: genesis.genesisHash, genesisMs: timeMs, validators };
  const stored = store.identity();
  if (stored === undefined) store.setIdentity(identity);
  else if (stored.chainId !== chainId || !equalBytes(stored.genesisHash, genesis.genesisHash)) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'genesis' });
  }
  return identity;
}
