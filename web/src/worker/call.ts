import type { WorkProgress } from '../boundary/work-progress.ts';
import type { Session } from './session.ts';

/** While a call works: its end when nobody wants it any more, and how far it is. */
export interface Work {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkProgress) => void;
  /** The answer is this device's, as it was then: no hospital could be asked. */
  readonly onAsOf: (ms: number) => void;
}

/** What a page can have done. It is given values and gives values: keys stay on this side. */
export type Call<Input, Output> = (session: Session, input: Input, work: Work) => Promise<Output>;

/** What this app refuses beside the SDK's catalogue; each has its sentence in `words`, as those have. */
export class AppError extends Error {
  readonly code:
    | 'LOCKED'
    | 'HANDLE_UNKNOWN'
    | 'DEMO_GONE'
    | 'DESK_ENDED'
    | 'MOVE_DIFFERS'
    | 'LEAVE_UNREAD'
    | 'INTERNAL';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: AppError['code'], details: Readonly<Record<string, unknown>> = {}) {
    super(code);
    this.code = code;
    this.details = details;
  }
}
