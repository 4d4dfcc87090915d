import { createHash, createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import type { PublicPostOptions } from '../node/public-post.ts';
import { receiversAt } from './receiver.ts';

/** What a browser says to its push service (Mozilla's autopush, WebSocket protocol). */
interface Said {
  readonly messageType: string;
  readonly channelID?: string;
  /** The sender that alone may push, base64url. */
  readonly key?: string;
  readonly updates?: readonly { readonly channelID: string; readonly code: number }[];
}

/** How a browser acknowledges a push that its page's worker was given, and one that it could not open. */
export const opened = 100;
export const unopened = 101;

const { here, open } = receiversAt('push.example');

/**
 * A push service on this machine that a real browser keeps its connection to, in place of its maker's, and that a hospital posts to
 * (RFC 8030). It takes a push of nobody but whom the browser named (RFC 8292), and cannot open it.
 */
export class BrowserPushService {
  /** With these a channel posts to it. */
  readonly here: Required<PublicPostOptions> = here;
  /** What it does to a push on its way; an honest one nothing. */
  altering: (body: Buffer) => Buffer = (body) => body;
  /** Keys of the senders that browsers named. */
  readonly senders: string[] = [];
  readonly acknowledged: number[] = [];
  readonly #keys = new Map<string, string>();
  readonly #sockets = createServer();
  #browser: Duplex | undefined;
  #origin = '';
  #close: () => Promise<void> = async () => {};
  #heard: () => void = () => {};

  /** Where browsers connect: `ws://…`. */
  async start(): Promise<string> {
    this.#sockets.on('upgrade', (request, socket) => this.#upgrade(request, socket));
    await new Promise<void>((resolve) => this.#sockets.listen(0, '127.0.0.1', resolve));
    const { origin, close } = await open((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (bytes) => parts.push(bytes));
      request.on('end', () => {
        const status = this.#take(request, Buffer.concat(parts));
        response.writeHead(status).end();
      });
    });
    this.#origin = origin;
    this.#close = close;
    return `ws://127.0.0.1:${(this.#sockets.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#browser?.destroy();
    await this.#close();
    await new Promise((resolve) => this.#sockets.close(resolve));
  }

  /** Once the browser has said so often what became of a push. */
  async until(count: number): Promise<readonly number[]> {
    while (this.acknowledged.length < count) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.acknowledged;
  }

  /** RFC 8030, 5: the status for who posts. */
  #take({ method, url = '', headers }: IncomingMessage, body: Buffer): number {
    const channelID = url.slice('/to/'.length);
    const sender = this.#keys.get(channelID);
    if (method !== 'POST' || sender === undefined) return 404;
    if (!isOf(sender, this.#origin, String(headers.authorization))) return 401;
    if (headers['content-encoding'] !== 'aes128gcm' || headers.ttl === undefined) return 400;
    this.#say({
      ...{ messageType: 'notification', channelID, version: randomUUID() },
      ...{ data: this.altering(body).toString('base64url'), headers: { encoding: 'aes128gcm' } },
    });
    return 201;
  }

  #hear(said: Said): void {
    const { messageType, channelID = '', key = '' } = said;
    if (messageType === 'hello') {
      const uaid = randomBytes(16).toString('hex');
      this.#say({ messageType, uaid, status: 200, use_webpush: true, broadcasts: {} });
    } else if (messageType === 'register') {
      const sender = key.replace(/=+$/, '');
      this.#keys.set(channelID, sender);
      this.senders.push(sender);
      const pushEndpoint = `${this.#origin}/to/${channelID}`;
      this.#say({ messageType, channelID, status: 200, pushEndpoint });
    } else if (messageType === 'unregister') {
      this.#keys.delete(channelID);
      this.#say({ messageType, channelID, status: 200 });
    } else if (messageType === 'ack') {
      for (const { code } of said.updates ?? []) this.acknowledged.push(code);
      this.#heard();
    }
  }

  #upgrade({ headers }: IncomingMessage, socket: Duplex): void {
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const protocol = headers['sec-websocket-protocol'];
    socket.write(
      [
        'HTTP/1.1 101 Switching Protocols',
        'upgrade: websocket',
        'connection: upgrade',
        `sec-websocket-accept: ${accept}`,
        ...(protocol === undefined ? [] : [`sec-websocket-protocol: ${protocol}`]),
        '\r\n',
      ].join('\r\n'),
    );
    this.#browser = socket;
    let held = Buffer.of();
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      held = Buffer.concat([held, bytes]);
      for (let frame = frameOf(held); frame !== undefined; frame = frameOf(held)) {
        held = held.subarray(frame.bytes);
        if (frame.text !== undefined) this.#hear(JSON.parse(frame.text));
      }
    });
  }

  #say(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const head = Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
    this.#browser?.write(
      Buffer.concat(text.length < 126 ? [Buffer.from([0x81, text.length]), text] : [head, text]),
    );
  }
}

/** The first frame of a browser (RFC 6455, 5.2), and its text if it has one; undefined: it is not all there. */
function frameOf(held: Buffer): { readonly bytes: number; readonly text?: string } | undefined {
  if (held.length < 2) return undefined;
  const short = (held[1] ?? 0) & 127;
  const start = short === 126 ? 4 : 2;
  if (held.length < start + 4) return undefined;
  const length = short === 126 ? held.readUInt16BE(2) : short;
  const bytes = start + 4 + length;
  if (held.length < bytes) return undefined;
  const mask = held.subarray(start, start + 4);
  const text = Buffer.from(
    held.subarray(start + 4, bytes).map((it, at) => it ^ (mask[at % 4] ?? 0)),
  );
  return ((held[0] ?? 0) & 15) === 1 ? { bytes, text: text.toString('utf8') } : { bytes };
}

/** RFC 8292: a token of this sender for this push service, that has not ended and ends within a day. */
function isOf(sender: string, origin: string, authorization: string): boolean {
  const [, token = '', k] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  const [head = '', claims = '', signature = ''] = token.split('.');
  if (k !== sender) return false;
  const point = Buffer.from(sender, 'base64url');
  const [x, y] = [bytesToBase64url(point.subarray(1, 33)), bytesToBase64url(point.subarray(33))];
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const said = Buffer.from(`${head}.${claims}`);
  const of = { key, dsaEncoding: 'ieee-p1363' } as const;
  const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  const left = exp - Date.now() / 1_000;
  return (
    aud === origin &&
    left > 0 &&
    left <= 86_400 &&
    verify('sha256', said, of, Buffer.from(signature, 'base64url'))
  );
}
