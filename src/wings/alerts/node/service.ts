import type { KemKey } from '../../../crypto/kem.ts';
import { openWith } from '../../../crypto/letter.ts';
import { equalSecretBytes } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { accountIdOf } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { Cause } from '../api/causes.ts';
import {
  type ChannelName,
  type Choice,
  channels,
  choice,
  choiceContext,
  noCode,
} from '../api/choice.ts';
import { confirmationCode, formatConfirmation } from '../api/confirmation.ts';
import { factsIn, noFacts } from '../api/incident-facts.ts';
import { causeId, type KeptChoice, noRow } from '../api/outbox.ts';
import { alertsNames } from '../names.ts';
import type { Channel, Delivered } from './channel.ts';
import type { Incident, Letter, Taken } from './letter.ts';
import type { LetterStore } from './letter-store.ts';
import type { Cursor, MetRow, OutboxReader } from './outbox-reader.ts';
import { channelPauseMs, judge, judgeUnconfirmed, retryAtMs } from './rules.ts';

/** Nobody's account: whom the relay's URL names. */
const operator = accountIdOf(new Uint8Array(32));
const rowsAtOnce = 500;
/** Causes are remembered for twice as long. */
const toldOfMs = 90 * 24 * 60 * 60_000;
const lettersAtOnce = 50;

export interface ServiceOptions {
  readonly outbox: OutboxReader;
  readonly letters: LetterStore;
  readonly channels: readonly Channel[];
  /** The service's keys by their ids: the one in use, and those before it to which somebody's choice is sealed. */
  readonly keys: ReadonlyMap<string, KemKey>;
  /** Of what codes of mail addresses are made, and what devices know it by (AL-20). */
  readonly codes: { readonly key: Uint8Array; readonly keyId: Uint8Array };
  /** Where the operator is told of this machine itself; missing: nobody is. */
  readonly operator?: string | undefined;
  readonly now: () => number;
  /** Ids, codes and numbers alone. */
  readonly log: (line: Readonly<Record<string, string | number>>) => void;
}

interface ChannelState {
  readonly failures: number;
  readonly againMs: number;
}

/**
 * The alert service of one hospital: takes causes from the outbox and sends letters, each step on disk before the next, so
 * that a kill between any two loses nothing and tells nobody twice. Source: docs/protocol/alerts.md.
 */
export class AlertService {
  readonly #of: ServiceOptions;
  readonly #downs = new Map<ChannelName, ChannelState>();

  constructor(options: ServiceOptions) {
    this.#of = options;
    this.#mend();
    options.letters.settleHanding(options.now());
  }

  /** Everything that is due now; true when there was something to do. Throws what the machine throws: the next round goes on. */
  async round(signal?: AbortSignal): Promise<boolean> {
    const took = this.take();
    const sent = await Promise.all(this.ways.map((it) => this.send(it, signal)));
    return took || sent.includes(true);
  }

  get ways(): readonly ChannelName[] {
    return this.#of.channels.map(({ name }) => name);
  }

  /** Before anything is taken or sent: what another hand wrote into the letters' file is put aside. Rule AL-19. */
  #mend(all = false): void {
    const { outbox, letters, now, log } = this.#of;
    const wrong = letters.wrongNow(all);
    if (wrong.length === 0) return;
    const rows: (Taken & { readonly seq: number })[] = [];
    let last: Cursor = { seq: 0, mac: noRow };
    for (let isMore = true; isMore; ) {
      const met = outbox.after(last, rowsAtOnce).rows;
      for (const { row, seq, mac } of met) {
        if (row !== undefined) rows.push({ ...row, channels: this.#waysOf(row) });
        last = { seq, mac };
      }
      isMore = met.length === rowsAtOnce;
    }
    const nowMs = now();
    letters.mend({ rows, last, choices: outbox.choices() }, nowMs);
    log({ code: 'LETTERS_TAMPERED', rows: wrong.length });
    this.tellIncidents();
  }

  /** What is new in the outbox becomes letters; true when there was something. Also while letters are on their way. */
  take(): boolean {
    const { outbox, letters, now } = this.#of;
    this.#mend();
    const nowMs = now();
    // What was told is told again by it, unless the causes that were met are all there.
    if (outbox.after(letters.cursor(), 1).isSetBack) this.#mend(true);
    const cursor = letters.cursor();
    const { rows, isSetBack } = outbox.after(cursor, rowsAtOnce);
    const beyond = outbox.beyond();
    if (beyond !== undefined) letters.report('OUTBOX_TAMPERED', beyond, nowMs);
    if (rows.length === 0 && !isSetBack) return false;
    const incidents: Incident[] = [];
    const start: Cursor = isSetBack ? { seq: 0, mac: noRow } : cursor;
    if (isSetBack) incidents.push({ code: 'OUTBOX_GAP', place: cursor.seq, metMs: nowMs });
    const taken: Taken[] = [];
    let at = start;
    for (const met of rows) {
      const code = whatIsWrong(met, at);
      if (code !== undefined) incidents.push({ code, place: met.seq, metMs: nowMs });
      if (met.row !== undefined) taken.push({ ...met.row, channels: this.#waysOf(met.row) });
      at = { seq: met.seq, mac: met.mac };
    }
    letters.take(taken, at, incidents, nowMs);
    for (const { code, place } of incidents) this.#of.log({ code, place });
    if (incidents.length > 0) this.tellIncidents();
    return true;
  }

  /** Each hour: which choices are the newest, so that none of before is taken for one, whatever was sent by it. Rule AL-4. */
  noteChoices(): void {
    const { outbox, letters } = this.#of;
    letters.noteChoices(outbox.choices());
  }

  /** Tells the operator of this machine, once for each `subject`. */
  tellOperator(cause: Cause, ...subjects: readonly string[]): void {
    const { letters, now, operator: address } = this.#of;
    if (address === undefined || subjects.length === 0) return;
    const told = { account: operator, cause, atMs: now(), facts: noFacts } as const;
    const taken = subjects.map((subject): Taken => {
      return { ...told, id: causeId(cause, operator, subject), channels: ['mail'] };
    });
    letters.take(taken, letters.cursor(), [], now());
  }

  /** Of what was tampered with: each once, and of what is met again later again. Rule AL-13. */
  tellIncidents(): void {
    const { letters, now } = this.#of;
    const fresh = letters.standing().incidents.filter(({ metMs }) => now() - metMs < toldOfMs);
    const subjects = fresh.map(({ code, place, metMs }) => `${code} ${place} ${metMs}`);
    this.tellOperator('tampering', ...subjects);
  }

  #waysOf({ account }: Pick<Taken, 'account'>): ChannelName[] {
    const kept = this.#of.outbox.choicesOf(account);
    return channels.filter((name) =>
      kept.some((it) => it === undefined || (it.channel === name && it.sealed.length > 0)),
    );
  }

  /** What is due on one way; true when there was something. Throws what the machine throws, once all that went is back. */
  async send(name: ChannelName, signal?: AbortSignal): Promise<boolean> {
    const { letters, now, channels } = this.#of;
    const channel = channels.find((it) => it.name === name);
    if (channel === undefined || this.#isShut(name)) return false;
    const due = [...letters.due(name, now(), lettersAtOnce)];
    const some = due.length > 0;
    const errors: unknown[] = [];
    const sendOn = async () => {
      while (due.length > 0 && signal?.aborted !== true && !this.#isShut(name)) {
        const letter = due.shift();
        if (letter !== undefined)
          await this.#sendHeld(letter, channel).catch((error: unknown) => errors.push(error));
      }
    };
    await Promise.all(Array.from({ length: channel.atOnce }, sendOn));
    if (errors.length > 0) throw errors[0];
    return some;
  }

  /** Nothing that happens meanwhile is told by it. */
  async #sendHeld(letter: Letter, channel: Channel): Promise<void> {
    const { letters } = this.#of;
    letters.hold(letter);
    try {
      await this.#send(letter, channel);
    } finally {
      letters.release(letter);
    }
  }

  /** A clock that was set back does not keep it shut. */
  #isShut(name: ChannelName): boolean {
    const leftMs = (this.#downs.get(name)?.againMs ?? 0) - this.#of.now();
    return leftMs > 0 && leftMs <= channelPauseMs(Number.MAX_SAFE_INTEGER);
  }

  async #send(letter: Letter, channel: Channel): Promise<void> {
    const { letters, now } = this.#of;
    const choice = await this.#choiceFor(letter);
    if (choice === undefined) {
      letters.become(letter, { state: 'unwanted' }, now());
      return;
    }
    const verdict = judge(letter.cause, choice, now());
    if (verdict.kind === 'unwanted') letters.become(letter, { state: 'unwanted' }, now());
    else if (verdict.kind === 'quiet') letters.become(letter, { dueMs: verdict.untilMs }, now());
    else if (this.#isConfirmed(letter, choice)) await this.#deliver(letter, choice, channel);
    else await this.#askToConfirm(letter, choice, channel);
  }

  /** Whether letters are wanted where it would go, as far as anybody has said so (AL-20). */
  #isConfirmed({ account, channel }: Letter, { address, code }: Choice): boolean {
    if (account === operator || channel !== 'mail') return true;
    return equalSecretBytes(code, confirmationCode(this.#of.codes.key, { account, address }));
  }

  /** To who reads there a letter with the code, and no other. */
  async #askToConfirm(letter: Letter, choice: Choice, channel: Channel): Promise<void> {
    const { letters, now, codes } = this.#of;
    const { account, cause } = letter;
    const { address } = choice;
    const nowMs = now();
    const verdict = judgeUnconfirmed(cause, letters.codesSent(account, nowMs));
    if (verdict !== 'send') {
      letters.become(letter, { state: 'unwanted', code: verdict }, nowMs);
      return;
    }
    const code = confirmationCode(codes.key, { account, address });
    const shown = formatConfirmation(code, { account, address, codeKeyId: codes.keyId });
    await this.#deliver(letter, choice, channel, shown);
  }

  async #deliver(
    letter: Letter,
    choice: Choice,
    channel: Channel,
    confirming?: string,
  ): Promise<void> {
    const { letters, now } = this.#of;
    const { name, cause, count } = letter;
    const { language, secret } = choice;
    // Into nobody's inbox but one's own, whatever was sealed.
    const address = channel.name === 'inbox' ? letter.account : choice.address;
    const facts = factsIn(letter.facts);
    const outgoing = {
      ...{ name, cause, count, address, language, secret, sentMs: now() },
      ...(facts !== undefined && { facts }),
      ...(confirming !== undefined && { code: confirming }),
    };
    let held = letter;
    const told = await channel.deliver(outgoing, () => {
      held = letters.become(held, { state: 'handing', code: '' }, now());
    });
    this.#learn(channel.name, told);
    const became = after(held, told, now());
    const isCode = confirming !== undefined && told.outcome === 'accepted';
    letters.become(held, { ...became, ...(isCode && { code: 'ADDRESS_UNCONFIRMED' }) }, now());
    const code = told.outcome === 'accepted' ? '' : told.code;
    this.#of.log({ letter: letter.id, channel: letter.channel, outcome: told.outcome, code });
  }

  #learn(name: ChannelName, { outcome }: Delivered): void {
    if (outcome !== 'down') {
      this.#downs.delete(name);
      return;
    }
    const failures = (this.#downs.get(name)?.failures ?? 0) + 1;
    this.#downs.set(name, { failures, againMs: this.#of.now() + channelPauseMs(failures) });
  }

  /** As the account has sealed it last; undefined: it wants nothing on this way, or another hand was at it. */
  async #choiceFor({ account, channel }: Letter): Promise<Choice | undefined> {
    const { outbox, letters, now } = this.#of;
    if (account === operator) return this.#operatorsChoice(channel);
    const all = outbox.choicesOf(account);
    if (all.includes(undefined)) letters.report('CHOICE_TAMPERED', placeOf(account), now());
    const kept = all.find((it) => it?.channel === channel);
    const opened =
      kept === undefined || kept.sealed.length === 0
        ? undefined
        : await this.#opened(kept, channel);
    if (opened === undefined || kept === undefined) return undefined;
    // Sealed badly, and by its owner: the gateway's MAC binds what it was handed. A counter of hers that stands inside alone must not be the newest.
    if (opened.counter !== kept.counter || opened.channel !== channel) return undefined;
    if (letters.isNewest(account, channel, kept.counter)) return opened;
    letters.report('CHOICE_TAMPERED', placeOf(account), now());
    return undefined;
  }

  #operatorsChoice(channel: ChannelName): Choice | undefined {
    const { operator: address } = this.#of;
    if (address === undefined || channel !== 'mail') return undefined;
    const always = { quietFrom: 0, quietUntil: 0, zoneMinutes: 720, causes: [], known: 0 };
    const secret = new Uint8Array(0);
    return { ...always, counter: 0, channel, address, language: 'en', secret, code: noCode };
  }

  async #opened(kept: KeptChoice, channel: ChannelName): Promise<Choice | undefined> {
    const key = this.#of.keys.get(kept.keyId);
    if (key === undefined) return undefined;
    const { labels } = alertsNames;
    const context = choiceContext(kept.account, channel);
    try {
      return decodeAs(
        choice,
        await openWith(key, labels.alertSeal, context, new Uint8Array(0), kept.sealed),
      );
    } catch (error) {
      // What its owner sealed badly is nobody's letter; it is not told apart from what was changed.
      if (isCoded(error)) return undefined;
      throw error;
    }
  }
}

function whatIsWrong({ row, seq }: MetRow, before: Cursor): Incident['code'] | undefined {
  if (row === undefined) return 'OUTBOX_TAMPERED';
  const follows = row.seq === before.seq + 1 || before.seq === 0;
  const isChained = before.seq === 0 || before.mac.every((byte, at) => byte === row.prev[at]);
  return follows && isChained && seq === row.seq ? undefined : 'OUTBOX_GAP';
}

/** Incidents name no account: enough of one to find it by. */
const placeOf = (account: string): number => Number.parseInt(account.slice(0, 12), 16);

function after(
  letter: Letter,
  told: Delivered,
  nowMs: number,
): Partial<Pick<Letter, 'state' | 'code' | 'dueMs' | 'attempts'>> {
  switch (told.outcome) {
    case 'accepted':
      return { state: 'accepted', code: '' };
    case 'never':
      return { state: 'failed', code: told.code };
    case 'doubt':
      return { state: 'doubt', code: told.code };
    case 'down':
      // Says nothing about this letter: it has its tries still.
      return { state: 'waiting', code: told.code };
    case 'later': {
      const attempts = letter.attempts + 1;
      const dueMs = retryAtMs(attempts, nowMs);
      if (dueMs === undefined) return { state: 'failed', code: told.code, attempts };
      return { state: 'waiting', code: told.code, attempts, dueMs };
    }
  }
}
