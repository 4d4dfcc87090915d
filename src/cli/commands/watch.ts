import { setTimeout as wait } from 'node:timers/promises';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { BlockEvent, ReceivedGrant, WalletAccount } from '../../sdk/index.ts';
import { type Acting, finishTakingBack, openActing, work } from '../acting.ts';
import { short, sizeOf, when } from '../format.ts';
import { mayText, receivedFacts } from '../grant-text.ts';
import { named } from '../harmless.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

interface WatchFlags {
  readonly seconds?: number;
  readonly look: boolean;
}

/** Follows the ledger: new grants, what is new under them, what ends; for a patient what she signed. */
export const addWatch: AddCommand = (program, context) => {
  program
    .command('watch')
    .description('follow what others granted, and what is new under it, until Ctrl-C')
    .option('--seconds <count>', 'end by itself', wholeNumber(1, 31_536_000))
    .option('--no-look', 'only say that something is new; do not look what it is')
    .addHelpText(
      'after',
      '\nTo say what is new it looks: every look stands on the ledger, and the patient sees it.',
    )
    .action((flags: WatchFlags) => run(context, flags));
};

async function run(context: CommandContext, flags: WatchFlags): Promise<void> {
  const acting = await openActing(context);
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  const ends = [context.signal];
  if (flags.seconds !== undefined) ends.push(AbortSignal.timeout(flags.seconds * 1000));
  const signal = AbortSignal.any(ends);
  const watched = { ...context, signal };
  const watchers = acting.accounts.map((account) => new Watcher(watched, acting, account, flags));
  await Promise.all(watchers.map((watcher) => watcher.run()));
}

const tickMs = 1_000;
/** What could not be taken back is tried again so often. */
const takeBackTicks = 30;

class Watcher {
  readonly #context: CommandContext;
  readonly #acting: Acting;
  readonly #account: WalletAccount;
  readonly #looks: boolean;
  readonly #known = new Map<ConsentId, ReceivedGrant>();
  readonly #ended = new Set<ConsentId>();
  /** Up to where each grant was looked at. */
  readonly #seen = new Map<ConsentId, number>();

  constructor(
    context: CommandContext,
    acting: Acting,
    account: WalletAccount,
    flags: { readonly look: boolean },
  ) {
    this.#context = context;
    this.#acting = acting;
    this.#account = account;
    this.#looks = flags.look;
  }

  async run(): Promise<void> {
    const { signal } = this.#context;
    const options = work(this.#context, this.#account);
    try {
      const { height } = await this.#acting.person.sync(options);
      for (const grant of await this.#acting.person.inbox(options)) {
        this.#known.set(grant.consent, grant);
        this.#seen.set(grant.consent, height);
        if (grant.state === 'ended') this.#ended.add(grant.consent);
        else
          this.#say(
            'watching',
            receivedFacts(grant),
            `grant of ${this.#name(grant)} is ${grant.state}: ${mayText(grant.terms)}, until ${when(grant.notAfterMs)} (${short(grant.consent)})`,
          );
      }
      this.#context.output.note(`Following from height ${height}; Ctrl-C ends it.`);
      const ticking = this.#tick();
      for await (const event of this.#acting.person.watch({ ...options, signal, since: height })) {
        await this.#block(event);
      }
      await ticking;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Ends come by time, without a block. */
  async #tick(): Promise<void> {
    const { signal } = this.#context;
    for (let ticks = 1; !signal.aborted; ticks++) {
      await wait(tickMs, undefined, { signal }).catch(() => undefined);
      const { person } = this.#acting;
      if (ticks % takeBackTicks === 0 && person.isTakingBack) {
        await finishTakingBack({ ...this.#context, signal }, person).catch(() => undefined);
      }
      for (const grant of this.#known.values()) {
        if (grant.notAfterMs <= Date.now()) this.#end(grant, 'expired');
      }
    }
  }

  async #block({ height, timeMs, acts }: BlockEvent): Promise<void> {
    const mine = this.#account.account;
    let mayBeGranted = false;
    const patients = new Set<string>();
    for (const act of acts) {
      const { kind, txId, account, consent } = act;
      const isAnchor = kind === 'DataAnchor' || kind === 'DiagnosisAnchor';
      if (account === mine && isAnchor && consent !== undefined) {
        this.#written({ act: kind, txId, height, timeMs, consent });
      } else if (account === mine && kind !== 'KeySet') {
        const about = {
          act: kind,
          txId,
          height,
          timeMs,
          ...(consent !== undefined && { consent }),
        };
        this.#say('own', about, `${kind} of this account, height ${height}`);
      } else if (kind === 'ConsentGrant') mayBeGranted = true;
      else if (kind === 'ConsentRevoke') {
        const grant = [...this.#known.values()].find((it) => it.consent === consent);
        if (grant !== undefined) this.#end(grant, 'revoked');
      } else if ((kind === 'DataAnchor' || kind === 'DiagnosisAnchor') && account !== undefined) {
        patients.add(account);
      }
    }
    if (mayBeGranted) await this.#fetchLetters();
    for (const grant of this.#known.values()) {
      const isOpen = !this.#ended.has(grant.consent) && grant.terms.readClasses.length > 0;
      if (isOpen && patients.has(grant.patient)) await this.#newItems(grant, height);
    }
  }

  /** Somebody wrote into this person's own chart, under a grant of hers. */
  #written(about: {
    readonly act: string;
    readonly consent: string;
    readonly height: number;
    readonly [fact: string]: unknown;
  }): void {
    const given = this.#acting.person.givenGrants.find((it) => it.consent === about.consent);
    const by = given?.granteeName ?? '';
    const what = about.act === 'DiagnosisAnchor' ? 'a diagnosis' : 'a record';
    const who = by === '' ? 'Somebody whom you granted it' : named(by);
    const text = `${who} wrote ${what} into your chart, height ${about.height}: salus inbox`;
    this.#say('written', { ...about, by }, text);
  }

  /** The letter follows its transaction after a moment; most grants are not for us. */
  async #fetchLetters(): Promise<void> {
    const options = work(this.#context, this.#account);
    for (const pauseMs of [100, 500, 1_500]) {
      await wait(pauseMs, undefined, { signal: this.#context.signal });
      const fresh = (await this.#acting.person.inbox(options)).filter(
        (it) => !this.#known.has(it.consent),
      );
      for (const grant of fresh) {
        this.#known.set(grant.consent, grant);
        this.#say(
          'grant',
          receivedFacts(grant),
          `new grant of ${this.#name(grant)} until ${when(grant.notAfterMs)}`,
        );
      }
      if (fresh.length > 0) return;
    }
  }

  async #newItems(grant: ReceivedGrant, height: number): Promise<void> {
    const { consent, patient } = grant;
    if (!this.#looks) {
      const about = { consent, patient, height };
      this.#say('anchor', about, `something new of ${this.#name(grant)}, height ${height}`);
      return;
    }
    const since = this.#seen.get(consent) ?? height - 1;
    try {
      const options = { ...work(this.#context, this.#account), since };
      const { rows } = await this.#acting.person.listShared(consent, options);
      for (const { row } of rows) {
        const { recordId, recordClass, paddedSize, timeMs } = row;
        const about = { recordId, class: recordClass, paddedSize, height: row.height, timeMs };
        this.#seen.set(consent, Math.max(this.#seen.get(consent) ?? 0, row.height));
        this.#say(
          'item',
          { consent, patient, ...about },
          `new ${recordClass} of ${this.#name(grant)}: record ${recordId}, ${sizeOf(paddedSize)}`,
        );
      }
    } catch (error) {
      if (!isCoded(error) || error.kind !== 'not-shared') throw error;
      if (error.code === 'CONSENT_ENDED') this.#end(grant, 'revoked');
    }
  }

  #end(grant: ReceivedGrant, how: 'revoked' | 'expired'): void {
    const { consent, patient } = grant;
    if (this.#ended.has(consent)) return;
    this.#ended.add(consent);
    this.#say('end', { consent, patient, how }, `grant of ${this.#name(grant)} ${how}`);
  }

  #name({ patientName, patient }: ReceivedGrant): string {
    return patientName === '' ? short(patient) : named(patientName);
  }

  #say(event: string, facts: Record<string, unknown>, text: string): void {
    this.#context.output.line({ event, ...facts }, () => text);
  }
}
