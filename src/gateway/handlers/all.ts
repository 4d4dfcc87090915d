import type { AnyHandler } from '../handler.ts';
import { handleBlobGet } from './blob-get.ts';
import { handleBlobPut } from './blob-put.ts';
import { handleBlobsPost } from './blobs-post.ts';
import { handleBlockGet } from './block-get.ts';
import { handleBlockKeptGet } from './block-kept-get.ts';
import { handleBlockWholeGet } from './block-whole-get.ts';
import { handleBodiesPost } from './bodies-post.ts';
import { handleCardGet } from './card-get.ts';
import { handleCardsPost } from './cards-post.ts';
import { handleCosignaturesPost } from './cosignatures-post.ts';
import { handleDeskLinkPost } from './desk-link-post.ts';
import { handleDeskSessionPost } from './desk-session-post.ts';
import { handleDeskSessionsDelete } from './desk-sessions-delete.ts';
import { handleEnrolPost } from './enrol-post.ts';
import { handleErasePost } from './erase-post.ts';
import { handleEventsGet } from './events-get.ts';
import { handleFreezePost } from './freeze-post.ts';
import { handleGenesisGet } from './genesis-get.ts';
import { handleGrantsGet } from './grants-get.ts';
import { handleHeaderGet } from './header-get.ts';
import { handleHeaderTurnsGet } from './header-turns-get.ts';
import { handleIdentitiesGet } from './identities-get.ts';
import { handleInboxEntryDelete } from './inbox-entry-delete.ts';
import { handleInboxGet } from './inbox-get.ts';
import { handleInboxPost } from './inbox-post.ts';
import { handleInvitationCodePost } from './invitation-code-post.ts';
import { handleInvitationDelete } from './invitation-delete.ts';
import { handleInvitationsGet } from './invitations-get.ts';
import { handleInvitationsPost } from './invitations-post.ts';
import { handleItemsGet } from './items-get.ts';
import { handleItemsPost } from './items-post.ts';
import { handleLogConsistencyGet } from './log-consistency-get.ts';
import { handleLogHeadsGet } from './log-heads-get.ts';
import { handleLookupPost } from './lookup-post.ts';
import { handleNetworkGet } from './network-get.ts';
import { handleReadPost } from './read-post.ts';
import { handleReceiptGet } from './receipt-get.ts';
import { handleRelayAnswerPost } from './relay-answer-post.ts';
import { handleRelayDelete } from './relay-delete.ts';
import { handleRelayGet } from './relay-get.ts';
import { handleRelayPost } from './relay-post.ts';
import { handleSessionPost } from './session-post.ts';
import { handleStateGet } from './state-get.ts';
import { handleStatePost } from './state-post.ts';
import { handleTxGet } from './tx-get.ts';
import { handleTxPost } from './tx-post.ts';
import { handleWalletDelete } from './wallet-delete.ts';
import { handleWalletGet } from './wallet-get.ts';
import { handleWalletKeptGet } from './wallet-kept-get.ts';
import { handleWalletPut } from './wallet-put.ts';
import { handleWalletShardGet } from './wallet-shard-get.ts';
import { handleWalletShardPut } from './wallet-shard-put.ts';
import { handleWhoGet } from './who-get.ts';

/** What answers every route of `api/routes/all.ts`, in the same order. */
export const handlers: readonly AnyHandler[] = [
  handleSessionPost,
  handleTxPost,
  handleTxGet,
  handleReceiptGet,
  handleHeaderGet,
  handleHeaderTurnsGet,
  handleBlockGet,
  handleBlockWholeGet,
  handleBlockKeptGet,
  handleCosignaturesPost,
  handleGenesisGet,
  handleLogHeadsGet,
  handleLogConsistencyGet,
  handleStateGet,
  handleStatePost,
  handleIdentitiesGet,
  handleWhoGet,
  handleEventsGet,
  handleBlobsPost,
  handleBlobPut,
  handleBlobGet,
  handleBodiesPost,
  handleItemsPost,
  handleItemsGet,
  handleGrantsGet,
  handleReadPost,
  handleErasePost,
  handleInboxPost,
  handleInboxGet,
  handleInboxEntryDelete,
  handleInvitationsPost,
  handleInvitationsGet,
  handleInvitationDelete,
  handleInvitationCodePost,
  handleLookupPost,
  handleFreezePost,
  handleDeskLinkPost,
  handleDeskSessionPost,
  handleDeskSessionsDelete,
  handleNetworkGet,
  handleEnrolPost,
  handleCardGet,
  handleCardsPost,
  handleWalletShardPut,
  handleWalletPut,
  handleWalletGet,
  handleWalletKeptGet,
  handleWalletShardGet,
  handleWalletDelete,
  handleRelayPost,
  handleRelayAnswerPost,
  handleRelayGet,
  handleRelayDelete,
];
