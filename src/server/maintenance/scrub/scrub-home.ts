import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Code } from '../../../codes/index.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { requireKnownHome } from '../../home-version.ts';
import { hospitalsOf, type ScrubbedPart, type Service, serversOf } from '../../process.ts';
import { readRowKey } from '../../row-key.ts';
import { services as allServices } from '../../services.ts';
import { storageFiles } from '../../storage/settings.ts';
import { faultOfNow } from '../sqlite-faults.ts';
import { scrubBlobs, scrubClaims } from './blobs.ts';
import { scrubBlocks } from './blocks.ts';
import { scrubBoundFile } from './bound-file.ts';
import { type Flaw, flawId, isFlaw, type Scrubbing } from './flaw.ts';
import { scrubGateway } from './gateway-rows.ts';
import { scrubState } from './state.ts';

/** One store of a home, when all of it was looked at. */
export interface ScrubbedStore {
  /** `ledger blocks`, `north blobs`. */
  readonly store: string;
  /** From its beginning on. */
  readonly isWhole: boolean;
  readonly items: number;
  readonly bytes: number;
  readonly flaws: readonly Flaw[];
  /** Why it could not be looked at to its end, which says nothing of it: the next round does. */
  readonly missed?: Code;
}

export interface ScrubOptions {
  /** Whose stores besides those of the spine; missing: all that this build knows. */
  readonly services?: readonly Service[];
  readonly signal?: AbortSignal;
  /** Told of a store, how much of it was looked at so far. */
  readonly onProgress?: (store: string, items: number, bytes: number) => void;
  readonly onFlaw?: (flaw: Flaw, store: string) => void;
  /** Waited for after so many bytes. */
  readonly rest?: (bytes: number) => Promise<void>;
  /** Of blobs: the id after which to begin, and told of each that was looked at. */
  readonly afterOf?: (store: string) => string | undefined;
  readonly reached?: (store: string, id: string) => void;
}

/** Of a row, where no bytes are said. */
const bytesOfItem = 256;

/**
 * Looks at all that the servers of a home keep, one store after the other, and goes on after what it finds. Reads only, also
 * beside running servers; where one is locked, or the disk is full, with the next store. Throws HOME_INVALID, HOME_NEWER, INTERRUPTED. Source: docs/protocol/stores.md, rule SR-7.
 */
export async function* scrubHome(
  home: string,
  options: ScrubOptions = {},
): AsyncGenerator<ScrubbedStore, void, undefined> {
  for (const { store, scrub } of storesOf(home, options)) {
    const flaws = new Map<string, Flaw>();
    let items = 0;
    let bytes = 0;
    let told = 0;
    const looked = lookedAt(scrub());
    for await (const it of looked.all) {
      if (options.signal?.aborted === true) throw new CodedError('INTERRUPTED');
      if (isFlaw(it)) {
        if (!flaws.has(flawId(it))) options.onFlaw?.(it, store);
        flaws.set(flawId(it), it);
        continue;
      }
      items += it.items;
      bytes += it.bytes;
      // Of blobs the walk itself rests, leaf by leaf.
      if (!store.endsWith('blobs') && !store.endsWith('copies')) {
        await options.rest?.(it.bytes === 0 ? it.items * bytesOfItem : it.bytes);
      }
      if (items - told < 256 && bytes < (told + 1) * 2 ** 24) continue;
      told = items;
      options.onProgress?.(store, items, bytes);
    }
    const { missed } = looked;
    const isWhole = options.afterOf?.(store) === undefined && missed === undefined;
    const found = { store, isWhole, items, bytes, flaws: [...flaws.values()] };
    yield missed === undefined ? found : { ...found, missed };
  }
}

/** What a scrub says of a store until its end, or until that store cannot be looked at now: `missed` then. */
function lookedAt(scrubbing: Scrubbing): { readonly all: Scrubbing; readonly missed?: Code } {
  const looked: { all: Scrubbing; missed?: Code } = { all: all() };
  async function* all(): Scrubbing {
    try {
      yield* scrubbing;
    } catch (error) {
      const fault = faultOfNow(error);
      if (fault === undefined) throw error;
      looked.missed = fault.code;
    }
  }
  return looked;
}

function storesOf(home: string, options: ScrubOptions): ScrubbedPart[] {
  const servers = serversOf(home);
  if (!existsSync(servers)) throw new CodedError('HOME_INVALID', { file: 'servers' });
  requireKnownHome(home);
  const { services = allServices } = options;
  const ledger = [
    { store: 'ledger blocks', scrub: () => scrubBlocks(servers) },
    { store: 'ledger state', scrub: () => scrubState(servers) },
  ];
  return [
    ...(existsSync(join(servers, 'ledger', 'blocks.db')) ? ledger : []),
    ...hospitalsOf(home).flatMap((hospital) => hospitalStores(servers, hospital, options)),
    ...services.flatMap(({ scrub }) => scrub?.(home) ?? []),
  ];
}

function hospitalStores(servers: string, hospital: string, options: ScrubOptions): ScrubbedPart[] {
  const { signal, rest } = options;
  const folderOf = (store: 'blobs' | 'copies', folder: string) => {
    const after = options.afterOf?.(`${hospital} ${store}`);
    return {
      ...{ folder: join(servers, hospital, folder), hospital, store, signal },
      ...(rest !== undefined && { rest }),
      ...(after !== undefined && { after }),
      reached: (id: string) => options.reached?.(`${hospital} ${store}`, id),
    };
  };
  const copies = [
    { store: `${hospital} copies`, scrub: () => scrubBlobs(folderOf('copies', 'storage/held')) },
  ];
  const folder = join(servers, hospital);
  const networkFile = {
    ...{ hospital, store: 'network', path: join(folder, storageFiles.database) },
    key: readRowKey(folder),
  };
  const network = [{ store: `${hospital} network`, scrub: () => scrubBoundFile(networkFile) }];
  return [
    { store: `${hospital} gateway`, scrub: () => scrubGateway(servers, hospital) },
    { store: `${hospital} claims`, scrub: () => scrubClaims(servers, hospital) },
    { store: `${hospital} blobs`, scrub: () => scrubBlobs(folderOf('blobs', 'blobs')) },
    ...(existsSync(join(servers, hospital, 'storage/held')) ? copies : []),
    ...(existsSync(networkFile.path) ? network : []),
  ];
}
