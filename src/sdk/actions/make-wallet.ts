import { displayName } from '../../api/display-name.ts';
import { whoGet } from '../../api/routes/who-get.ts';
import { randomBytes } from '../../crypto/random.ts';
import { CodedError } from '../../primitives/errors.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http, type HttpOptions } from '../client/http.ts';
import { parseCode } from '../wallet/code.ts';
import { emptyWallet } from '../wallet/content.ts';
import { copyKeyOf, copyLocatorOf, openCopy } from '../wallet/copy.ts';
import type { WalletStore } from '../wallet/store.ts';
import { Vault } from '../wallet/vault.ts';
import { newRoot } from './enrol.ts';

/** Where a wallet lies, and what opens it there. */
export interface WalletPlace {
  readonly store: WalletStore;
  readonly passphrase: string;
}

/** An unlocked wallet, and the code that was printed for it. */
export interface MadeWallet {
  readonly vault: Vault;
  /** The printed code's 20 bytes, which the wallet does not keep. */
  readonly code: Uint8Array;
}

/** A new wallet with a first root. Throws PASSPHRASE_SHORT, WALLET_EXISTS, NAME_INVALID. */
export async function makeWallet(
  { store, passphrase, name }: WalletPlace & { readonly name: string },
  nowMs: number,
): Promise<MadeWallet> {
  const code = randomBytes(20);
  const content = {
    ...emptyWallet(displayName(name)),
    copyKey: copyKeyOf(code),
    roots: [newRoot(nowMs)],
  };
  return { vault: await Vault.create(store, passphrase, content), code };
}

/** What brings a wallet back. */
export interface WalletToRecover extends WalletPlace {
  /** As printed. */
  readonly code: string;
  /** A hospital that keeps a copy. */
  readonly gatewayUrl: string;
  readonly signal?: AbortSignal;
}

/** The wallet as its copy has it. Throws RECOVERY_CODE_WRONG, RATE_LIMITED, PASSPHRASE_SHORT, WALLET_EXISTS. */
export async function recoverWallet(
  wallet: WalletToRecover,
  http: HttpOptions | undefined,
): Promise<MadeWallet> {
  const code = parseCode(wallet.code);
  const gateway = new GatewayClient(new Http(wallet.gatewayUrl, http));
  const { organisation } = await gateway.call(whoGet, { signal: wallet.signal });
  const copy = await gateway.getCopy(copyLocatorOf(code, organisation), wallet.signal);
  if (copy === undefined) throw new CodedError('RECOVERY_CODE_WRONG');
  const content = await openCopy(copyKeyOf(code), copy.sealed);
  return { vault: await Vault.create(wallet.store, wallet.passphrase, content), code };
}
