/** What a Node program imports: the SDK, and a place for wallets on its disk. */
export * from '../index.ts';
export { fileItemStore } from './file-item-store.ts';
export { fileWalletStore } from './file-wallet-store.ts';
export { nodeOpeners } from './openers.ts';
