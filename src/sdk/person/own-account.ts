import { type NetworkAnswer, networkGet } from '../../api/routes/network-get.ts';
import type { BlockEvent } from '../../api/tx.ts';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import type { EnrolOptions } from '../actions/enrol.ts';
import { freezeAccount } from '../actions/freeze.ts';
import type { NewCodeAt, WaitingCode } from '../actions/new-code.ts';
import type { Synced } from '../actions/sync.ts';
import { watch } from '../actions/watch.ts';
import type { Context } from '../client/context.ts';
import type { ConfirmedTx } from '../client/send-tx.ts';
import type { DeviceAdding, OwnDevice, OwnDevices } from '../devices/own-devices.ts';
import { later } from '../later.ts';
import type { VerifiedTip } from '../ledger/verified-headers.ts';
import { closedAccounts } from '../wallet/closing.ts';
import { parseCode } from '../wallet/code.ts';
import type { WalletAccount } from '../wallet/content.ts';
import type { AsAccount } from './acting.ts';
import { OwnWallet } from './own-wallet.ts';

/** A person's accounts at hospitals: their keys, devices and printed codes, and what a device learns when it wakes. */
export abstract class OwnAccount extends OwnWallet {
  /** Accounts that were closed; they stay among `accounts`. */
  get closedAccounts(): ReadonlySet<string> {
    return closedAccounts(this.vault.content);
  }

  /**
   * Enrols at a hospital and returns the account there. Throws RECOVERY_CODE_WRONG (not this wallet's code, or
   * none where one is needed), INVITATION_INVALID, TRUST_ROOT_WRONG, ACCOUNT_EXISTS, CARD_INVALID, GATEWAY_LIED.
   */
  async enrol(options: EnrolOptions): Promise<WalletAccount> {
    const { code: printed, trustRootJson, withoutCopy } = options;
    const code = printed === undefined ? this.opened.code : parseCode(printed);
    if (code === undefined && withoutCopy !== true) throw new CodedError('RECOVERY_CODE_WRONG');
    const { enrol } = await later.enrol();
    return enrol(
      this.vault,
      {
        ...options,
        code: withoutCopy === true ? undefined : code,
        trustRoot: trustRootJson === undefined ? undefined : parseTrustRoot(trustRootJson),
      },
      this.options,
    );
  }

  /**
   * New keys; readers get theirs anew. With the code: also the way back from a freeze and from somebody else's
   * rotation, and what was granted at the height `endGrantsFrom` or later ends.
   * Throws RECOVERY_CODE_WRONG, RECOVERY_NEEDED (frozen, rotated today or too often, without the code), KEY_NOT_CURRENT (another code).
   */
  rotate(
    options: AsAccount & {
      readonly code?: string | undefined;
      readonly endGrantsFrom?: number | undefined;
    } = {},
  ): Promise<ConfirmedTx> {
    const code = options.code === undefined ? undefined : parseCode(options.code);
    return this.act(options, async (ctx) =>
      (await later.rotate()).rotateKeys(ctx, { ...options, code }),
    );
  }

  /**
   * Stops this account at once, for a device that was stolen: nobody acts with its keys any more but to take grants
   * back. `rotate` with the printed code is the way back. Throws ACCOUNT_FROZEN (it is), KEY_NOT_CURRENT.
   */
  freeze(options: AsAccount = {}): Promise<ConfirmedTx> {
    return this.act(options, (ctx) => freezeAccount(ctx, options));
  }

  /**
   * This person's devices, and when wrong digits were entered on any of them. A rotation leaves this one alone; the
   * others come back by being added.
   */
  async devices(): Promise<OwnDevices> {
    const { ownDevices } = await later.ownDevices();
    return ownDevices(this.vault);
  }

  /**
   * Adds a device that has nothing yet: `onLink` shows it a link, `askDigits` asks for the digits that it shows. See
   * `Person.join` for the other side. Throws DEVICE_ADDING_STOPPED, DEVICE_DIGITS_WRONG, DEVICE_SESSION_OVER,
   * DEVICE_RELAY_LIED, DEVICE_TOO_MANY, DEVICE_ENDED.
   */
  addDevice(options: AsAccount & DeviceAdding): Promise<OwnDevice> {
    return this.act(options, async (ctx) =>
      (await later.ownDevices()).addOwnDevice(ctx, this.#others(ctx), options),
    );
  }

  /**
   * Another printed code, for the account `as` or for all. With the old one it counts at once and the keys are made
   * anew; without it after seven days, in which `stopNewCode` stops it. It is told before anything is sent.
   * Throws RECOVERY_CODE_WRONG, KEY_NOT_CURRENT (another code), RECOVERY_PENDING, RECOVERY_NEEDED (the keys are younger
   * than seven days).
   */
  newCode(
    options: AsAccount & {
      readonly oldCode?: string | undefined;
      readonly onCode: (code: string) => void | Promise<void>;
    },
  ): Promise<readonly NewCodeAt[]> {
    const { as, onCode, signal } = options;
    const oldCode = options.oldCode === undefined ? undefined : parseCode(options.oldCode);
    const contexts = as === undefined ? this.enrolled() : [this.context(as)];
    if (contexts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
    return later.newCode().then((it) => it.newCode(contexts, { oldCode, onCode, signal }));
  }

  /** A printed code that somebody made for this account and that waits; undefined: none does. */
  waitingCode(options: AsAccount = {}): Promise<WaitingCode | undefined> {
    return this.act(options, async (ctx) =>
      (await later.newCode()).waitingCode(ctx, options.signal),
    );
  }

  /** Stops it, also on a device whose keys are old, or with the printed code of now. Throws RECOVERY_UNKNOWN. */
  stopNewCode(
    options: AsAccount & { readonly code?: string | undefined } = {},
  ): Promise<ConfirmedTx> {
    const code = options.code === undefined ? undefined : parseCode(options.code);
    return this.act(options, async (ctx) =>
      (await later.newCode()).stopNewCode(ctx, { code, signal: options.signal }),
    );
  }

  /**
   * What a device does when it wakes: learns what this person's other devices did, repeats what was not
   * confirmed, fetches letters, and renews keys that are 90 days old. Returns the newest height it verified.
   */
  sync(options: AsAccount = {}): Promise<Synced> {
    return this.act(options, async (ctx) => {
      const receive = () => this.inboxes.receive(ctx, options);
      return (await later.sync()).syncAccount(ctx, receive, options);
    });
  }

  /**
   * Learns from the copy at the hospital what this person's other devices did, and brings it what this one did: what a
   * listing does first. Throws DEVICE_ENDED (the keys were changed on another device), WALLET_FULL, WALLET_CONFLICT.
   */
  catchUp(options: AsAccount = {}): Promise<void> {
    return this.act(options, (ctx) => ctx.copies.keep(options.signal));
  }

  /** The newest block that this account's hospital shows, verified: the clock that the ledger's rules know. */
  newestBlock(options: AsAccount = {}): Promise<VerifiedTip> {
    return this.act(options, (ctx) => ctx.ledger.headers.latest(options.signal));
  }

  /** How this person's hospital is, for an operator of it. Throws FORBIDDEN to everybody else. */
  network(options: AsAccount = {}): Promise<NetworkAnswer> {
    return this.act(options, (ctx) => ctx.gateway.call(networkGet, { signal: options.signal }));
  }

  /** Blocks as they are committed, until the signal: hints to look, not proofs. Throws as `account()`. */
  watch(options: {
    readonly as?: AccountId | undefined;
    readonly signal: AbortSignal;
    readonly since?: number;
  }): AsyncGenerator<BlockEvent, void, undefined> {
    return watch(this.context(options.as), options);
  }

  /** Runs what a wing declares; returns and throws what its action says. */
  run<Input, Output>(
    action: Action<Input, Output>,
    input: Input,
    options: AsAccount = {},
  ): Promise<Output> {
    return this.act(options, (ctx) => action.run(ctx, input, options));
  }

  #others({ account }: Context): readonly Context[] {
    return this.enrolled().filter((it) => it.account.account !== account.account);
  }
}
