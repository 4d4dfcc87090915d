import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { later } from '../later.ts';
import { codeCheckOf, parseCode } from '../wallet/code.ts';
import type { HeldImport } from '../wallet/content.ts';
import type { Passkey, PasskeyAnswer } from '../wallet/passkey.ts';
import { checkOfPrinted, requirePrinted } from '../wallet/printed.ts';
import { type WayIn, waysIn, withWay } from '../wallet/ways-in.ts';
import { Acting } from './acting.ts';

/** What a wallet holds, and the ways into it on this device. */
export abstract class OwnWallet extends Acting {
  /** As it was given when the wallet was made; other people see the name on the card. */
  get name(): string {
    return this.vault.content.name;
  }

  /** Files that were imported; `anchored` false: not confirmed. */
  get imports(): readonly HeldImport[] {
    return this.vault.content.imports;
  }

  /** Parts of the wallet on this device that cannot be read: they are kept, and what is in them is not shown. */
  get unreadableParts(): number {
    return this.vault.unreadable + (this.opened.missing ?? 0);
  }

  /** Whether hospitals keep a copy of this wallet; false: of before, or without a printed code. */
  get hasCopy(): boolean {
    return this.vault.content.codes.length > 0;
  }

  /** What is written down and not confirmed: `sync` repeats it. */
  get pendingCount(): number {
    return this.vault.content.pending.length;
  }

  /** Passkeys by which the wallet opens on this device. */
  get passkeys(): readonly Passkey[] {
    return this.vault.passkeys;
  }

  /** One more way into the wallet on this device; the copy does not hang on it. Throws PASSKEY_WRONG, WALLET_FULL. */
  addPasskey(made: Passkey & PasskeyAnswer): Promise<void> {
    return this.vault.addPasskey(made);
  }

  /** Takes that way away. Whoever copied the file and has the passkey still opens the copied one. */
  removePasskey(credentialId: Uint8Array): Promise<void> {
    return this.vault.removePasskey(credentialId);
  }

  /** The ways into this wallet and the day on which each last worked, on whichever device. */
  get waysIn(): readonly WayIn[] {
    return waysIn(this.vault.content);
  }

  /** Writes down that a way worked now, for every device of this person to show. */
  async wayWorked(way: Omit<WayIn, 'workedMs'>): Promise<void> {
    const workedMs = (this.options.now ?? Date.now)();
    await this.vault.change((content) => withWay(content, { ...way, workedMs }));
  }

  /**
   * Tries the printed code: it is the one that counts now, and the day is written down. Throws RECOVERY_CODE_WRONG (not
   * this wallet's, or another took its place).
   */
  async tryPrintedCode(code: string): Promise<void> {
    const printed = parseCode(code);
    requirePrinted(this.vault.content, printed);
    await this.wayWorked({ kind: 'sheet', id: codeCheckOf(printed) });
  }

  /** Of the printed code that counts now, what `waysIn` names it by; undefined: there is none. */
  get printedCheck(): Uint8Array | undefined {
    return checkOfPrinted(this.vault.content);
  }

  /** What opens this wallet on this device without the passphrase: for who keeps it for minutes, and never in a file. */
  sessionRoot(): Uint8Array {
    return this.vault.root();
  }

  /** Seals the wallet on this device anew; the copy hangs on the code alone. Throws PASSPHRASE_SHORT. */
  changePassphrase(passphrase: string): Promise<void> {
    return this.vault.changePassphrase(passphrase);
  }

  /**
   * What the wallet believes of its ledger, for `checkReceipt` and for others to believe: JSON of `{chain,
   * genesisHash, height, headerHash, validatorsHash, witnesses}`. Throws as `account()`.
   */
  trustRootJson(as?: AccountId): string {
    const { chainId } = this.account(as);
    const held = this.vault.content.trust.find((it) => it.chainId === chainId);
    if (held === undefined) throw new CodedError('WALLET_INVALID', { chainId });
    return held.rootJson;
  }

  /**
   * The ledger that the wallet believes, as twelve words to compare with those on a desk's sheet or with a
   * colleague's. Throws as `account()`, and GATEWAY_UNREACHABLE where the list of words cannot be loaded.
   */
  async trustWords(as?: AccountId): Promise<readonly string[]> {
    const json = this.trustRootJson(as);
    return (await later.trustWords()).wordsOfTrustRoot(json);
  }
}
