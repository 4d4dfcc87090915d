import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { invitationsPost } from '../../src/api/routes/invitations-post.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import type { Role } from '../../src/ledger/roles.ts';
import { utf8 } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import type { RecordId } from '../../src/primitives/ids.ts';
import { type Fetch, Http, type HttpOptions } from '../../src/sdk/client/http.ts';
import { Person } from '../../src/sdk/index.ts';
import { fileOf } from '../e2e/consortium.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import type { Acknowledged } from './acknowledged.ts';
import type { Random } from './random.ts';
import { RawPatient } from './raw.ts';

const kib = 1024;
/** Not an address: the fetch of the clients puts the port of the living server in its place. */
const stableUrl = (hospital: string) => `http://salus.invalid/${hospital}`;
const hospitals = ['north', 'harbour', 'valley'] as const;
const hourMs = 60 * 60_000;

/** Who has a wallet: three patients, then two doctors. */
const cast: readonly { readonly hospital: string; readonly role: Role }[] = [
  { hospital: 'north', role: 'patient' },
  { hospital: 'harbour', role: 'patient' },
  { hospital: 'valley', role: 'patient' },
  { hospital: 'harbour', role: 'clinician' },
  { hospital: 'valley', role: 'clinician' },
];

const patientActs = ['small', 'large', 'grant', 'revoke', 'erase', 'open'] as const;
type PatientAct = (typeof patientActs)[number];
type Favoured = PatientAct | 'messages' | 'invite' | 'read';

const favours: readonly (readonly [prefix: string, act: Favoured])[] = [
  ['blobs:upload', 'large'],
  ['blobs:commit:rename', 'large'],
  ['blobs:commit:folder', 'large'],
  ['blobs:remove', 'erase'],
  ['gateway:erase', 'erase'],
  ['gateway:claims', 'erase'],
  ['gateway:batch', 'erase'],
  ['gateway:items', 'small'],
  ['gateway:inbox', 'messages'],
  ['gateway:invitation', 'invite'],
  ['gateway:wallet', 'small'],
  ['gateway:look', 'read'],
  ['gateway:nonce', 'read'],
  ['gateway:refusal', 'read'],
];

/** Where the gateway of a hospital answers now; undefined: it is down. */
export type UrlOf = (hospital: string) => string | undefined;

interface Somebody {
  readonly person: Person;
  /** Records that were added and not erased, oldest first. */
  readonly live: RecordId[];
  invitation: string | undefined;
  /** Cut off in the middle: repeats what was not confirmed before it does anything else. */
  wakes: boolean;
}

export interface LoadParts {
  /** What the machine of a hospital holds. */
  readonly homeOf: (hospital: string) => string;
  /** Where people without a wallet are; missing: at the hospitals of the demo. */
  readonly hospitals?: readonly string[];
  /** They hand their transactions in at any hospital. */
  readonly wanders?: boolean;
  /** What a request leaves by; missing: `fetch`. */
  readonly send?: Fetch;
  readonly acked: Acknowledged;
  readonly random: Random;
  /** What everybody waits between two things that they do, asked each time; missing: nothing. */
  readonly pauseMs?: () => number;
}

/**
 * The people who work on a consortium all the time: patients and doctors with wallets, and others who send
 * bare transactions, blobs and messages. Their devices outlive every server and go on where they were.
 */
export class Load {
  readonly #parts: LoadParts;
  readonly #http: HttpOptions;
  readonly #people: Somebody[] = [];
  readonly #raw: RawPatient[] = [];
  /** What should not come to a client, whatever happens to its server. */
  readonly unexpected: string[] = [];
  readonly done = new Map<string, number>();
  /** Where each refusal came from when it came first. */
  readonly firstOf = new Map<string, string>();
  #urlOf: UrlOf | undefined;
  #favoured: Favoured | undefined;
  #abort = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: LoadParts) {
    this.#parts = parts;
    this.#http = {
      fetch: parts.acked.fetchVia((hospital) => this.#urlOf?.(hospital), parts.send),
      retryDelaysMs: [],
      timeoutMs: 10_000,
    };
  }

  /** All loops begin; they end with `stop`. `point`: what leads past it is done more often. */
  start(urlOf: UrlOf, point = ''): void {
    this.#urlOf = urlOf;
    this.#favoured = favours.find(([prefix]) => point.startsWith(prefix))?.[1];
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#running = Promise.all([
      ...[0, 1, 2].map((at) => this.#loop(signal, () => this.#patientStep(at, signal))),
      ...[3, 4].map((at) => this.#loop(signal, () => this.#doctorStep(at, signal))),
      ...[0, 1].map(() => this.#loop(signal, () => this.#rawStep(signal))),
    ]);
  }

  /** Ends what is under way, as the death of the server does. */
  async stop(): Promise<void> {
    this.#urlOf = undefined;
    this.#abort.abort();
    await this.#running;
    for (const somebody of this.#people) somebody.wakes = this.#parts.random.is(0.5);
  }

  /** Everybody has an account, and there is something to read, to revoke and to erase. */
  get isComplete(): boolean {
    const isHere = ({ person }: Somebody) => person.accounts.some((it) => it.enrolled);
    const has = (name: string) => this.done.has(name);
    const everybody = this.#people.every(isHere) && this.#raw.length > 1;
    return everybody && has('grant') && has('large') && (has('read') || has('wrote'));
  }

  /** One of everything, until it works. Throws the last refusal when that takes too long. */
  async probe(urlOf: UrlOf, boundMs: number): Promise<void> {
    this.#urlOf = urlOf;
    this.#abort = new AbortController();
    const deadline = performance.now() + boundMs;
    const [patient] = this.#raw;
    if (patient === undefined) throw new Error('nobody is there to try');
    for (;;) {
      try {
        await patient.anchor();
        await patient.blob(10 * kib);
        await patient.blob(300 * kib);
        await patient.message(patient.account, 200);
        await this.#invite('north', 'patient');
        break;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await wait(100);
      }
    }
    this.#urlOf = undefined;
  }

  async #loop(signal: AbortSignal, step: () => Promise<string>): Promise<void> {
    while (!signal.aborted) {
      try {
        const name = await step();
        this.done.set(name, (this.done.get(name) ?? 0) + 1);
        if (this.#parts.pauseMs !== undefined) await wait(this.#parts.pauseMs());
      } catch (error) {
        if (signal.aborted) return;
        this.#judge(error);
        // Down, or busy: not at once again.
        await wait(Math.max(20, this.#parts.pauseMs?.() ?? 0));
      }
    }
  }

  #judge(error: unknown): void {
    if (!isCoded(error)) {
      this.unexpected.push(String(error instanceof Error ? error.stack : error));
      return;
    }
    const isOpen = error.code === 'GATEWAY_UNREACHABLE' || error.kind === 'unavailable';
    const bad = error.kind === 'fault' || error.kind === 'verification';
    if (bad && !isOpen) {
      const details = JSON.stringify(error.details);
      this.unexpected.push(`${error.code} ${details} ${error.stack?.split('\n')[2] ?? ''}`);
    }
    if (!this.firstOf.has(error.code)) {
      this.firstOf.set(error.code, `${error.stack} ${JSON.stringify(error.details)}`);
    }
    this.done.set(`no: ${error.code}`, (this.done.get(`no: ${error.code}`) ?? 0) + 1);
  }

  async #invite(hospital: string, role: Role): Promise<string> {
    const home = this.#parts.homeOf(hospital);
    const token = readFileSync(join(home, 'servers', hospital, 'desk.token'));
    const answer = await new Http(stableUrl(hospital), this.#http).json({
      method: invitationsPost.method,
      path: invitationsPost.path,
      json: { role, name: `${role} of ${hospital}` },
      headers: { authorization: `Desk ${token.toString('hex')}` },
      signal: this.#abort.signal,
    });
    return String(Object(answer).invitation);
  }

  /** New wallets, before there is a server: what they cost in time is no load. */
  async prepare(): Promise<void> {
    for (const [at, { role }] of cast.entries()) {
      const wallet = {
        store: memoryWalletStore(),
        passphrase: 'a long enough passphrase',
        name: `${role} ${at}`,
      };
      const { person } = await Person.create(wallet, { http: this.#http });
      this.#people.push({ person, live: [], invitation: undefined, wakes: true });
    }
  }

  /** Enrolled; a device whose answer was lost asks again with the same invitation. */
  async #enrolled(at: number, signal: AbortSignal): Promise<Somebody | undefined> {
    const somebody = this.#people[at];
    const { hospital, role } = cast[at] ?? { hospital: 'north', role: 'patient' };
    if (somebody === undefined) throw new Error('nobody');
    if (somebody.person.accounts.some((it) => it.enrolled)) return somebody;
    somebody.invitation ??= await this.#invite(hospital, role);
    const { person, invitation } = somebody;
    await person.enrol({ gatewayUrl: stableUrl(hospital), invitation, role, signal });
    return undefined;
  }

  async #patientStep(at: number, signal: AbortSignal): Promise<string> {
    const patient = await this.#enrolled(at, signal);
    if (patient === undefined) return 'joined';
    const { person, live } = patient;
    const { random } = this.#parts;
    if (patient.wakes || person.pendingCount > 0) {
      await person.sync({ signal });
      patient.wakes = false;
      return 'resumed';
    }
    const usual = random.weighted({
      small: 30,
      large: 12,
      grant: 28,
      revoke: 10,
      erase: 12,
      open: 8,
    });
    const wanted = patientActs.find((act) => act === this.#favoured);
    const chosen = wanted !== undefined && random.is(0.6) ? wanted : usual;
    const act: PatientAct = chosen === 'erase' && live.length === 0 ? 'large' : chosen;
    switch (act) {
      case 'small': {
        const name = `note ${random.below(1e9)}.txt`;
        const text = utf8(`pressure ${random.below(200)}, written ${random.below(1e9)}`);
        const { items } = await person.addFile(fileOf(name, text), { signal });
        live.push(...items.map((it) => it.recordId));
        return act;
      }
      case 'large': {
        const bytes = randomBytes(random.between(260, random.is(0.2) ? 1_300 : 400) * kib);
        const file = fileOf(`scan ${random.below(1e9)}.bin`, bytes);
        const { items } = await person.addFile(file, { signal });
        live.push(...items.map((it) => it.recordId));
        return act;
      }
      case 'grant': {
        const [doctor] = this.#people
          .slice(3)
          .filter(({ person: it }) => it.accounts.some(({ enrolled }) => enrolled))
          .slice(random.is(0.5) ? -1 : 0);
        if (doctor === undefined) return 'waited';
        await person.grant(
          {
            grantee: doctor.person.account().account,
            readClasses: ['note', 'other', 'diagnosis'],
            writeClasses: random.is(0.5) ? ['diagnosis', 'note'] : [],
            purposes: ['TREAT'],
            notAfterMs: Date.now() + 20 * hourMs,
          },
          { signal },
        );
        return act;
      }
      case 'revoke': {
        const grants = await person.grants({ signal });
        const liveGrants = grants.filter((it) => it.state === 'live');
        const grant = random.pick(liveGrants);
        if (grant === undefined || liveGrants.length < 3) return 'listed';
        await person.revoke(grant.consent, { signal });
        return act;
      }
      case 'erase': {
        // The larger ones lie at the end as a rule, and take a file with them.
        const recordId = random.is(0.5) ? live.shift() : live.pop();
        if (recordId !== undefined) await person.erase([recordId], { signal });
        return act;
      }
      default: {
        const recordId = live.at(-1);
        if (recordId !== undefined) await person.openRecord(recordId, { signal });
        return act;
      }
    }
  }

  async #doctorStep(at: number, signal: AbortSignal): Promise<string> {
    const somebody = await this.#enrolled(at, signal);
    if (somebody === undefined) return 'joined';
    const { person: doctor } = somebody;
    const { random } = this.#parts;
    if (somebody.wakes || doctor.pendingCount > 0) {
      await doctor.sync({ signal });
      somebody.wakes = false;
      return 'resumed';
    }
    const grants = await doctor.inbox({ signal });
    const ended = random.pick(grants.filter((it) => it.state === 'ended'));
    if (ended !== undefined && random.is(0.3)) {
      // Refused, and the refusal leaves its trace.
      await doctor.listShared(ended.consent, { signal });
      return 'read after the end';
    }
    const live = grants.filter((it) => it.state === 'live');
    const writable = live.filter((it) => it.mayWrite);
    const grant = random.pick(random.is(0.4) ? writable : live);
    if (grant === undefined) return 'waited';
    if (grant.mayWrite && random.is(this.#favoured === 'read' ? 0.1 : 0.5)) {
      const bytes = utf8(`seen ${random.below(1e9)}`);
      const recordClass = random.is(0.5) ? 'diagnosis' : 'note';
      const note = { recordClass, mediaType: 'text/plain', name: 'note.txt', bytes } as const;
      await doctor.write(grant.consent, [note], { signal });
      return 'wrote';
    }
    const listing = await doctor.listShared(grant.consent, { signal });
    return listing === undefined ? 'waited' : 'read';
  }

  async #rawStep(signal: AbortSignal): Promise<string> {
    const { random, wanders = false } = this.#parts;
    const all = this.#parts.hospitals ?? hospitals;
    const hospital = random.pick(all) ?? 'north';
    if (this.#raw.length < 2 || random.is(0.02)) {
      const invitation = await this.#invite(hospital, 'patient');
      const options = { http: this.#http, signal };
      this.#raw.push(await RawPatient.enrol(stableUrl(hospital), invitation, options));
      return 'raw joined';
    }
    const patient = random.pick(this.#raw.slice(-4));
    const other = random.pick(this.#raw);
    if (patient === undefined || other === undefined) return 'waited';
    const wanted = this.#favoured;
    const act =
      (wanted === 'messages' || wanted === 'invite') && random.is(0.6)
        ? wanted
        : random.weighted({ anchors: 45, messages: 30, blob: 15, invite: 10 });
    switch (act) {
      case 'anchors':
        await together(random.between(1, 12), () =>
          patient.anchor(signal, wanders ? stableUrl(random.pick(all) ?? hospital) : undefined),
        );
        return act;
      case 'messages':
        await together(random.between(1, 6), () =>
          patient.message(other.account, random.between(20, 9_000), signal),
        );
        return act;
      case 'blob':
        await patient.blob(random.between(1, 900) * kib, signal);
        return act;
      default:
        await this.#invite(hospital, 'patient');
        return act;
    }
  }
}

/** Each to its end, also when another failed: none may go on unseen. */
async function together(times: number, work: () => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, work));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
