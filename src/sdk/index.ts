/** What other programs import: the published entry point of the SDK. */
export { maxAskDays, type Question } from '../api/ask.ts';
export type { Card } from '../api/card.ts';
export {
  levelOfClass,
  type OrdinaryClass,
  ordinaryClasses,
  parseOrdinaryClass,
  parseRecordClass,
  type RecordClass,
  recordClasses,
} from '../api/classes.ts';
export { displayName } from '../api/display-name.ts';
export { type Purpose, parsePurpose, purposes } from '../api/purposes.ts';
export { isReceiptBundle } from '../api/receipt-bundle.ts';
export type { NetworkAnswer } from '../api/routes/network-get.ts';
export type { BlockEvent } from '../api/tx.ts';
export type { Code, Kind } from '../codes/index.ts';
export type { ReceiptVerdict } from '../ledger/chain/receipt.ts';
export { type Role, roles } from '../ledger/roles.ts';
export { CodedError, type ErrorDetails, isCoded } from '../primitives/errors.ts';
export {
  type AccountId,
  type ConsentId,
  parseAccountId,
  parseConsentId,
  parseRecordId,
  parseTxId,
  type RecordId,
  type TxId,
} from '../primitives/ids.ts';
export type { Action } from './action.ts';
export type {
  AccessReport,
  ReportAsked,
  ReportLine,
  ReportPeriod,
  SignedReport,
} from './actions/access-report.ts';
export type { AddedFile, AddedItem } from './actions/add-file.ts';
export { type AmendedRecord, type AmendRequest, amendRecord } from './actions/amend.ts';
export {
  type BlocksOptions,
  type BlockTx,
  type CheckedBlock,
  type LedgerBelief,
  readBlocks,
  shownTrustRoot,
} from './actions/blocks.ts';
export {
  type Belief,
  type CheckedReceipt,
  checkReceiptFile,
  type ProvenName,
} from './actions/check-bundle.ts';
export { checkReceipt } from './actions/check-receipt.ts';
export {
  type ClosedAccount,
  type CloseOptions,
  closeAccount,
  learnClosed,
} from './actions/close-account.ts';
export type { EnrolOptions } from './actions/enrol.ts';
export type { ErasedRecords } from './actions/erase.ts';
export {
  type ExplainedReceipt,
  explainReceipt,
  type ReceiptFacts,
} from './actions/explain-receipt.ts';
export {
  type ExportedAccount,
  type ExportFolder,
  exportAccount,
} from './actions/export-account.ts';
export type { FileInput } from './actions/file-source.ts';
export type { ExportedFile, GivenBack } from './actions/give-back.ts';
export type { Looked } from './actions/looks.ts';
export type { WalletPlace } from './actions/make-wallet.ts';
export type { MovedRecords } from './actions/move-records.ts';
export type { MyPatient } from './actions/my-patients.ts';
export type { NewCodeAt, WaitingCode } from './actions/new-code.ts';
export type { WrittenByOther } from './actions/new-in-chart.ts';
export type { NoteToWrite } from './actions/note-to-write.ts';
export type { Noticed } from './actions/noticed.ts';
export type {
  ListedRecord,
  MissingRecords,
  OpenedRecord,
} from './actions/own-records.ts';
export { type PatientIdentity, patientAmong } from './actions/patient-identity.ts';
export { type ChartToRead, type ReadChart, readChart } from './actions/read-chart.ts';
export type { ReadOptions, SharedRead, SharedRecord } from './actions/read-shared.ts';
export {
  type ReclassifiedRecord,
  type ReclassifyRequest,
  reclassifyRecord,
} from './actions/reclassify.ts';
export type { RecordLine, SharedLines } from './actions/record-lines.ts';
export type { CodeAtHospital, WalletToRecover } from './actions/recover.ts';
export type { ReportLanguage } from './actions/report-words.ts';
export type { Resumed } from './actions/resume.ts';
export type { AddFileOptions } from './actions/seal-import.ts';
export { type SharedVersion, sharedHistory } from './actions/shared-history.ts';
export type { Access, SharedListing } from './actions/shared-pages.ts';
export { memorySpool, type Spool, type SpooledBytes } from './actions/spool.ts';
export type { Synced } from './actions/sync.ts';
export type { UnwrittenNote } from './actions/unwritten-notes.ts';
export type { WrittenRecords } from './actions/write-shared.ts';
export type { LiveItem } from './client/check-rows.ts';
export type { ContextOptions, Progress, WorkOptions } from './client/context.ts';
export type { WaitingAsk, WaitingMessage } from './client/receive-messages.ts';
export type { ConfirmedTx } from './client/send-tx.ts';
export { RegistrationDesk } from './desk/registration-desk.ts';
export type { DeviceStep } from './devices/add-device.ts';
export type {
  DeviceAdding,
  DeviceJoining,
  OwnDevice,
  OwnDevices,
} from './devices/own-devices.ts';
export type { FoundCard, GrantRequest, KnownPerson } from './grants/address-book.ts';
export { grantAgain, isOpen, opensTheSame } from './grants/again.ts';
export { readCard } from './grants/card.ts';
export { formatCardLink, readCardText } from './grants/card-link.ts';
export { coveringGrants } from './grants/covering.ts';
export type { GivenGrant } from './grants/grant.ts';
export type { ReceivedGrant } from './grants/received.ts';
export type { ListedGrant } from './grants/revoke.ts';
export type { UnlistedGrant } from './grants/unlisted.ts';
export type { ItemStore } from './kept/item-store.ts';
export {
  forgetKept,
  type KeptAbout,
  type KeptLine,
  type KeptRecord,
  keptGrants,
  keptLines,
  openKept,
} from './kept/open-kept.ts';
export { reporting } from './later.ts';
export { type AsAccount, type GivenBefore, Person, type PersonOptions } from './person.ts';
export { type Amendment, amendmentOf } from './records/amendment.ts';
export type { HealthDataKind } from './records/archive/health-data.ts';
export { type Attachment, openAttachment } from './records/attachments.ts';
export { type Carried, type Content, contentOf } from './records/carried.ts';
export { fileNameOf } from './records/file-name.ts';
export { momentOf } from './records/headline/clinical-date.ts';
export { valueForPeople } from './records/headline/decimal.ts';
export { deriveHeadline, headlineVersion } from './records/headline/derive.ts';
export {
  flagWords,
  type Headline,
  type HeadlineMark,
  headlineMarks,
  isCode,
  isNumber,
  spokenName,
} from './records/headline/headline.ts';
export { type CardSays, cardSays, verdictSentences } from './records/health-card/card-words.ts';
export {
  type CardVerdict,
  type CheckedCard,
  type CheckedCards,
  checkHealthCards,
} from './records/health-card/check-card.ts';
export type { HealthCard } from './records/health-card/health-card.ts';
export { type IssuerKeys, parseIssuerKeys } from './records/health-card/issuer-keys.ts';
export { bareMediaType, isEnteredByPatient, judgeFormat } from './records/media-type.ts';
export { harmlessText, html, type SafeHtml } from './records/safe-html.ts';
export { type ItemToShow, showItem } from './records/show-html.ts';
export type { ShownResult } from './records/show-results.ts';
export { type TextOfItem, textOfItem } from './records/show-text.ts';
export { type Absence, absenceOf } from './records/show-words.ts';
export { skeletonMediaType } from './records/skeleton.ts';
export { standAlonePage } from './records/stand-alone-page.ts';
export {
  formatInvitationLink,
  type InvitationLink,
  readInvitation,
} from './trust/invitation-link.ts';
export { sameTrustWords, trustWords, wordsOfTrustRoot } from './trust/trust-words.ts';
export type { HeldImport, OwnGrant, WalletAccount } from './wallet/content.ts';
export type { Passkey, PasskeyAnswer } from './wallet/passkey.ts';
export type { WalletStore, WalletWrite } from './wallet/store.ts';
export type { WayIn } from './wallet/ways-in.ts';
