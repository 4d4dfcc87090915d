import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** One letter as a relay took it. */
export interface TakenLetter {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly isSecure: boolean;
}

/** What a relay does that an honest one does not, or not at once. */
export interface RelayManners {
  /** A certificate and its key, as PEM: it offers STARTTLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The answer to a command, in place of its own; undefined: its own. */
  readonly answer?: (command: string, met: number) => string | undefined;
  /** The answer to a whole letter; `silence`: it takes it and says nothing, `cut`: it takes it and hangs up. */
  readonly onLetter?: (letter: TakenLetter) => string | 'silence' | 'cut' | undefined;
  /** In place of its greeting. */
  readonly greet?: (socket: Socket) => void;
}

/** Of a letter, or of a line that does not end. */
const mostBytes = 1_000_000;

export const relayGreeting = '220 relay.test ESMTP';

/** A small relay (RFC 5321) that speaks for real and keeps what it took: that of the demonstration, and of tests, where it may be a hostile one. */
export class SmtpRelay {
  readonly taken: TakenLetter[] = [];
  /** Every command that was met, before TLS and within. */
  readonly commands: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #met = new Map<string, number>();
  manners: RelayManners;

  constructor(manners: RelayManners = {}) {
    this.manners = manners;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
      if (this.manners.greet !== undefined) this.manners.greet(socket);
      else {
        socket.write(`${relayGreeting}\r\n`);
        this.#serve(socket, false);
      }
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** What was taken and said so far; a relay that runs for long keeps it elsewhere. */
  forget(): void {
    this.taken.length = 0;
    this.commands.length = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket, isSecure: boolean): void {
    let held = '';
    let inLetter = false;
    let from = '';
    let to: string[] = [];
    const say = (line: string) => socket.write(`${line}\r\n`);
    const onData = (bytes: Buffer) => {
      held += bytes.toString('latin1');
      if (held.length > mostBytes) {
        socket.destroy();
        return;
      }
      for (;;) {
        const end = held.indexOf(inLetter ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const line = held.slice(0, end);
        held = held.slice(end + (inLetter ? 5 : 2));
        if (inLetter) {
          inLetter = false;
          const letter = { from, to, data: Buffer.from(line, 'latin1').toString('utf8'), isSecure };
          const said = this.manners.onLetter?.(letter);
          if (said === undefined || !/^[45]/.test(said)) this.taken.push(letter);
          if (said === 'cut') socket.destroy();
          else if (said !== 'silence') say(said ?? '250 taken');
          continue;
        }
        this.commands.push(line);
        const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? '';
        const met = (this.#met.get(verb) ?? 0) + 1;
        this.#met.set(verb, met);
        const other = this.manners.answer?.(line, met);
        if (other !== undefined) say(other);
        else if (verb === 'EHLO') {
          const offers = ['relay.test', '8BITMIME', 'SIZE 1000000'];
          if (this.manners.tls !== undefined && !isSecure) offers.push('STARTTLS');
          say(
            offers.map((it, at) => `250${at === offers.length - 1 ? ' ' : '-'}${it}`).join('\r\n'),
          );
        } else if (verb === 'STARTTLS' && this.manners.tls !== undefined) {
          say('220 go on');
          socket.off('data', onData);
          const secure = new TLSSocket(socket, { isServer: true, ...this.manners.tls });
          secure.on('error', () => {});
          this.#serve(secure, true);
          return;
        } else if (verb === 'MAIL') {
          from = /<(.*?)>/.exec(line)?.[1] ?? '';
          to = [];
          say('250 ok');
        } else if (verb === 'RCPT') {
          to.push(/<(.*?)>/.exec(line)?.[1] ?? '');
          say('250 ok');
        } else if (verb === 'DATA') {
          inLetter = true;
          say('354 go on');
        } else if (verb === 'QUIT') {
          say('221 bye');
          socket.end();
        } else say(verb === 'RSET' || verb === 'NOOP' ? '250 ok' : '502 not here');
      }
    };
    socket.on('data', onData);
  }
}
