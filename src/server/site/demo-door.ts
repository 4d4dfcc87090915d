/** Somebody of the demonstration, as the first page lists them. */
export interface DemoPersonShown {
  readonly name: string;
  readonly fullName: string;
  readonly role: string;
  /** The short name of the hospital: the path below which it answers. */
  readonly hospital: string;
}

/**
 * What `--demo` gives away, and nothing else ever does: the wallets of made-up people, so that anybody who is at this
 * machine can be one of them with a touch.
 */
export interface DemoDoor {
  people(): readonly DemoPersonShown[];
  /** Undefined: nobody of the demo has this name. */
  wallet(
    name: string,
  ): (DemoPersonShown & { readonly passphrase: string; readonly code: string }) | undefined;
  /**
   * The link of a new invitation for a patient, as the desk's sheet has it; `person`: for this one of the demo. At the first
   * hospital where none is named, or none of that name is there.
   */
  invitation(asked: {
    readonly hospital?: string | undefined;
    readonly person?: string | undefined;
  }): Promise<string>;
  /**
   * Makes room where somebody of the demo has as many devices as a person may have: new keys by the printed code, so that all
   * browsers of before are out and open anew with a touch. Nothing where there is room, or nobody of this name.
   */
  makeRoom(name: string): Promise<void>;
  /** What opens the desk of a hospital in a browser, once: `north/LINK`. */
  deskLink(): Promise<string>;
}
