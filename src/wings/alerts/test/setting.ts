import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { xwingKeyFromSeed } from '../../../crypto/kem.ts';
import { sealTo } from '../../../crypto/letter.ts';
import type { GatewayBase } from '../../../gateway/base.ts';
import { Store } from '../../../gateway/store.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { UnboundRow } from '../../../primitives/row-guard.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { rowGuard } from '../../../server/row-key.ts';
import { chosenCauses } from '../api/causes.ts';
import { type Choice, choice, choiceContext, noCode } from '../api/choice.ts';
import { codeKeyIdOf, codeKeyOf, confirmationCode } from '../api/confirmation.ts';
import { alerts } from '../gateway/alerts-part.ts';
import { Outbox } from '../gateway/outbox.ts';
import { alertsNames } from '../names.ts';
import type { Channel } from '../node/channel.ts';
import { LetterStore } from '../node/letter-store.ts';
import { MailChannel } from '../node/mail.ts';
import { OutboxReader } from '../node/outbox-reader.ts';
import { parseRelay } from '../node/relay-url.ts';
import { AlertService } from '../node/service.ts';
import { type RelayManners, SmtpRelay } from '../node/smtp-relay.ts';
import type { Standing } from '../node/standing.ts';

const keyId = 'the-key';
export const sharedKey = new Uint8Array(32).fill(7);
export const lettersKey = new Uint8Array(32).fill(8);

const codes = { key: codeKeyOf(sharedKey), keyId: codeKeyIdOf(sharedKey) };
export const codeKeyId = codes.keyId;
/** What the letter to this address of hers says (AL-20). */
export const codeOf = (account: AccountId, address: string): Uint8Array =>
  confirmationCode(codes.key, { account, address });

export const ana = 'a'.repeat(64) as AccountId;
export const bob = 'b'.repeat(64) as AccountId;
/** 20 November 2026, noon. */
export const noonMs = Date.UTC(2026, 10, 20, 12);

export const relayAt = (port: number, more = '&tls=none') =>
  parseRelay(`smtp://127.0.0.1:${port}?from=alerts@north.example${more}`);

/** One relay for all tests of a file, empty and honest before each; called where the file begins. */
export function relayOfFile(): { readonly relay: SmtpRelay; readonly mail: () => MailChannel } {
  const relay = new SmtpRelay();
  let port: number;
  before(async () => {
    port = await relay.listen();
  });
  after(() => relay.close());
  beforeEach(() => {
    relay.taken.length = 0;
    relay.manners = {};
  });
  return { relay, mail: () => new MailChannel(relayAt(port)) };
}

/** One letter, as a channel is given it. */
export const letter = {
  name: new Uint8Array(16).fill(3),
  address: 'ana@example.org',
  language: 'en',
  cause: 'look',
  sentMs: 0,
  secret: new Uint8Array(0),
} as const;

/** A relay of these manners, for as long as the work takes. */
export async function withRelay(
  manners: RelayManners,
  work: (relay: SmtpRelay, port: number) => Promise<void>,
): Promise<void> {
  const relay = new SmtpRelay(manners);
  const port = await relay.listen();
  try {
    await work(relay, port);
  } finally {
    await relay.close();
  }
}

/** Until nothing is due. */
export async function allRounds(service: AlertService): Promise<void> {
  for (let rounds = 0; await service.round(); rounds++) assert.ok(rounds < 50, 'it ends');
}

/** The gateway's side and the service's side of one hospital in a folder, with a clock that tests turn. */
export class AlertsSetting {
  readonly folder = mkdtempSync(join(tmpdir(), 'salus-alerts-'));
  readonly logged: Readonly<Record<string, string | number>>[] = [];
  /** Rows of the letters' file that did not hold. */
  readonly unbound: UnboundRow[] = [];
  nowMs = noonMs;
  /** As the service's own mark says. */
  wasMade = false;
  db = this.#openDb();
  readonly #opened: (() => void)[] = [];

  /** The gateway of a home that was restored without keys. */
  get outboxWithoutKey(): Outbox {
    return this.#outboxWith(undefined);
  }

  get outbox(): Outbox {
    return this.#outboxWith(sharedKey);
  }

  #outboxWith(wingKey: Uint8Array | undefined): Outbox {
    const figures = { add: () => {}, set: () => {}, observe: () => {} };
    const base: Partial<GatewayBase> = {
      db: this.db,
      now: () => this.nowMs,
      wingKey,
      figures,
    };
    return new Outbox(base as GatewayBase);
  }

  #openDb(): Store {
    const { store } = alerts;
    return new Store(join(this.folder, 'gateway.db'), store === undefined ? [] : [store]);
  }

  /** Copies the gateway's file; returns what puts the copy in its place, and the gateway starts anew with it. */
  copied(): () => void {
    const path = join(this.folder, 'gateway.db');
    const copy = `${path}.old`;
    this.#anew(() => copyFileSync(path, copy));
    return () => this.#anew(() => copyFileSync(copy, path));
  }

  #anew(whileClosed: () => void): void {
    this.db.close();
    whileClosed();
    this.db = this.#openDb();
  }

  /** As a device seals it; a mail address is confirmed, unless `change` says another code. */
  async choose(
    account: AccountId,
    change: Partial<Choice> = {},
    told: { readonly counter?: number } = {},
  ): Promise<void> {
    const { publicKey } = await serviceKey();
    const { channel: way = 'mail', address = `${account.slice(0, 1)}@example.org` } = change;
    const wanted: Choice = {
      counter: 1,
      channel: way,
      address,
      language: 'en',
      quietFrom: 0,
      quietUntil: 0,
      zoneMinutes: 720,
      secret: new Uint8Array(way === 'webhook' ? 32 : 0),
      causes: ['look', 'refusal', 'grant-ends', 'device', 'rotation', 'freeze'],
      known: chosenCauses.length,
      code: way === 'mail' ? codeOf(account, address) : noCode,
      ...change,
    };
    const { channel, counter } = wanted;
    const sealed = await sealTo(
      publicKey,
      alertsNames.labels.alertSeal,
      choiceContext(account, channel),
      new Uint8Array(0),
      encodeAs(choice, wanted),
    );
    this.outbox.choose({ account, channel, keyId, counter, sealed, ...told });
  }

  /** The service as a process that starts now: what it was told before stands in its files. */
  async service(
    channels: readonly Channel[],
    faultPoint?: (name: string) => void,
    operator?: string,
  ): Promise<{ readonly service: AlertService; readonly letters: LetterStore }> {
    const reader = new OutboxReader(join(this.folder, 'gateway.db'), sharedKey);
    const letters = new LetterStore(join(this.folder, 'letters.db'), lettersKey, {
      ...(faultPoint && { faultPoint }),
      wasMade: this.wasMade,
      binding: { guard: rowGuard(lettersKey), told: (it) => this.unbound.push(it) },
    });
    this.#opened.push(
      () => reader.close(),
      () => letters.close(),
    );
    const service = new AlertService({
      outbox: reader,
      ...{ operator, letters, channels, codes, now: () => this.nowMs },
      keys: new Map([[keyId, await serviceKey()]]),
      log: (line) => this.logged.push(line),
    });
    return { service, letters };
  }

  mail(port: number, options?: ConstructorParameters<typeof MailChannel>[1]): MailChannel {
    return new MailChannel(relayAt(port), options);
  }

  /** The service's process from its start until nothing is due; where its letters stand then. */
  async run(channel: Channel, faultPoint?: (name: string) => void): Promise<Standing> {
    const { service, letters } = await this.service([channel], faultPoint);
    try {
      await allRounds(service);
      return letters.standing();
    } finally {
      this.end();
    }
  }

  /** The service's process ends, however it was. */
  end(): void {
    for (const close of this.#opened.splice(0)) close();
  }

  leave(): void {
    this.end();
    this.db.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const serviceKey = () => xwingKeyFromSeed(new Uint8Array(32).fill(9));
