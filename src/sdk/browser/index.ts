/** What a web page imports: the SDK, and what a browser has in place of files. Works in workers too. */

export * from '../index.ts';
export { loadAllParts } from '../later.ts';
export { fileInputOf } from './file-input.ts';
export { indexedDbItemStore } from './indexeddb-item-store.ts';
export {
  forgetIndexedDbWallet,
  indexedDbWalletNames,
  indexedDbWalletStore,
} from './indexeddb-store.ts';
export { browserOpeners } from './openers.ts';
