/** What other programs import: the published entry point of the SDK. */
export type { AddedFile, AddFileOptions, FileInput } from './actions/add-file.ts';
export type { Looked, Noticed } from './actions/looks.ts';
export type { ExportedFile, ListedRecord, OpenedRecord } from './actions/own-records.ts';
export type { Access, ReadOptions, SharedRead, SharedRecord } from './actions/read-shared.ts';
export { checkReceipt } from './actions/receipts.ts';
export { memorySpool, type Spool, type SpooledBytes } from './actions/spool.ts';
export type { NoteToWrite, WrittenRecords } from './actions/write-shared.ts';
export type { ContextOptions, Progress, WorkOptions } from './client/context.ts';
export type { ConfirmedTx } from './client/send-tx.ts';
export type { ReceivedGrant } from './grants/received.ts';
export type { ListedGrant } from './grants/revoke.ts';
export { type AsAccount, type EnrolOptions, type GrantRequest, Person } from './person.ts';
export type { WalletStore } from './wallet/store.ts';
