import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { StorageStatus } from '../../storage/ipfs/open.ts';
import { SocketBlobStore } from '../../storage/socket/store-client.ts';
import { hospitalsOf, serversOf } from '../process.ts';
import { isNetworked, storageFiles } from './settings.ts';

export interface HospitalStorage {
  readonly hospital: string;
  readonly isRunning: boolean;
  readonly status: StorageStatus | undefined;
}

/**
 * The storage nodes of the hospitals of a home that are in a network, each asked as it runs; reads nothing else.
 * Throws HOME_INVALID: there are no servers in this home.
 */
export async function storageStatus(home: string): Promise<readonly HospitalStorage[]> {
  if (!existsSync(serversOf(home))) throw new CodedError('HOME_INVALID', { file: 'servers' });
  const networked = hospitalsOf(home).filter((it) => isNetworked(join(serversOf(home), it)));
  return Promise.all(
    networked.map(async (hospital) => {
      const path = join(serversOf(home), hospital, storageFiles.socket);
      const node = new SocketBlobStore({ path, patienceMs: 0 });
      try {
        // Our own process of this version, by way of a socket that only this user opens.
        const status = (await node.ask('status')) as StorageStatus;
        return { hospital, isRunning: true, status };
      } catch (error) {
        if (!isCoded(error, 'STORE_BUSY')) throw error;
        return { hospital, isRunning: false, status: undefined };
      } finally {
        await node.close();
      }
    }),
  );
}
