import type { AnyPart } from '../part.ts';
import { accounts } from './accounts/accounts.ts';
import { batches } from './batches/batches.ts';
import { cosignatures } from './cosignatures/cosignatures.ts';
import { custody } from './custody/custody.ts';
import { enrolment } from './enrolment/enrolment.ts';
import { findings } from './findings/findings.ts';
import { inbox } from './inbox/inbox.ts';
import { peers } from './peers/peers.ts';
import { reading } from './reading/reading.ts';
import { relay } from './relay/relay.ts';
import { sessions } from './sessions/sessions.ts';
import { sets } from './sets/sets.ts';
import { wallets } from './wallets/wallets.ts';

/** The parts of every gateway, in the order in which they are opened and told what the ledger says. */
export const spineParts: readonly AnyPart[] = [
  accounts,
  sets,
  sessions,
  peers,
  inbox,
  batches,
  custody,
  reading,
  enrolment,
  wallets,
  relay,
  cosignatures,
  findings,
];
