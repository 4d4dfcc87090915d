import { sha256 } from '../../../src/crypto/hash.ts';
import { BlockStore } from '../../../src/engines/blocks/block-store.ts';
import type { StoredBlock } from '../../../src/engines/blocks/stored-block.ts';
import { decodeCommit } from '../../../src/ledger/chain/commit.ts';
import { decodeHeader, headerHashBytes } from '../../../src/ledger/chain/header.ts';
import { bytesToHex } from '../../../src/primitives/bytes.ts';
import { blocksIn } from '../../../src/server/comet/places.ts';

/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** How many things were compared. */
  readonly compared: number;
  readonly violations: readonly string[];
  readonly [figure: string]: unknown;
}

export function finding(
  name: string,
  compared: number,
  violations: readonly string[],
  figures: Readonly<Record<string, unknown>> = {},
): Finding {
  return { name, ok: violations.length === 0 && compared > 0, compared, violations, ...figures };
}

/** A transaction's place in the one order of all. */
export interface Placed {
  readonly height: number;
  readonly index: number;
  readonly code: number;
}

export const isBefore = (a: Placed, b: Placed): boolean =>
  a.height < b.height || (a.height === b.height && a.index < b.index);

/** The ledger as a hospital keeps it, with the place of each transaction. */
export interface Ledger {
  readonly blocks: readonly StoredBlock[];
  /** By transaction, all places: it should be one. */
  readonly places: ReadonlyMap<string, readonly Placed[]>;
}

export function ledgerOf(blocks: readonly StoredBlock[]): Ledger {
  const places = new Map<string, Placed[]>();
  for (const { height, txs, results } of blocks) {
    for (const [index, tx] of txs.entries()) {
      const txId = bytesToHex(sha256(tx));
      const code = results[index]?.code ?? -1;
      places.set(txId, [...(places.get(txId) ?? []), { height, index, code }]);
    }
  }
  return { blocks, places };
}

/** `servers`: of a hospital's home. */
export function readLedger(servers: string): Ledger {
  const store = new BlockStore(blocksIn(servers), { readOnly: true, check: false });
  try {
    return ledgerOf([...store.blocks()].map(({ read }) => read()));
  } finally {
    store.close();
  }
}

/** A hospital's ledger, by its name. */
export interface Kept {
  readonly name: string;
  readonly ledger: Ledger;
}

/** Rounds that a block took, from 0 on. */
export const roundOf = ({ commit }: StoredBlock): number => decodeCommit(commit).round;

export const hashOf = ({ header }: StoredBlock): string =>
  bytesToHex(headerHashBytes(decodeHeader(header)));
