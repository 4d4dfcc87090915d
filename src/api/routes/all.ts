import type { Route } from '../route.ts';
import { blobGet } from './blob-get.ts';
import { blobPut } from './blob-put.ts';
import { blobsPost } from './blobs-post.ts';
import { blockGet } from './block-get.ts';
import { blockKeptGet } from './block-kept-get.ts';
import { blockWholeGet } from './block-whole-get.ts';
import { bodiesPost } from './bodies-post.ts';
import { cardGet } from './card-get.ts';
import { cardsPost } from './cards-post.ts';
import { cosignaturesPost } from './cosignatures-post.ts';
import { deskLinkPost } from './desk-link-post.ts';
import { deskSessionPost } from './desk-session-post.ts';
import { deskSessionsDelete } from './desk-sessions-delete.ts';
import { enrolPost } from './enrol-post.ts';
import { erasePost } from './erase-post.ts';
import { eventsGet } from './events-get.ts';
import { freezePost } from './freeze-post.ts';
import { genesisGet } from './genesis-get.ts';
import { grantsGet } from './grants-get.ts';
import { headerGet } from './header-get.ts';
import { headerTurnsGet } from './header-turns-get.ts';
import { identitiesGet } from './identities-get.ts';
import { inboxEntryDelete } from './inbox-entry-delete.ts';
import { inboxGet } from './inbox-get.ts';
import { inboxPost } from './inbox-post.ts';
import { invitationCodePost } from './invitation-code-post.ts';
import { invitationDelete } from './invitation-delete.ts';
import { invitationsGet } from './invitations-get.ts';
import { invitationsPost } from './invitations-post.ts';
import { itemsGet } from './items-get.ts';
import { itemsPost } from './items-post.ts';
import { logConsistencyGet } from './log-consistency-get.ts';
import { logHeadsGet } from './log-heads-get.ts';
import { lookupPost } from './lookup-post.ts';
import { networkGet } from './network-get.ts';
import { readPost } from './read-post.ts';
import { receiptGet } from './receipt-get.ts';
import { relayAnswerPost } from './relay-answer-post.ts';
import { relayDelete } from './relay-delete.ts';
import { relayGet } from './relay-get.ts';
import { relayPost } from './relay-post.ts';
import { sessionPost } from './session-post.ts';
import { stateGet } from './state-get.ts';
import { statePost } from './state-post.ts';
import { txGet } from './tx-get.ts';
import { txPost } from './tx-post.ts';
import { walletDelete } from './wallet-delete.ts';
import { walletGet } from './wallet-get.ts';
import { walletKeptGet } from './wallet-kept-get.ts';
import { walletPut } from './wallet-put.ts';
import { walletShardGet } from './wallet-shard-get.ts';
import { walletShardPut } from './wallet-shard-put.ts';
import { whoGet } from './who-get.ts';

/** Every route of a gateway, in the order of docs/openapi.json. Source: docs/protocol/http.md, rule H-17. */
export const routes: readonly Route[] = [
  sessionPost,
  txPost,
  txGet,
  receiptGet,
  headerGet,
  headerTurnsGet,
  blockGet,
  blockWholeGet,
  blockKeptGet,
  cosignaturesPost,
  genesisGet,
  logHeadsGet,
  logConsistencyGet,
  stateGet,
  statePost,
  identitiesGet,
  whoGet,
  eventsGet,
  blobsPost,
  blobPut,
  blobGet,
  bodiesPost,
  itemsPost,
  itemsGet,
  grantsGet,
  readPost,
  erasePost,
  inboxPost,
  inboxGet,
  inboxEntryDelete,
  invitationsPost,
  invitationsGet,
  invitationDelete,
  invitationCodePost,
  lookupPost,
  freezePost,
  deskLinkPost,
  deskSessionPost,
  deskSessionsDelete,
  networkGet,
  enrolPost,
  cardGet,
  cardsPost,
  walletShardPut,
  walletPut,
  walletGet,
  walletKeptGet,
  walletShardGet,
  walletDelete,
  relayPost,
  relayAnswerPost,
  relayGet,
  relayDelete,
];
