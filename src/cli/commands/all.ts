import { wingCommands } from '../../wings/cli.ts';
import type { AddCommand } from './command.ts';

/** A file of commands, which is loaded when one of them is asked for: who wants one does not wait for all. */
export interface CommandFile {
  /** The first words that it takes; none (of a wing): loaded with all, where no other file takes the word. */
  readonly names: readonly string[];
  readonly load: () => Promise<AddCommand>;
}

const added: readonly AddCommand[] = wingCommands;

/** In the order in which `--help` lists them. */
export const commands: readonly CommandFile[] = [
  { names: ['up'], load: async () => (await import('./up.ts')).addUp },
  { names: ['found'], load: async () => (await import('./found.ts')).addFound },
  { names: ['person'], load: async () => (await import('./person.ts')).addPerson },
  { names: ['unlock', 'lock', 'agent'], load: async () => (await import('./unlock.ts')).addUnlock },
  { names: ['device'], load: async () => (await import('./device.ts')).addDevice },
  { names: ['card'], load: async () => (await import('./card.ts')).addCard },
  { names: ['desk'], load: async () => (await import('./desk.ts')).addDesk },
  { names: ['record'], load: async () => (await import('./record.ts')).addRecord },
  { names: ['grant'], load: async () => (await import('./grant.ts')).addGrant },
  { names: ['grants'], load: async () => (await import('./grants.ts')).addGrants },
  { names: ['revoke'], load: async () => (await import('./revoke.ts')).addRevoke },
  { names: ['inbox'], load: async () => (await import('./inbox.ts')).addInbox },
  { names: ['ask'], load: async () => (await import('./ask.ts')).addAsk },
  { names: ['diagnose'], load: async () => (await import('./diagnose.ts')).addDiagnose },
  { names: ['patients'], load: async () => (await import('./patients.ts')).addPatients },
  { names: ['watch'], load: async () => (await import('./watch.ts')).addWatch },
  { names: ['looked'], load: async () => (await import('./looked.ts')).addLooked },
  {
    names: ['receipt', 'check-receipt'],
    load: async () => (await import('./receipt.ts')).addReceipt,
  },
  { names: ['verify'], load: async () => (await import('./verify.ts')).addVerify },
  { names: ['scrub'], load: async () => (await import('./scrub.ts')).addScrub },
  { names: ['witness'], load: async () => (await import('./witness.ts')).addWitness },
  { names: ['ledger'], load: async () => (await import('./ledger.ts')).addLedger },
  { names: ['backup'], load: async () => (await import('./backup.ts')).addBackup },
  { names: ['restore'], load: async () => (await import('./restore.ts')).addRestore },
  { names: ['storage'], load: async () => (await import('./storage.ts')).addStorage },
  { names: ['selfcheck'], load: async () => (await import('./selfcheck.ts')).addSelfcheck },
  { names: ['sandbox'], load: async () => (await import('./sandbox.ts')).addSandbox },
  {
    names: ['completion'],
    load: async () => (await import('./completion.ts')).addCompletion,
  },
  ...added.map((command) => ({ names: command.extends ?? [], load: async () => command })),
];
