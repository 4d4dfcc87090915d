import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What waits in a proxy of one connection and direction, until its reader is not read any more. */
const mostWaiting = 1024 * 1024;
/** The bytes from one machine to another, whoever of the two dialled: what a network between them does to these. */
class Way {
  delayMs = 0;
  bytesPerSecond = Number.POSITIVE_INFINITY;
  #held;
  get isHeld() {
    return this.#held !== undefined;
  }
  hold() {
    if (this.#held !== undefined) return;
    let release = () => {};
    const until = new Promise((resolve) => {
      release = resolve;
    });
    this.#held = { until, release };
  }
  restore() {
    this.delayMs = 0;
    this.bytesPerSecond = Number.POSITIVE_INFINITY;
    this.#held?.release();
    this.#held = undefined;
  }
  async opened() {
    while (this.#held !== undefined) await this.#held.until;
  }
}
/**
 * The network between the machines of a consortium, in this process: for each of them and each other one a TCP proxy of its
 * own, at which the one finds the other. It needs no rights, and so works on every machine; what it holds back arrives when
 * it is healed, as what TCP sends again does, or never, where the connection is cut.
 */
export class Mesh {
  #targets = [];
  #ways = new Map();
  #servers = [];
  /** By dialler and target. */
  #sockets = new Map();
  /** A machine that listens at this address; its number is the next one. */
  add(address) {
    this.#targets.push(address);
    return this.#targets.length - 1;
  }
  /** A new address at which `from` finds `to`. */
  async link(from, to) {
    const server = createServer((socket) => void this.#carry(from, to, socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return `127.0.0.1:${server.address().port}`;
  }
  /** Nothing goes this way any more. */
  hold(from, to) {
    this.#way(from, to).hold();
  }
  /** Nothing goes either way; `cut`: and their connections end. */
  part(one, other, cut) {
    this.hold(one, other);
    this.hold(other, one);
    if (!cut) return;
    for (const name of [`${one} ${other}`, `${other} ${one}`]) {
      for (const socket of this.#sockets.get(name) ?? []) socket.destroy();
    }
  }
  slow(from, to, delayMs, bytesPerSecond) {
    Object.assign(this.#way(from, to), { delayMs, bytesPerSecond });
  }
  heal() {
    for (const way of this.#ways.values()) way.restore();
  }
  close() {
    for (const server of this.#servers) server.close();
    for (const sockets of this.#sockets.values()) for (const it of sockets) it.destroy();
  }
  #way(from, to) {
    const name = `${from} ${to}`;
    const way = this.#ways.get(name) ?? new Way();
    this.#ways.set(name, way);
    return way;
  }
  /** As a packet that is lost is: who dials across a partition is not answered until it is over. */
  async #carry(from, to, near) {
    const name = `${from} ${to}`;
    const sockets = this.#sockets.get(name) ?? new Set();
    this.#sockets.set(name, sockets);
    const ways = [this.#way(from, to), this.#way(to, from)];
    follow(near, sockets);
    while (ways.some((it) => it.isHeld)) for (const way of ways) await way.opened();
    if (near.destroyed) return;
    const [host = '', port = ''] = (this.#targets[to] ?? '').split(':');
    const far = connect(Number(port), host);
    follow(far, sockets);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.once('close', () => other.destroy());
    }
    pass(near, far, ways[0]);
    pass(far, near, ways[1]);
  }
}
function follow(socket, sockets) {
  socket.setNoDelay(true);
  sockets.add(socket);
  // An end that went away says so by closing.
  socket.on('error', () => socket.destroy());
  socket.once('close', () => sockets.delete(socket));
}
/** In their order, each piece not before its time. */
function pass(from, to, way) {
  let last = Promise.resolve();
  let waiting = 0;
  from.on('data', (piece) => {
    const dueMs = performance.now() + way.delayMs;
    waiting += piece.length;
    if (waiting > mostWaiting) from.pause();
    last = last.then(async () => {
      const leftMs = dueMs - performance.now();
      if (leftMs > 1) await wait(leftMs);
      if (Number.isFinite(way.bytesPerSecond)) {
        await wait((piece.length / way.bytesPerSecond) * 1_000);
      }
      await way.opened();
      waiting -= piece.length;
      if (waiting <= mostWaiting) from.resume();
      if (!to.destroyed) to.write(piece);
    });
  });
}
