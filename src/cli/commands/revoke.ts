import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, type ConsentId, parseConsentId } from '../../primitives/ids.ts';
import type { GivenBefore } from '../../sdk/index.ts';
import { type Acting, caughtUp, openActing, work } from '../acting.ts';
import { confirmed } from '../asking.ts';
import { findPerson, pickId } from '../finding.ts';
import { amount, short, table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { during, type Progress } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** Taking back: nothing that can be done without stands before it. */
export const addRevoke: AddCommand = (program, context) => {
  program
    .command('revoke <who>')
    .description('take a grant back: by its id, or all of somebody by name')
    .option('--yes', 'several at once without being asked')
    .action((who: string, flags: { yes?: boolean }) => revoke(context, who, flags.yes === true));
};

/** A grant to end; of one that the wallet does not know nothing but this is known. */
type Ending = Pick<GivenBefore, 'consent' | 'granteeName' | 'account'>;

interface Revoked {
  readonly consent: ConsentId;
  readonly granteeName: string;
  readonly txId: string;
  readonly height: number;
}

async function revoke(context: CommandContext, who: string, isSure: boolean): Promise<void> {
  const acting = await openActing(context, { takeBack: false });
  const { ends, grantee } = await grantsToEnd(context, acting, who);
  if (ends.length > 1 && !isSure) await confirmed(context, questionOf(ends, acting));
  const revoked: Revoked[] = [];
  const failed: unknown[] = [];
  await during(context.output, 'Revoking', async (progress) => {
    await endAll(context, acting, { ends, revoked, failed, progress });
    if (grantee === undefined) return;
    // What another device granted to the same person: looked for once what is known here has ended.
    await caughtUp(context, acting);
    const later = openGrants(acting, grantee).filter(({ consent }) =>
      ends.every((it) => it.consent !== consent),
    );
    await endAll(context, acting, { ends: later, revoked, failed, progress });
  });
  const [worst = undefined] = failed.filter((it) => !isCoded(it, 'CONSENT_ENDED'));
  if (worst !== undefined) {
    if (acting.person.isTakingBack) {
      context.output.note(
        'It is written down: the next command of this wallet, or a running watch, takes it back.',
      );
    }
    throw worst;
  }
  if (revoked.length === 0) throw failed[0] ?? new CodedError('CONSENT_UNKNOWN');
  tell(context, acting, revoked);
}

async function endAll(
  context: CommandContext,
  acting: Acting,
  to: {
    readonly ends: readonly Ending[];
    readonly revoked: Revoked[];
    readonly failed: unknown[];
    readonly progress: Progress;
  },
): Promise<void> {
  for (const { consent, granteeName, account } of to.ends) {
    try {
      const options = work(context, { account }, to.progress);
      const { txId, height } = await acting.person.revoke(consent, options);
      to.revoked.push({ consent, granteeName, txId, height });
    } catch (error) {
      // One that ran out meanwhile keeps nobody from ending the others.
      if (isCoded(error, 'INTERRUPTED')) throw error;
      to.failed.push(error);
    }
  }
}

function tell(context: CommandContext, acting: Acting, revoked: readonly Revoked[]): void {
  const [first] = revoked;
  const one = revoked.length === 1 && first !== undefined ? first : {};
  const { owesKeys } = acting.person;
  context.output.result({ ...one, revoked, ...(owesKeys && { owesKeys }) }, () =>
    [
      ...revoked.map(({ consent, granteeName, height }) => {
        const whose = granteeName === '' ? '' : ` of ${named(granteeName)}`;
        return `Grant ${consent}${whose} has ended, height ${height}.`;
      }),
      'What was read until now stays with who read it; what is written from now on has new keys.',
      ...(owesKeys ? ['New keys could not be made yet: nothing is written before they are.'] : []),
    ].join('\n'),
  );
}

function questionOf(ends: readonly Ending[], { person }: Acting): string {
  const given = new Map(person.givenGrants.map((it) => [it.consent, it]));
  const rows = ends.map(({ consent, granteeName }) => [
    short(consent),
    granteeName,
    when(given.get(consent)?.notAfterMs ?? 0),
  ]);
  const list = table([['grant', 'to', 'until'], ...rows]);
  return `These ${amount(ends.length, 'grant')} end:\n${list}\nTake all of them back?`;
}

/** So long after its end a grant is still tried: this device's clock may be a day wrong. */
const clockMs = 86_400_000;

function ownGrants({ person, accounts }: Acting): readonly GivenBefore[] {
  const own = new Set(accounts.map(({ account }) => account));
  return person.givenGrants.filter(({ account }) => own.has(account));
}

function openGrants(acting: Acting, grantee: AccountId): readonly GivenBefore[] {
  return ownGrants(acting).filter(
    (it) => it.grantee === grantee && !it.ended && it.notAfterMs > Date.now() - clockMs,
  );
}

/** What to end; with `grantee` all of his, also such as are not known here yet. */
interface ToEnd {
  readonly ends: readonly Ending[];
  readonly grantee?: AccountId;
}

/**
 * Found in the wallet alone where that is enough: no answer of a hospital is needed to take back. What the wallet does
 * not know, the copy may have brought; and by its whole id, or where the ledger has one that begins so, a grant ends
 * that no wallet here knows. Throws CONSENT_UNKNOWN, PERSON_UNKNOWN, USAGE.
 */
async function grantsToEnd(context: CommandContext, acting: Acting, who: string): Promise<ToEnd> {
  const here = await inWallet(context, acting, who).catch((error: unknown) => {
    const mayCome = isCoded(error, 'PERSON_UNKNOWN') || isCoded(error, 'CONSENT_UNKNOWN');
    if (!mayCome) throw error;
    return undefined;
  });
  if (here !== undefined) return here;
  await caughtUp(context, acting);
  const unlisted = await onLedger(context, acting, who);
  return unlisted ?? inWallet(context, acting, who);
}

async function inWallet(context: CommandContext, acting: Acting, who: string): Promise<ToEnd> {
  const own = ownGrants(acting);
  const consent = pickId(
    own.map((it) => it.consent),
    who,
  );
  if (consent !== undefined) return { ends: own.filter((it) => it.consent === consent) };
  if (isConsentId(who)) throw new CodedError('CONSENT_UNKNOWN', { consent: who });
  const [known, another] = new Set(
    own.filter((it) => it.granteeName === who).map((it) => it.grantee),
  );
  const isOne = known !== undefined && another === undefined;
  const grantee = isOne ? known : await findPerson(context, acting, who);
  const ends = openGrants(acting, grantee);
  if (ends.length === 0) throw new CodedError('CONSENT_UNKNOWN');
  return { ends, grantee };
}

const isConsentId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

/** By the ledger alone: one that this wallet does not know. Undefined: the wallet knows it, or the text is no id. */
async function onLedger(
  context: CommandContext,
  acting: Acting,
  text: string,
): Promise<ToEnd | undefined> {
  if (!/^[0-9a-f]{6,32}$/.test(text)) return undefined;
  if (ownGrants(acting).some(({ consent }) => consent.startsWith(text))) return undefined;
  const [only, another] = acting.accounts;
  if (isConsentId(text) && only !== undefined && another === undefined) {
    return { ends: [{ consent: parseConsentId(text), granteeName: '', account: only.account }] };
  }
  for (const { account, role } of acting.accounts) {
    if (role !== 'patient') continue;
    const unlisted = await acting.person.unlistedGrants(work(context, { account }));
    const consent = pickId(
      unlisted.map((it) => it.consent),
      text,
    );
    if (consent !== undefined) return { ends: [{ consent, granteeName: '', account }] };
  }
  return undefined;
}
