/** What a program on Node imports: the SDK, and a wallet as a file. */
export * from '../index.ts';
export { fileWalletStore } from './file-wallet-store.ts';
