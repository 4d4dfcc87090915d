export type { Passkey, PasskeyAnswer } from '@salus/salus/sdk/browser';
