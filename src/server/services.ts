import { serverWings } from '../wings/server.ts';
import type { Process, ServerWing, Service } from './process.ts';

/** The ledger of a home: the state beside the blocks is made again from them. */
const ledger: Service = {
  name: 'ledger',
  per: 'home',
  keeps: {
    databases: ['ledger/blocks.db'],
    plain: ['genesis.cbor', 'home.json', 'members.json', 'network.json'],
    keys: ['ledger/validator.key'],
  },
};

/** The gateway of each hospital, with its store of sealed bodies: a large one is a file of its id. */
const gateway: Service = {
  name: 'gateway',
  per: 'hospital',
  keeps: {
    databases: ['gateway.db', 'blobs/blobs.sqlite'],
    folders: [
      {
        path: 'blobs/files',
        database: 'blobs/blobs.sqlite',
        namesQuery: 'SELECT id FROM blobs WHERE content IS NULL',
      },
    ],
    keys: ['organisation.key', 'desk.token'],
  },
};

const wings: readonly ServerWing[] = serverWings;

/** The processes that the wings bring, in the order in which they start. */
export const wingProcesses: readonly Process[] = wings.flatMap((wing) => wing.processes);

/** All that works in a home: backup, restore and verification go by what these keep. */
export const services: readonly Service[] = [ledger, gateway, ...wingProcesses];
