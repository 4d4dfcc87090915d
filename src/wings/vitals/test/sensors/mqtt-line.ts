import { connect, type Socket } from 'node:net';
import { concatBytes, utf8 } from '../../../../primitives/bytes.ts';

/** MQTT 3.1.1 by its bytes, written apart from the broker's library: enough to publish and to hear. */
export interface Heard {
  /** 2 connack, 3 publish, 4 puback, 9 suback. */
  readonly kind: number;
  readonly body: Uint8Array;
}

const short = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
const field = (text: string): Uint8Array => concatBytes(short(utf8(text).length), utf8(text));

export function packet(head: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...parts);
  const length: number[] = [];
  for (let left = body.length; ; left = Math.floor(left / 128)) {
    if (left < 128) return concatBytes(Uint8Array.of(head, ...length, left), body);
    length.push((left % 128) | 0x80);
  }
}

export class MqttLine {
  readonly #socket: Socket;
  readonly #heard: Heard[] = [];
  #wake = () => {};
  #held: Uint8Array = new Uint8Array(0);
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#take(new Uint8Array(bytes)));
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  /** Undefined: nobody listens there. */
  static async open(port: number): Promise<MqttLine | undefined> {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    return isOpen ? new MqttLine(socket) : undefined;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The return code: 0 is yes. */
  async login(user: string, password: string): Promise<number> {
    const flags = 0b1100_0010;
    const head = concatBytes(field('MQTT'), Uint8Array.of(4, flags), short(60));
    this.send(packet(0x10, head, field(`${user}-test`), field(user), field(password)));
    return (await this.next(2))?.body[1] ?? -1;
  }

  /** The granted quality of service; 128: refused. */
  async subscribe(topic: string): Promise<number> {
    this.send(packet(0x82, short(7), field(topic), Uint8Array.of(0)));
    return (await this.next(9))?.body[2] ?? -1;
  }

  /** Asks for an acknowledgement, number `id`. */
  publish(topic: string, message: string, id = 1): void {
    this.send(packet(0x32, field(topic), short(id), utf8(message)));
  }

  /** The next of a kind; undefined: the connection ended first. */
  async next(kind: number): Promise<Heard | undefined> {
    for (;;) {
      const at = this.#heard.findIndex((it) => it.kind === kind);
      if (at >= 0) return this.#heard.splice(at, 1)[0];
      if (this.isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What the next message says. */
  async message(): Promise<unknown> {
    const heard = await this.next(3);
    if (heard === undefined) return undefined;
    const topic = ((heard.body[0] ?? 0) << 8) | (heard.body[1] ?? 0);
    return JSON.parse(new TextDecoder().decode(heard.body.subarray(2 + topic)));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Uint8Array): void {
    this.#held = concatBytes(this.#held, bytes);
    for (;;) {
      let [length, at] = [0, 1];
      while (at < this.#held.length && (this.#held[at] ?? 0) >= 0x80) {
        length += ((this.#held[at] ?? 0) & 0x7f) * 128 ** (at - 1);
        at++;
      }
      if (at >= this.#held.length) break;
      length += (this.#held[at] ?? 0) * 128 ** (at - 1);
      if (this.#held.length < at + 1 + length) break;
      const body = this.#held.slice(at + 1, at + 1 + length);
      this.#heard.push({ kind: (this.#held[0] ?? 0) >> 4, body });
      this.#held = this.#held.slice(at + 1 + length);
    }
    this.#wake();
  }
}
