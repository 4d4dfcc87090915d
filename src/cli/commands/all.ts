import { wingCommands } from '../../wings/cli.ts';
import { addBackup } from './backup.ts';
import { addCard } from './card.ts';
import type { AddCommand } from './command.ts';
import { addDesk } from './desk.ts';
import { addDevice } from './device.ts';
import { addGrant } from './grant.ts';
import { addGrants } from './grants.ts';
import { addInbox } from './inbox.ts';
import { addLedger } from './ledger.ts';
import { addLooked } from './looked.ts';
import { addPatients } from './patients.ts';
import { addPerson } from './person.ts';
import { addReceipt } from './receipt.ts';
import { addRecord } from './record.ts';
import { addRestore } from './restore.ts';
import { addRevoke } from './revoke.ts';
import { addSandbox } from './sandbox.ts';
import { addSelfcheck } from './selfcheck.ts';
import { addUp } from './up.ts';
import { addVerify } from './verify.ts';
import { addWatch } from './watch.ts';
import { addWitness } from './witness.ts';

/** In the order in which `--help` lists them. */
export const commands: readonly AddCommand[] = [
  addUp,
  addPerson,
  addDevice,
  addCard,
  addDesk,
  addRecord,
  addGrant,
  addGrants,
  addRevoke,
  addInbox,
  addPatients,
  addWatch,
  addLooked,
  addReceipt,
  addVerify,
  addWitness,
  addLedger,
  addBackup,
  addRestore,
  addSelfcheck,
  addSandbox,
  ...wingCommands,
];
