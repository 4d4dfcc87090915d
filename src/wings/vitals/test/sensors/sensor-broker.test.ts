import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../../../primitives/errors.ts';
import { freePorts } from '../../../../story/free-ports.ts';
import { PacketLengths } from '../../server/packet-lengths.ts';
import { SensorBroker } from '../../server/sensor-broker.ts';
import type { TakenIn } from '../../server/sensor-hub.ts';
import { MqttLine, packet } from './mqtt-line.ts';

interface Stage {
  readonly port: number;
  readonly taken: string[];
  /** What the hub does with the next messages. */
  answer: (message: string) => Promise<TakenIn>;
}

async function opened(t: { after(work: () => Promise<void>): void }): Promise<Stage> {
  const [port = 0] = await freePorts(1);
  const taken: string[] = [];
  const stage: Stage = { port, taken, answer: async () => ({ taken: 1, refused: [] }) };
  const broker = await SensorBroker.open(port, {
    passwordOf: (name) => ({ watch: 'one', meter: 'two' })[name],
    takeIn: async (name, message) => {
      taken.push(`${name} ${message}`);
      return stage.answer(message);
    },
  });
  t.after(() => broker.close());
  return stage;
}

async function line(port: number): Promise<MqttLine> {
  return (await MqttLine.open(port)) ?? assert.fail('nobody listens');
}

const readings = (name: string) => `salus/sensors/${name}/readings`;
const result = (name: string) => `salus/sensors/${name}/result`;

test('a sensor logs in by its own password, and speaks and hears under its own name alone', async (t) => {
  const { port, taken } = await opened(t);
  const thief = await line(port);
  assert.notEqual(await thief.login('watch', 'two'), 0);
  const nobody = await line(port);
  assert.notEqual(await nobody.login('constructor', 'one'), 0);
  const watch = await line(port);
  assert.equal(await watch.login('watch', 'one'), 0);
  assert.equal(await watch.subscribe(result('meter')), 128);
  assert.equal(await watch.subscribe('#'), 128);
  assert.equal(await watch.subscribe(result('watch')), 0);
  watch.publish(readings('watch'), '[]', 9);
  assert.deepEqual((await watch.next(4))?.body, Uint8Array.of(0, 9));
  assert.deepEqual(await watch.message(), { taken: 1, refused: [] });
  watch.publish(readings('meter'), '[]', 10);
  assert.equal(await watch.next(4), undefined, 'it is thrown out');
  assert.deepEqual(taken, ['watch []']);
});

test('an acknowledgement comes after the readings are kept, and none where they could not be', async (t) => {
  const stage = await opened(t);
  const order: string[] = [];
  let keep = () => {};
  stage.answer = async () => {
    await new Promise<void>((resolve) => {
      keep = resolve;
    });
    order.push('kept');
    return { taken: 1, refused: [{ timeMs: 5, vital: 'glucose', code: 'VALUE_RANGE' }] };
  };
  const meter = await line(stage.port);
  await meter.login('meter', 'two');
  await meter.subscribe(result('meter'));
  meter.publish(readings('meter'), '1', 3);
  const acknowledged = meter.next(4).then((it) => {
    order.push('acknowledged');
    return it;
  });
  while (stage.taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  keep();
  assert.deepEqual((await acknowledged)?.body, Uint8Array.of(0, 3));
  assert.deepEqual(order, ['kept', 'acknowledged']);
  assert.deepEqual(await meter.message(), {
    taken: 1,
    refused: [{ timeMs: 5, vital: 'glucose', code: 'VALUE_RANGE' }],
  });
  stage.answer = async () => {
    throw new CodedError('REQUEST_INVALID');
  };
  meter.publish(readings('meter'), 'no JSON', 4);
  assert.deepEqual((await meter.next(4))?.body, Uint8Array.of(0, 4), 'it would come for ever');
  assert.deepEqual(await meter.message(), { taken: 0, code: 'REQUEST_INVALID' });
  stage.answer = async () => {
    throw new CodedError('INTERNAL');
  };
  meter.publish(readings('meter'), '2', 5);
  assert.equal(await meter.next(4), undefined);
  assert.ok(meter.isClosed);
});

test('a port that somebody else has is told, and nothing is left running', async (t) => {
  const { port } = await opened(t);
  const of = { passwordOf: () => undefined, takeIn: async () => ({ taken: 0, refused: [] }) };
  await assert.rejects(SensorBroker.open(port, of), { code: 'EADDRINUSE' });
});

test('a packet that is too long ends its connection before any of it is kept', async (t) => {
  const { port } = await opened(t);
  const loud = await line(port);
  loud.send(Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4));
  assert.equal(await loud.next(2), undefined);
  const lengths = new PacketLengths(200);
  const fits = packet(0x30, new Uint8Array(200));
  for (const byte of fits) assert.ok(lengths.isWithin(Uint8Array.of(byte)));
  assert.ok(lengths.isWithin(packet(0xc0)));
  assert.equal(lengths.isWithin(packet(0x30, new Uint8Array(201))), false);
  assert.equal(new PacketLengths(2 ** 40).isWithin(Uint8Array.of(1, 255, 255, 255, 255)), false);
});
