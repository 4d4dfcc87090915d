import { setTimeout as wait } from 'node:timers/promises';
import { fileWalletStore } from '../../../cli/home.ts';
import { Person } from '../../../sdk/person.ts';
import { enrolMember, type Member, storyPassphrase } from '../../../story/cast.ts';
import { hold, type Setting } from '../../../story/chapter.ts';
import { type ChosenCause, chosenCauses } from '../api/causes.ts';
import { codeInLetter } from '../node/letter-text.ts';
import { SmtpRelay, type TakenLetter } from '../node/smtp-relay.ts';
import { confirmAlert, setAlert, type Wanted } from '../sdk/index.ts';
import { writeRelay } from '../server/places.ts';

/** Whoever waits for a letter waits so long. */
const patienceMs = 60_000;

/** Hospitals with a relay, and people of theirs who are told by mail, each at an address of their own. */
export class AlertsScene {
  readonly #setting: Setting;
  readonly #relay = new SmtpRelay();
  readonly #members = new Map<string, Member>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  get servers() {
    return this.#setting.servers;
  }

  /** Letters by what they are addressed to, as the relay took them; those with a code apart. */
  lettersTo(nickname: string): readonly TakenLetter[] {
    return this.#allTo(nickname).filter(({ data }) => codeInLetter(data) === undefined);
  }

  /** What the newest letter with a code says. */
  codeTo(nickname: string): string | undefined {
    return this.#allTo(nickname)
      .map(({ data }) => codeInLetter(data))
      .findLast((it) => it !== undefined);
  }

  #allTo(nickname: string): readonly TakenLetter[] {
    return this.#relay.taken.filter(({ to }) => to.includes(addressOf(nickname)));
  }

  /** A relay that speaks for real, named to the hospitals as an operator names it. */
  async openRelay(): Promise<number> {
    const { servers, home, signal } = this.#setting;
    const port = await this.#relay.listen();
    signal.addEventListener('abort', () => void this.#relay.close());
    await servers.stop();
    writeRelay(home, `smtp://127.0.0.1:${port}?from=alerts@salus.example&tls=none`);
    await servers.restart();
    return port;
  }

  async enrol(nickname: string, role: 'patient' | 'clinician'): Promise<Member> {
    const { servers, home } = this.#setting;
    const hospital = role === 'patient' ? 'north' : 'harbour';
    const member = await enrolMember(servers, home, { nickname, name: nickname, role, hospital });
    this.#members.set(nickname, member);
    return member;
  }

  member(nickname: string): Member {
    const member = this.#members.get(nickname);
    hold(member !== undefined, `${nickname} is enrolled`);
    return member;
  }

  /** Told by mail of these causes, once the address is confirmed by what the letter to it says, and in the app of all. */
  async choose(nickname: string, causes: readonly ChosenCause[]): Promise<void> {
    const { person } = this.member(nickname);
    const always = { language: 'en', quietFrom: 0, quietUntil: 0, zoneMinutes: 720 } as const;
    const address = addressOf(nickname);
    const mail: Wanted = { ...always, channel: 'mail', address, causes: [...causes] };
    await person.run(setAlert, mail);
    await person.run(confirmAlert, await this.#code(nickname));
    await person.run(setAlert, { ...mail, channel: 'inbox', address: '', causes: chosenCauses });
  }

  /** Waits for the letter with the code. Throws STEP_FAILED: none comes. */
  async #code(nickname: string): Promise<string> {
    const untilMs = performance.now() + patienceMs;
    while (this.codeTo(nickname) === undefined && performance.now() < untilMs) await wait(50);
    const code = this.codeTo(nickname);
    hold(code !== undefined, `a letter with a code to ${nickname}`);
    return code;
  }

  /** Waits for so many letters, and says which they are. Throws STEP_FAILED: they do not come, or more do. */
  async letters(nickname: string, count: number): Promise<readonly TakenLetter[]> {
    const untilMs = performance.now() + patienceMs;
    while (this.lettersTo(nickname).length < count && performance.now() < untilMs) await wait(50);
    const letters = this.lettersTo(nickname);
    hold(letters.length === count, `${count} letters to ${nickname}, not ${letters.length}`);
    return letters;
  }

  /** Somebody answers a challenge for this account with a key that is not its own. Returns the refusal's code. */
  async signInWrongly(nickname: string): Promise<string> {
    const { account } = this.member(nickname);
    const url = `${this.servers.hospital('north').url}/v1/session`;
    const asked = await post(url, { account });
    const [publicKey, signature] = [Buffer.alloc(32, 1), Buffer.alloc(64, 1)].map((it) =>
      it.toString('base64url'),
    );
    const answered = await post(url, { account, challenge: asked.challenge, publicKey, signature });
    return String(
      (answered.error as { readonly code?: unknown } | undefined)?.code ?? answered.code,
    );
  }

  /** A device that has nothing yet gets the wallet from one that is unlocked. */
  newDevice(nickname: string): Promise<void> {
    const { person } = this.member(nickname);
    const store = fileWalletStore(this.#setting.home, `${nickname}-telephone`);
    return new Promise((resolve, reject) => {
      let showDigits: (digits: string) => void = () => {};
      const digits = new Promise<string>((shown) => {
        showDigits = shown;
      });
      const onLink = (link: string): void => {
        const isDoneThere = () => added.then(() => true);
        const device = { store, passphrase: storyPassphrase, link, deviceName: 'Telephone' };
        void Person.join({ ...device, showDigits, isDoneThere }).then(() => resolve(), reject);
      };
      const added = person.addDevice({ onLink, askDigits: () => digits });
      added.catch(reject);
    });
  }

  async close(): Promise<void> {
    await this.#relay.close();
  }
}

const addressOf = (nickname: string): string => `${nickname}@example.org`;

async function post(url: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}
