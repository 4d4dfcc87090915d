import { accounts } from '../../../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import type { Registration } from '../../api/registration.ts';
import {
  mostSilencesOfNotice,
  type Silence,
  silenceId,
  silenceNotice,
  silenceWord,
} from '../../api/silence-notice.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { registrationIn } from '../pages/registering.ts';
import { state } from '../statements.ts';
import type { HeardHour } from '../stores/page-store.ts';
import type { HandNotice } from './telling.ts';

const hourMs = 3_600_000;
/** Of a sensor that sent in fewer hours than these nobody knows when it is expected. */
const leastHours = 6;
/** What it sent in so many hours up to its newest says how often it sends. */
const hoursOfHabit = 48;
/** A sensor that rests longer than this now and then is not expected. */
const longestRestMs = 24 * hourMs;
/** What is silent for longer was so before this server could tell, or its patient knows. */
const oldestHours = 7 * 24;
/** So many sensors are looked at in a turn: what a question needs comes between. */
const looksPerTurn = 200;

interface Sensor {
  readonly key: Uint8Array;
  readonly panels: readonly number[];
  readonly pseudonym: Uint8Array;
  readonly account: AccountId;
  readonly untilHour: number;
}

/** How it was heard. */
interface Habit {
  readonly trio: string;
  readonly newestHour: number;
  /** Its longest rest. */
  readonly restMs: number;
}

/**
 * Which sensors that used to send send nothing. Time is what this server was there for: while it was away, or where its clock
 * was set, nobody was silent. Source: docs/protocol/vitals-reading.md, rule VR-35.
 */
export class Silences {
  readonly #base: DataServerBase;
  readonly #sensors = new Map<string, Sensor>();
  readonly #byAccount = new Map<AccountId, readonly string[]>();
  /** On the clock of `#observedMs`; missing: since this server began. */
  readonly #heardAt = new Map<string, number>();
  /** When a look is worth while again. */
  readonly #lookAt = new Map<string, number>();
  readonly #toTell = new Map<string, { readonly trio: string; readonly silence: Silence }>();
  #place = 0;
  #observedMs = 0;
  #lastMs: number;

  constructor(base: DataServerBase) {
    this.#base = base;
    this.#lastMs = base.now();
  }

  /** It sent something, whatever became of it. */
  heard(sensor: Uint8Array): void {
    const name = bytesToHex(sensor);
    this.#heardAt.set(name, this.#observedMs);
    this.#lookAt.delete(name);
    this.#toTell.delete(name);
  }

  /** One turn, `turnMs` after the one before; returns how many sensors fell silent. 0 times its rest: nobody is told. */
  async turn(turnMs: number): Promise<number> {
    const { settings, now } = this.#base;
    const passedMs = now() - this.#lastMs;
    this.#lastMs = now();
    // A clock that was set on, or a machine that slept, heard nobody meanwhile.
    this.#observedMs += Math.max(0, Math.min(passedMs, 2 * turnMs));
    if (settings.silentAfter === 0) return 0;
    await this.#catchUp();
    // Registered, heard and taken out again between two turns.
    for (const name of this.#heardAt.keys())
      if (!this.#sensors.has(name)) this.#heardAt.delete(name);
    let [looks, found] = [0, 0];
    for (const [name, sensor] of this.#sensors) {
      const quietMs = this.#observedMs - (this.#heardAt.get(name) ?? 0);
      const isDue = this.#observedMs >= (this.#lookAt.get(name) ?? 0);
      if (quietMs < settings.silentAfter * hourMs || !isDue) continue;
      if (looks++ >= looksPerTurn) break;
      if (await this.#look(name, sensor, quietMs)) found += 1;
    }
    return found;
  }

  async #look(name: string, sensor: Sensor, quietMs: number): Promise<boolean> {
    const { now, settings } = this.#base;
    const hour = Math.floor(now() / hourMs);
    const habit = sensor.untilHour <= hour ? undefined : await this.#habitOf(sensor, hour);
    const afterMs = settings.silentAfter * (habit?.restMs ?? 0);
    if (habit === undefined || quietMs >= afterMs) {
      // Until it is heard again.
      this.#lookAt.set(name, Number.POSITIVE_INFINITY);
      if (habit === undefined) return false;
      const id = silenceId(sensor.key, habit.newestHour);
      this.#toTell.set(name, { trio: habit.trio, silence: { account: sensor.account, id } });
      return true;
    }
    this.#lookAt.set(name, this.#observedMs + afterMs - quietMs);
    return false;
  }

  /** Undefined: it is not expected. */
  async #habitOf(sensor: Sensor, hour: number): Promise<Habit | undefined> {
    const { pseudonym, panels, key } = sensor;
    const since = hour - oldestHours - hoursOfHabit;
    const heard: HeardHour[] = [];
    for (const panel of panels)
      heard.push(...(await this.#base.store.heard(pseudonym, panel, since)));
    return habitOf(
      heard.filter((it) => bytesToHex(it.sensor) === bytesToHex(key)),
      hour,
    );
  }

  /** What is to be told, a trio and hospital at a time; again in each turn until that hospital has said yes. Returns how many were told. */
  async tell(hand: HandNotice): Promise<number> {
    const groups = new Map<string, { readonly name: string; readonly silence: Silence }[]>();
    for (const [name, { trio, silence }] of this.#toTell) {
      const row = await this.#base.ledger.row(accounts, silence.account);
      if (row === undefined || row.frozen) this.#toTell.delete(name);
      else {
        const of = `${row.organisation} ${trio}`;
        groups.set(of, [...(groups.get(of) ?? []), { name, silence }]);
      }
    }
    let told = 0;
    for (const [of, all] of groups) {
      for (let at = 0; at < all.length; at += mostSilencesOfNotice) {
        const some = all.slice(at, at + mostSilencesOfNotice);
        if (
          !(await this.#handed(
            of,
            some.map(({ silence }) => silence),
            hand,
          ))
        )
          break;
        for (const { name } of some) this.#toTell.delete(name);
        told += some.length;
      }
    }
    return told;
  }

  /** False: not now. */
  async #handed(of: string, silences: readonly Silence[], hand: HandNotice): Promise<boolean> {
    const [organisation = '', trio = ''] = of.split(' ');
    const to = parseAccountId(organisation);
    const payload = encodeAs(silenceNotice, { trio, silences });
    try {
      await hand(to, await state(this.#base, { to, word: silenceWord, payload }));
      return true;
    } catch (error) {
      // Whatever that hospital has, the others are told meanwhile.
      if (!isCoded(error)) throw error;
      return false;
    }
  }

  /** The newest registration of each: a sensor that it does not name any more is not missed. */
  async #catchUp(): Promise<void> {
    for (const it of await this.#base.store.registrationsSince(this.#place)) {
      this.#place = Math.max(this.#place, it.place);
      this.#register(registrationIn(it.signed));
    }
  }

  #register({ pseudonym, account, untilHour, sensors }: Registration): void {
    const named = sensors.map(({ key }) => bytesToHex(key));
    for (const name of this.#byAccount.get(account) ?? []) {
      if (named.includes(name)) continue;
      for (const it of [this.#sensors, this.#heardAt, this.#lookAt, this.#toTell]) it.delete(name);
    }
    this.#byAccount.set(account, named);
    for (const { key, panels } of sensors)
      this.#sensors.set(bytesToHex(key), { key, panels, pseudonym, account, untilHour });
  }
}

/** By what it sent in the two days up to its newest page; undefined: too little, too irregular or too long ago. */
export function habitOf(heard: readonly HeardHour[], nowHour: number): Habit | undefined {
  const newest = heard.reduce((most, it) => Math.max(most, it.hour), 0);
  const recent = heard.filter(({ hour }) => hour > newest - hoursOfHabit);
  const hours = [...new Set(recent.map(({ hour }) => hour))].toSorted((a, b) => a - b);
  const [last] = recent.filter(({ hour }) => hour === newest);
  if (last === undefined || hours.length < leastHours || newest <= nowHour - oldestHours)
    return undefined;
  const came = recent.map(({ atMs }) => atMs).toSorted((a, b) => a - b);
  const restMs = Math.max(hourMs, hourMs * longestStep(hours), longestStep(came));
  return restMs > longestRestMs ? undefined : { trio: last.trio, newestHour: newest, restMs };
}

const longestStep = (rising: readonly number[]): number =>
  rising.reduce((most, it, at) => Math.max(most, it - (rising[at - 1] ?? it)), 0);
