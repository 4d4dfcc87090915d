import type { IncidentFacts } from '../../../api/incident-facts.ts';
import type { CodedError } from '../../../primitives/errors.ts';
import type { Cause } from '../api/causes.ts';
import type { ChannelName, Language } from '../api/choice.ts';

/** One letter as it goes to one address. It says that there is news, never what (docs/protocol/alerts.md, AL-5). */
export interface Outgoing {
  /** 16 bytes: the same for every try, so that whoever gets two knows them for one. */
  readonly name: Uint8Array;
  readonly address: string;
  readonly language: Language;
  readonly cause: Cause;
  /** Of an incident: what a letter says of it (AL-14). */
  readonly facts?: IncidentFacts;
  /** What she types to confirm this address: the letter is about nothing else (AL-20). */
  readonly code?: string;
  /** Causes that it tells of. */
  readonly count?: number;
  readonly sentMs: number;
  /** Of the choice: for who signs. */
  readonly secret: Uint8Array;
}

/**
 * What became of it. `later`: this letter, not now. `down`: no letter at all can go now. `never`: this one will not be
 * taken. `doubt`: it was handed over, and nobody said that it was taken (AL-10).
 */
export type Delivered =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'later' | 'down' | 'never' | 'doubt'; readonly code: CodedError['code'] };

/** A way to somebody outside; `channel.contract.ts` holds every one to the same. */
export interface Channel {
  readonly name: ChannelName;
  /** Letters that may be on their way at the same time. */
  readonly atOnce: number;
  /**
   * Throws what `handing` throws, and nothing else. It is called once, before the first byte after which the other side may take the letter; who
   * takes a name only once (a webhook) is never in doubt, and need not call it.
   */
  deliver(letter: Outgoing, handing: () => void): Promise<Delivered>;
}
