import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { requireMailAddress } from '../api/choice.ts';
import type { Channel, Delivered, Outgoing } from './channel.ts';
import { NameLookup } from './name-lookup.ts';
import type { Relay } from './relay-url.ts';
import { languageOf, textOf } from './templates.ts';

/** So long a whole letter may take, however busy the relay looks meanwhile. */
const letterMs = 60_000;
const greetingMs = 15_000;
/** An address that is slow is left for the next one, if there is one. */
const attemptMs = 1_000;
/** A reply of a relay has a few hundred bytes. */
const maxReplyBytes = 64 * 1024;

export interface MailOptions {
  readonly letterMs?: number;
  readonly greetingMs?: number;
  readonly names?: Pick<NameLookup, 'addresses'>;
}

/**
 * Letters to the hospital's own relay (RFC 5321). One connection a letter; nothing is said before TLS with a certificate
 * of the relay's name, but to a relay on this machine that was named so.
 * Source: docs/protocol/alerts.md, AL-5, AL-7, AL-10.
 */
export class MailChannel implements Channel {
  readonly name = 'mail';
  readonly atOnce = 1;
  readonly #relay: Relay;
  readonly #letterMs: number;
  readonly #greetingMs: number;
  readonly #names: Pick<NameLookup, 'addresses'>;

  constructor(relay: Relay, options: MailOptions = {}) {
    this.#relay = relay;
    this.#letterMs = options.letterMs ?? letterMs;
    this.#greetingMs = options.greetingMs ?? greetingMs;
    this.#names = options.names ?? new NameLookup();
  }

  async deliver(letter: Outgoing, handing: () => void): Promise<Delivered> {
    let isHanding = false;
    /** This machine could not write down that it hands the letter over: so it did not. */
    let fault: { readonly cause: unknown } | undefined;
    try {
      requireMailAddress(letter.address);
      const message = await composed(letter, this.#relay.from);
      await this.#send(letter.address, message, () => {
        try {
          handing();
          isHanding = true;
        } catch (cause) {
          fault = { cause };
          throw cause;
        }
      });
      return { outcome: 'accepted' };
    } catch (error) {
      if (fault !== undefined) throw fault.cause;
      return outcomeOf(error, isHanding);
    }
  }

  async #send(to: string, message: Buffer, handing: () => void): Promise<void> {
    const began = performance.now();
    const connection = this.#connection(await this.#connected());
    const tooLong = new CodedError('RELAY_UNREACHABLE', { problem: 'too slow' });
    let reject: (error: unknown) => void = () => {};
    const broken = new Promise<never>((_resolve, fail) => {
      reject = fail;
    });
    broken.catch(() => undefined);
    const leftMs = Math.max(0, this.#letterMs - (performance.now() - began));
    const timer = setTimeout(() => reject(tooLong), leftMs);
    connection.on('error', reject);
    connection.once('end', () => reject(new CodedError('RELAY_UNREACHABLE')));
    const done = <T>(work: (told: (error?: Error | null, result?: T) => void) => void) =>
      Promise.race([
        broken,
        new Promise<void>((resolve, fail) => work((error) => (error ? fail(error) : resolve()))),
      ]);
    try {
      await done((told) => connection.connect(told));
      const { user, password, from } = this.#relay;
      if (user !== undefined) {
        await done((told) => connection.login({ user, pass: password }, told));
      }
      const envelope = { from, to: [to], size: message.length };
      await done((told) => connection.send(envelope, handedOver(message, handing), told));
      connection.quit();
    } finally {
      clearTimeout(timer);
      connection.close();
    }
  }

  /** A connection to the first of the relay's addresses that takes one; each family has its turn (RFC 8305). */
  async #connected(): Promise<Socket> {
    const { host, port } = this.#relay;
    const signal = AbortSignal.timeout(Math.min(this.#greetingMs, this.#letterMs));
    const found = await this.#names.addresses(host, { signal, isOurs: true });
    return new Promise((resolve, reject) => {
      const [first] = found;
      const socket = connect({
        ...{ host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: attemptMs },
        lookup: (_host, { all }, told) => {
          if (first === undefined) told(new CodedError('RELAY_UNREACHABLE'), '');
          else if (all === true) told(null, [...found]);
          else told(null, first.address, first.family);
        },
      });
      const end = (error: unknown): void => {
        socket.destroy();
        reject(error);
      };
      const late = () => end(signal.reason);
      signal.addEventListener('abort', late, { once: true });
      socket.once('error', end);
      socket.once('connect', () => {
        signal.removeEventListener('abort', late);
        socket.off('error', end);
        resolve(socket);
      });
    });
  }

  #connection(socket: Socket): SMTPConnection {
    const { host, port, isImplicitTls, isPlain, from, ca } = this.#relay;
    return new SMTPConnection({
      connection: socket,
      ...{ host, port, secure: isImplicitTls, requireTLS: !isPlain, ignoreTLS: isPlain },
      name: from.slice(from.indexOf('@') + 1),
      connectionTimeout: this.#greetingMs,
      greetingTimeout: this.#greetingMs,
      socketTimeout: this.#letterMs,
      socketCloseTimeout: 0,
      maxResponseSize: maxReplyBytes,
      tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    });
  }
}

/** Read first when the relay has said that it takes the letter: from then on it may. */
function handedOver(message: Buffer, handing: () => void): Readable {
  return Readable.from(
    (function* () {
      handing();
      yield message;
    })(),
  );
}

function composed(letter: Outgoing, from: string) {
  const { name, address, sentMs } = letter;
  const { subject, body } = textOf(letter);
  const composer = new MailComposer({
    ...{ from, to: address, subject, text: body, date: new Date(sentMs) },
    messageId: `<${bytesToHex(name)}@${from.slice(from.indexOf('@') + 1)}>`,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'Content-Language': languageOf(letter),
    },
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** What Node calls a certificate, or a handshake, that does not hold (documentation of `tls`, X509 certificate error codes). */
const isOfTls = (code: string | undefined): boolean =>
  code !== undefined &&
  /^ERR_(TLS|SSL)|^UNABLE_TO_|CERT|CRL|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|^UNSPECIFIED$|EPROTO/.test(
    code,
  );

const startOfRelay = new Set(['CONN', 'EHLO', 'HELO', 'STARTTLS', 'API', undefined]);

/** What a fault of the relay means for this letter, and for all (AL-10). */
function outcomeOf(error: unknown, isHanding: boolean): Delivered {
  if (isCoded(error, 'ALERT_ADDRESS_WRONG')) return { outcome: 'never', code: error.code };
  const { code, originalCode, command, responseCode } = error as {
    readonly code?: string;
    readonly originalCode?: string;
    readonly command?: string;
    readonly responseCode?: number | false;
  };
  const said = responseCode || 0;
  // Its answer after the letter is an answer, in whatever way the connection ends then.
  if (isHanding && said < 400) return { outcome: 'doubt', code: 'RELAY_SILENT' };
  if (!isHanding && (code === 'ETLS' || command === 'STARTTLS' || isOfTls(originalCode))) {
    return { outcome: 'down', code: 'RELAY_UNSAFE' };
  }
  const isOfAll = startOfRelay.has(command) || said === 421 || said < 400;
  if (!isHanding && isOfAll) return { outcome: 'down', code: 'RELAY_UNREACHABLE' };
  if (said < 500) return { outcome: 'later', code: 'RELAY_LATER' };
  // That a relay knows neither us nor our sender says nothing about this letter.
  const isOurs = command === 'MAIL FROM' || command?.startsWith('AUTH') === true;
  return { outcome: isOurs ? 'down' : 'never', code: 'RELAY_REFUSED' };
}
