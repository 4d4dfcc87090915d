import type { DataHandler } from '../handler.ts';
import { handleHalvesAskedPost } from './halves-asked-post.ts';
import { handleHalvesPost } from './halves-post.ts';
import { handleOperatorPost } from './operator-post.ts';
import { handlePageStatesPost } from './page-states-post.ts';
import { handlePagesPost } from './pages-post.ts';
import { handlePeerPost } from './peer-post.ts';
import { handleReadingsPost } from './readings-post.ts';
import { handleRegistrationsPost } from './registrations-post.ts';
import { handleServerWhoGet } from './server-who-get.ts';
import { handleStatAskPost } from './stat-ask-post.ts';
import { handleStatCheckPost } from './stat-check-post.ts';
import { handleStatEncryptedPost } from './stat-encrypted-post.ts';
import { handleStatKeysPost } from './stat-keys-post.ts';
import { handleStatQuestionsPost } from './stat-questions-post.ts';

/** What every data server answers, a line a route. */
export const dataHandlers: readonly DataHandler[] = [
  handleServerWhoGet,
  handleRegistrationsPost,
  handlePagesPost,
  handlePageStatesPost,
  handlePeerPost,
  handleStatCheckPost,
  handleStatAskPost,
  handleStatKeysPost,
  handleStatEncryptedPost,
  handleStatQuestionsPost,
  handleReadingsPost,
  handleHalvesPost,
  handleHalvesAskedPost,
  handleOperatorPost,
];
