/** How far long work is; `total` 0: nobody knows how much there is. */
export interface WorkProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What a person needs to see meanwhile: a link, digits. */
  readonly text?: string;
}
