import type { AccountId } from '../../../primitives/ids.ts';
import type { Cause } from '../api/causes.ts';
import type { ChannelName } from '../api/choice.ts';

/**
 * `handing`: the other side may take it at any moment. The others are ends: a letter never comes back from one
 * (docs/protocol/alerts.md, AL-10).
 */
export const letterStates = [
  'waiting',
  'handing',
  'accepted',
  'failed',
  'doubt',
  'unwanted',
  'tampered',
] as const;
export type LetterState = (typeof letterStates)[number];

export interface Letter {
  readonly id: number;
  /** 16 bytes, of the first cause and the channel: the same again after whatever was lost. */
  readonly name: Uint8Array;
  readonly account: AccountId;
  readonly channel: ChannelName;
  readonly cause: Cause;
  /** Causes that it tells of. */
  readonly count: number;
  /** Of the first, if it is an incident (AL-14); empty: nothing. */
  readonly facts: Uint8Array;
  readonly dueMs: number;
  readonly attempts: number;
  readonly state: LetterState;
  /** Why it is not sent yet, or was not; empty: nothing was in the way. Of one that was: ADDRESS_UNCONFIRMED, it had a code (AL-20). */
  readonly code: string;
  readonly changedMs: number;
}

/** A cause that was met, with the ways on which its account wants to be told. */
export interface Taken {
  readonly id: Uint8Array;
  readonly account: AccountId;
  readonly cause: Cause;
  readonly atMs: number;
  readonly facts: Uint8Array;
  readonly channels: readonly ChannelName[];
}

export interface Incident {
  readonly code: string;
  /** Of the outbox, or of the letter. */
  readonly place: number;
  readonly metMs: number;
}
