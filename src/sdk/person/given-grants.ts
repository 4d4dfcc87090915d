import type { ConsentId } from '../../primitives/ids.ts';
import { isTakingBack, resumeTakingBack, takeBackGrant, tryResume } from '../actions/resume.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { ConfirmedTx } from '../client/send-tx.ts';
import * as people from '../grants/address-book.ts';
import { type GivenGrant, grantAccess, owesKeys } from '../grants/grant.ts';
import { type ListedGrant, listGrants } from '../grants/revoke.ts';
import type { UnlistedGrant } from '../grants/unlisted.ts';
import { later } from '../later.ts';
import type { OwnGrant } from '../wallet/content.ts';
import type { AsAccount } from './acting.ts';
import { OwnRecords } from './own-records.ts';

/** A grant that was given, as the wallet knows it; whether it lives, the ledger says. */
export type GivenBefore = Pick<
  OwnGrant,
  'account' | 'consent' | 'grantee' | 'granteeName' | 'notAfterMs' | 'ended'
>;

/** What a person lets others read and write, and takes back. */
export abstract class GivenGrants extends OwnRecords {
  /**
   * Lets somebody read, or write, until a time. Throws PERSON_UNKNOWN, ACCOUNT_UNKNOWN, GRANTEE_ROLE,
   * CONSENT_TIMES, NOT_AFTER_FAR, GRANT_TOO_LARGE, ACCOUNT_FROZEN.
   */
  grant(request: people.GrantRequest, options: AsAccount = {}): Promise<GivenGrant> {
    return this.act(options, async (ctx) => {
      const terms = people.termsOf(this.vault.content, request);
      await tryResume(ctx, options);
      const given = await grantAccess(ctx, terms, options);
      // What he asked is answered; where the hospital does not let it go now, it stays to be seen.
      await this.inboxes.dropAsks(ctx, terms.grantee, options).catch(() => 0);
      return given;
    });
  }

  /** Many grants with one KeySet for all of them. Throws as `grant`; what was confirmed by then stands. */
  grantMany(
    requests: readonly people.GrantRequest[],
    options: AsAccount = {},
  ): Promise<readonly OwnGrant[]> {
    return this.act(options, async (ctx) => {
      const terms = requests.map((request) => people.termsOf(this.vault.content, request));
      await tryResume(ctx, options);
      return (await later.grantMany()).grantMany(ctx, terms, options);
    });
  }

  /** What the wallet itself knows of the grants it gave, without asking anybody: enough to take one back. */
  get givenGrants(): readonly GivenBefore[] {
    return this.vault.content.grants.map((it) => {
      const { account, consent, grantee, granteeName, notAfterMs, ended } = it;
      return { account, consent, grantee, granteeName, notAfterMs, ended };
    });
  }

  /** The grants that were given, each with its state and the looks that the ledger counts. */
  grants(options: AsAccount = {}): Promise<readonly ListedGrant[]> {
    return this.act(options, (ctx) => listGrants(ctx, options));
  }

  /**
   * Live grants of this account that the wallet does not know: of another device, whose copy did not come. `revoke` ends
   * them by their id.
   */
  unlistedGrants(options: AsAccount = {}): Promise<readonly UnlistedGrant[]> {
    return this.act(options, async (ctx) => (await later.unlisted()).unlistedGrants(ctx, options));
  }

  /** Takes a grant back: he holds no key of what is written from now on. Throws CONSENT_UNKNOWN, CONSENT_ENDED. */
  revoke(consent: ConsentId, options: AsAccount = {}): Promise<ConfirmedTx> {
    return this.act(options, (ctx) => takeBackGrant(ctx, consent, options));
  }

  /** Whether something was taken back that the ledger does not prove to have ended. */
  get isTakingBack(): boolean {
    return this.#owing().length > 0;
  }

  /** Whether somebody was taken back without new keys: `sync`, and whatever writes, makes them first. */
  get owesKeys(): boolean {
    return this.accounts.some((it) => owesKeys(this.vault.content, it.account));
  }

  /**
   * Takes back, at every account, what was taken back and could not be sent: every program that holds this wallet
   * open does so, when it begins and while it runs. What still cannot be done stays written down.
   */
  async takeBack({ signal }: WorkOptions = {}): Promise<void> {
    for (const { account } of this.#owing()) {
      await this.act({ as: account.account }, (ctx) => resumeTakingBack(ctx, { signal }));
    }
  }

  /** Accounts with something that is still to be taken back. */
  #owing(): readonly Context[] {
    return this.enrolled().filter(isTakingBack);
  }
}
