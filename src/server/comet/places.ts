import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../primitives/bytes.ts';

/** Where a home that runs on CometBFT keeps what; `servers` is the folder of that name in it. */
export const nodeHomeIn = (servers: string): string => join(servers, 'cometbft');
export const blocksIn = (servers: string): string => join(servers, 'ledger', 'blocks.db');
export const stateIn = (servers: string): string => join(servers, 'ledger', 'state.db');
export const validatorsIn = (servers: string): string => join(servers, 'ledger', 'validators.db');

/** Which engine orders the ledger of a home: that whose files were made when it was founded. */
export const isComet = (servers: string): boolean =>
  existsSync(join(nodeHomeIn(servers), 'config', 'genesis.json'));

/** An address of a Unix socket has 108 bytes. */
const longestSocketPath = 100;

/** Beside the ledger; where that path is too long for a socket, under a name of its own in the folder for such. */
export function appSocketOf(servers: string): string {
  const beside = join(resolve(servers), 'ledger', 'app.sock');
  if (beside.length <= longestSocketPath) return beside;
  const name = bytesToHex(sha256(utf8(beside)).subarray(0, 8));
  return join(tmpdir(), `salus-${name}.sock`);
}

/** Where the program is looked for before the PATH: what a checkout built for its tests. */
export function programFolders(): readonly string[] {
  return [fileURLToPath(new URL('../../../.cache/services/cometbft/bin', import.meta.url))];
}
