import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { serversOf } from '../../../server/process.ts';
import type { Member } from '../../../story/cast.ts';
import { hold, type Setting } from '../../../story/chapter.ts';
import type { ChosenCause } from '../../alerts/api/causes.ts';
import {
  codeKeyIdOf,
  codeKeyOf,
  confirmationCode,
  formatConfirmation,
} from '../../alerts/api/confirmation.ts';
import { codeInLetter } from '../../alerts/node/letter-text.ts';
import { SmtpRelay } from '../../alerts/node/smtp-relay.ts';
import { readStanding } from '../../alerts/node/standing.ts';
import { confirmAlert, setAlert } from '../../alerts/sdk/index.ts';
import { places, writeRelay } from '../../alerts/server/places.ts';
import { outboxKeyOf } from '../../alerts/server/service-keys.ts';

/** Whoever waits for a letter waits so long. */
const patienceMs = 60_000;
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What patients of a story are told by mail: by a relay of the story's own, or by the one that `--smtp` names. */
export class Letters {
  readonly #setting: Setting;
  readonly #relay = new SmtpRelay();
  /** Letters with a code. */
  #codes = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** Before the servers are started again: they read it then. Throws RELAY_INVALID. */
  async open(): Promise<void> {
    const { home, flags, signal } = this.#setting;
    if (typeof flags.smtp === 'string') return writeRelay(home, withDefaults(flags.smtp));
    const port = await this.#relay.listen();
    signal.addEventListener('abort', () => void this.#relay.close());
    writeRelay(home, withDefaults(`smtp://127.0.0.1:${port}`));
  }

  /** By mail, once the address is confirmed by the code of the letter to it. Throws STEP_FAILED: none comes. */
  async choose(member: Member, causes: readonly ChosenCause[] = ['incident']): Promise<void> {
    const { nickname, person } = member;
    const always = { language: 'en', quietFrom: 0, quietUntil: 0, zoneMinutes: 720 } as const;
    const address = addressOf(nickname);
    await person.run(setAlert, { ...always, channel: 'mail', address, causes: [...causes] });
    this.#codes += 1;
    await this.#come(0);
    await person.run(confirmAlert, this.#codeTo(member));
  }

  /** As it is read in the letter; of a relay whose letters a story does not see, as the hospital itself makes it. */
  #codeTo({ nickname, hospital, account }: Member): string {
    const address = addressOf(nickname);
    if (this.#setting.flags.smtp !== undefined) {
      const key = outboxKeyOf(join(serversOf(this.#setting.home), hospital));
      const code = confirmationCode(codeKeyOf(key), { account, address });
      return formatConfirmation(code, { account, address, codeKeyId: codeKeyIdOf(key) });
    }
    const letter = this.#relay.taken.findLast(({ to }) => to.includes(address));
    const code = codeInLetter(letter?.data ?? '');
    hold(code !== undefined, `a letter with a code to ${nickname}`);
    return code;
  }

  /** Waits for so many letters besides those with a code. */
  async #come(count: number): Promise<void> {
    const untilMs = performance.now() + patienceMs;
    while (this.#accepted() < count && performance.now() < untilMs) await wait(100);
    hold(this.#accepted() >= count, `${count} letters, not ${this.#accepted()}`);
  }

  /** One letter to each of them, and not a second one. Throws STEP_FAILED. */
  async oneEach(members: readonly Member[]): Promise<readonly string[]> {
    await this.#come(members.length);
    // A second one would come now.
    await wait(2_000);
    const accepted = this.#accepted();
    hold(accepted === members.length, `${members.length} letters, not ${accepted}`);
    const taken = this.#relay.taken
      .filter(({ data }) => codeInLetter(data) === undefined)
      .map(({ to }) => to.join());
    const isOwn = this.#setting.flags.smtp === undefined;
    for (const { nickname } of members) {
      const count = taken.filter((it) => it === addressOf(nickname)).length;
      hold(!isOwn || count === 1, `one letter to ${nickname}`);
    }
    await this.#relay.close();
    return members.map(({ nickname }) => addressOf(nickname));
  }

  /** Of all hospitals' alert services: what the relay said yes to, but for letters with a code. */
  #accepted(): number {
    const { home, servers } = this.#setting;
    const files = servers.hospitals.map(({ name }) => join(serversOf(home), name, places.letters));
    const there = files.filter((it) => existsSync(it));
    return there.reduce((sum, file) => sum + readStanding(file).states.accepted, -this.#codes);
  }
}

const addressOf = (nickname: string): string => `${nickname}@example.org`;

/** A relay that is named by its address alone gets a sender; one on this machine is spoken to as it is. */
function withDefaults(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const { searchParams: said } = url;
  if (!said.has('from')) said.set('from', 'alerts@salus.example');
  const isHere = url.protocol === 'smtp:' && loopback.has(url.hostname);
  if (isHere && !said.has('tls')) said.set('tls', 'none');
  return url.href;
}
