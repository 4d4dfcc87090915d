import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import type { AnswerOf } from '../../api/route.ts';
import { enrolPost } from '../../api/routes/enrol-post.ts';
import { genesisGet } from '../../api/routes/genesis-get.ts';
import { whoGet } from '../../api/routes/who-get.ts';
import { randomBytes } from '../../crypto/random.ts';
import { formatTrustRoot, parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { accountIdOfKey, type Identity, identity as identityShape } from '../../ledger/identity.ts';
import type { Role } from '../../ledger/roles.ts';
import type { Account } from '../../ledger/tables/accounts.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { encodeAs } from '../../primitives/shape.ts';
import { Context, type ContextOptions } from '../client/context.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { checkCard } from '../grants/card.ts';
import { renewKeys } from '../grants/grant.ts';
import { trustWords } from '../trust/trust-words.ts';
import type { WalletAccount, WalletContent, WalletTrust } from '../wallet/content.ts';
import {
  accountIdOfKeys,
  type CodeKeys,
  codeKeysOf,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
  recoveryHashOf,
} from '../wallet/identity.ts';
import { requirePrinted } from '../wallet/printed.ts';
import type { Vault } from '../wallet/vault.ts';

/** What a person says to enrol: text as it was printed and typed. */
export interface EnrolOptions {
  readonly gatewayUrl: string;
  /** One-time code of the hospital's registration desk. */
  readonly invitation: string;
  /** As the desk wrote it down; name and licence of the card are the desk's alone. */
  readonly role: Role;
  /** As printed; not needed by the `Person` that made the wallet. */
  readonly code?: string | undefined;
  /** Neither copy nor way back: for devices and servers. */
  readonly withoutCopy?: boolean;
  /** From somebody one believes; without it the gateway's word is taken once, and kept. */
  readonly trustRootJson?: string | undefined;
  /**
   * Asked, before anything is written or sent, when the gateway's word would be taken: whether these are the words
   * of the desk's sheet (`trustWords`). A no is TRUST_ROOT_WRONG.
   */
  readonly believes?: ((words: readonly string[]) => Promise<boolean>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What enrolling needs, parsed. */
export interface Enrolment
  extends Pick<EnrolOptions, 'gatewayUrl' | 'invitation' | 'role' | 'believes' | 'signal'> {
  /** The printed code's bytes; undefined: no copy and no way back from a freeze (devices, servers). */
  readonly code?: Uint8Array | undefined;
  /** From somebody one believes; undefined: the gateway's word is taken once, and kept. */
  readonly trustRoot?: TrustRoot | undefined;
}

/**
 * Enrols a person at a hospital: account keys of their own there, the hospital's transaction, and, for a
 * patient, the first keys and the copy of the wallet before any record.
 *
 * Throws TRUST_ROOT_WRONG, ACCOUNT_EXISTS (the wallet is enrolled there), RECOVERY_CODE_WRONG (not this
 * wallet's code), GATEWAY_LIED, and what the hospital refuses. Source: docs/protocol/wallet.md, rule W-8.
 */
export async function enrol(
  vault: Vault,
  enrolment: Enrolment,
  options: ContextOptions = {},
): Promise<WalletAccount> {
  const { gatewayUrl, code, signal } = enrolment;
  const gateway = new GatewayClient(new Http(gatewayUrl, options.http));
  const who = await gateway.call(whoGet, { signal });
  const trust = await trustOf(gateway, who, vault.content, enrolment);
  const { content } = vault;
  const known = content.accounts.find((it) => it.organisation === who.organisation);
  if (known?.enrolled) throw new CodedError('ACCOUNT_EXISTS', { account: known.account });
  if (code !== undefined) requirePrinted(content, code);

  const root = rootFor(content, known);
  const keys = await deriveAccountKeys(root.secret, who.organisation, 0);
  const codeKeys = code === undefined ? undefined : await codeKeysOf(code, who.organisation);
  const recovery = codeKeys === undefined ? noRecovery : recoveryHashOf(codeKeys);
  const { role } = enrolment;
  const bound = { chainId: who.chainId, organisation: who.organisation, role, recovery };
  const identity = await enrolmentIdentity(keys, bound);
  const account: WalletAccount = {
    account: accountIdOfKeys(keys),
    organisation: who.organisation,
    organisationName: who.name,
    role,
    chainId: who.chainId,
    gatewayUrl,
    enrolled: false,
    generations: [{ rootId: root.id, index: 0 }],
    card: new Uint8Array(0),
  };
  // Written down first: an answer that is lost must not leave an account whose keys nobody has.
  await vault.change((held) => {
    const believing = withAccount(withTrust(held, trust), account);
    return codeKeys === undefined ? believing : withCode(believing, account.account, codeKeys);
  });
  const answer = await gateway.call(enrolPost, {
    body: {
      invitation: enrolment.invitation,
      identity: textOfBytes(encodeAs(identityShape, identity)),
      role,
    },
    signal,
  });
  const ctx = new Context(vault, account, options);
  const { highestEpoch } = await enrolledAs(ctx, identity, signal);
  await finish(ctx, bytesOfText(answer.card), signal);
  // A patient's first transaction: without keys nobody could write for her.
  if (role === 'patient' && highestEpoch === 0) await renewKeys(ctx, { signal });
  await ctx.keepTip();
  return ctx.account;
}

/**
 * The ledger has this account, and these very keys of it: an identity that was signed for an attempt of before, without
 * the printed code's way back, would pass as well. Throws GATEWAY_LIED.
 */
async function enrolledAs(
  ctx: Context,
  identity: Identity,
  signal: AbortSignal | undefined,
): Promise<Account> {
  const { account, organisation, role } = ctx.account;
  const row = await ctx.ledger.account(account, signal);
  if (row === undefined || row.organisation !== organisation || row.role !== role) {
    throw new CodedError('GATEWAY_LIED', { account });
  }
  const asSigned = encodeAs(identityShape, identity);
  const { identities } = await ctx.ledger.keys(account, signal);
  if (!identities.some((it) => equalBytes(encodeAs(identityShape, it.identity), asSigned))) {
    throw new CodedError('GATEWAY_LIED', { account, reason: 'identity' });
  }
  return row;
}

/** Throws CARD_INVALID, GATEWAY_LIED (another's card). */
async function finish(ctx: Context, signedCard: Uint8Array, signal?: AbortSignal): Promise<void> {
  const { account } = ctx.account;
  const card = await checkCard(ctx.ledger, signedCard, signal);
  if (card.account !== account) throw new CodedError('GATEWAY_LIED', { account });
  const enrolled = { ...ctx.account, enrolled: true, card: signedCard };
  await ctx.writeDown((content) => withAccount(content, enrolled));
}

/** The same keys again when an enrolment is repeated; else those of the newest root. */
function rootFor(
  content: WalletContent,
  known: WalletAccount | undefined,
): WalletContent['roots'][number] {
  const begun = known?.generations[0]?.rootId;
  const newest = content.roots.toSorted((a, b) => a.createdMs - b.createdMs).at(-1);
  const root = content.roots.find((it) => it.id === begun) ?? newest;
  if (root === undefined) throw new CodedError('WALLET_INVALID');
  return root;
}

/** The trust root that the wallet will believe from now on, checked as far as it can be. */
async function trustOf(
  gateway: GatewayClient,
  who: AnswerOf<typeof whoGet>,
  content: WalletContent,
  { trustRoot, believes, signal }: Enrolment,
): Promise<WalletTrust> {
  const held = content.trust.find((it) => it.chainId === who.chainId);
  const answer = await gateway.call(genesisGet, { signal });
  const given = parseTrustRoot(JSON.stringify(answer.trustRoot));
  const believed = held === undefined ? (trustRoot ?? given) : parseTrustRoot(held.rootJson);
  const bytes = bytesOfText(answer.genesis);
  const wrong = (reason: string): CodedError => new CodedError('TRUST_ROOT_WRONG', { reason });
  if (bytesToHex(genesisHash(bytes)) !== believed.genesisHash) throw wrong('genesis');
  if (believed.chain !== who.chainId) throw wrong('chain');
  const genesis = parseGenesis(bytes);
  const hospital = genesis.organisations.find(
    ({ identity: it }) => accountIdOfKey(it.suite, it.signKey) === who.organisation,
  );
  // Under another name than the ledger has for it, it would look like another hospital.
  if (hospital?.name !== who.name) throw wrong('organisation');
  if (held !== undefined) return held;
  const isWordTaken = trustRoot === undefined && believes !== undefined;
  if (isWordTaken && !(await believes(trustWords(believed.genesisHash)))) throw wrong('words');
  return {
    chainId: believed.chain,
    rootJson: formatTrustRoot(believed),
    height: believed.height,
    headerHash: hexToBytes(believed.headerHash) ?? new Uint8Array(32),
    timeMs: 0,
    gateways: genesis.organisations.map(({ identity, url }) => ({
      organisation: accountIdOfKey(identity.suite, identity.signKey),
      url,
    })),
  };
}

function withTrust(content: WalletContent, trust: WalletTrust): WalletContent {
  if (content.trust.some((it) => it.chainId === trust.chainId)) return content;
  return { ...content, trust: [...content.trust, trust] };
}

/** The content with this account in place of the one it had. */
export function withAccount(content: WalletContent, account: WalletAccount): WalletContent {
  const others = content.accounts.filter((it) => it.account !== account.account);
  return { ...content, accounts: [...others, account] };
}

/** The content with what a printed code gives for this account. */
export function withCode(
  content: WalletContent,
  account: AccountId,
  { sign: { publicKey: recoveryKey }, kem: { publicKey: kem } }: CodeKeys,
): WalletContent {
  const isHeld = content.codes.some(
    (it) => it.account === account && equalBytes(it.recoveryKey, recoveryKey),
  );
  if (isHeld) return content;
  return { ...content, codes: [...content.codes, { account, recoveryKey, kem }] };
}

/** A root of a new wallet, or of a rotation. */
export function newRoot(nowMs: number): WalletContent['roots'][number] {
  return { id: bytesToHex(randomBytes(8)), secret: randomBytes(32), createdMs: nowMs };
}
