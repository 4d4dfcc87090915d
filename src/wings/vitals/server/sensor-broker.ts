import { createServer, type Server } from 'node:net';
import type { Aedes, AedesOptions, Client, PublishPacket, Subscription } from 'aedes';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { PacketLengths } from './packet-lengths.ts';
import type { TakenIn } from './sensor-hub.ts';

/** What the broker needs of the hub. */
export interface BrokerOf {
  /** Of a sensor by its name; undefined: there is none, or it has no password. */
  readonly passwordOf: (name: string) => string | undefined;
  /** Written down when it returns. */
  readonly takeIn: (name: string, message: string) => Promise<TakenIn>;
}

/** Longest packet, bytes: a day of minutes of five vital signs. */
const maxPacketBytes = 512 * 1024;
const maxConnections = 64;
const inTopic = (name: string): string => `salus/sensors/${name}/readings`;
const outTopic = (name: string): string => `salus/sensors/${name}/result`;
const text = new TextDecoder('utf-8', { fatal: true });

/**
 * The broker of a home's sensors: each publishes its readings under its own name and hears what became of them, and nothing
 * else passes. An acknowledgement (QoS 1) is sent after the readings are on disk. Source: docs/protocol/vitals-reading.md,
 * rules VR-41 to VR-43.
 */
export class SensorBroker {
  readonly #aedes: Aedes;
  readonly #server: Server;

  private constructor(aedes: Aedes) {
    this.#aedes = aedes;
    this.#server = createServer((socket) => {
      const lengths = new PacketLengths(maxPacketBytes);
      socket.on('data', (bytes) => {
        if (!lengths.isWithin(bytes)) socket.destroy();
      });
      socket.on('error', () => socket.destroy());
      aedes.handle(socket);
    });
    this.#server.maxConnections = maxConnections;
  }

  /** On loopback. Throws what listening throws. */
  static async open(port: number, of: BrokerOf): Promise<SensorBroker> {
    // Where no sensor is, nothing of MQTT is loaded.
    const { Aedes } = await import('aedes');
    const aedes = await Aedes.createBroker(optionsFor(of, () => aedes));
    const broker = new SensorBroker(aedes);
    try {
      await new Promise<void>((resolve, reject) => {
        broker.#server.once('error', reject);
        broker.#server.listen(port, '127.0.0.1', resolve);
      });
      return broker;
    } catch (error) {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      throw error;
    }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Who a connection is, from its login on. */
const names = new WeakMap<Client, string>();

function optionsFor(of: BrokerOf, aedes: () => Aedes): AedesOptions {
  return {
    maxTopicLevels: 5,
    connectTimeout: 10_000,
    authenticate(client, username, password, done) {
      const expected = username === undefined ? undefined : of.passwordOf(username);
      const isRight =
        expected !== undefined &&
        password !== undefined &&
        equalBytes(new Uint8Array(password), utf8(expected));
      if (isRight && username !== undefined) names.set(client, username);
      done(null, isRight);
    },
    authorizeSubscribe(client, subscription: Subscription, done) {
      const name = names.get(client);
      const isOwn = name !== undefined && subscription.topic === outTopic(name);
      done(null, isOwn ? subscription : null);
    },
    // Before the acknowledgement: aedes sends that before it hands a message on.
    authorizePublish(client, packet, done) {
      const name = client === null ? undefined : names.get(client);
      if (name === undefined || packet.topic !== inTopic(name)) {
        done(new CodedError('NOT_SHARED'));
        return;
      }
      takeIn(of, name, packet).then(
        (result) => {
          tell(aedes(), name, result);
          // Nobody else hears of it, and it is kept nowhere else.
          packet.retain = false;
          packet.payload = Buffer.alloc(0);
          done(null);
        },
        (error: Error) => done(error),
      );
    },
    authorizeForward: (client, packet) =>
      packet.topic === outTopic(names.get(client) ?? '') ? packet : null,
  };
}

/** What can not be read is told, and not asked for again; what could not be written down is not acknowledged. */
async function takeIn(
  { takeIn: take }: BrokerOf,
  name: string,
  { payload }: PublishPacket,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const message = typeof payload === 'string' ? payload : text.decode(payload);
    const { taken, refused } = await take(name, message);
    return { taken, refused };
  } catch (error) {
    if (isCoded(error, 'REQUEST_INVALID') || error instanceof TypeError)
      return { taken: 0, code: 'REQUEST_INVALID' };
    throw error;
  }
}

function tell(aedes: Aedes, name: string, result: Readonly<Record<string, unknown>>): void {
  const payload = Buffer.from(JSON.stringify(result));
  const [cmd, dup] = ['publish', false] as const;
  aedes.publish({ cmd, dup, qos: 0, retain: false, topic: outTopic(name), payload }, () => {});
}
