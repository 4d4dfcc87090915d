import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { rpcUrlOf } from '../../src/engines/cometbft/node.js';
import { readCommitted } from '../../src/engines/cometbft/rpc/read-answers.js';
import { CometRpc } from '../../src/engines/cometbft/rpc/rpc.js';
import { nodeHomeIn } from '../../src/server/comet/places.js';
import { serversOf } from '../../src/server/process.js';
import { gone, processesWith, signal } from './processes.js';

const entry = fileURLToPath(new URL('../../src/server/consortium-process.ts', import.meta.url));
/** What systemd waits before it begins a unit again. */
const restartMs = 1_000;
const readyMs = 90_000;
const goneMs = 20_000;
const settings = {
  requestsPerMinute: 1e9,
  strangerReadsPerMinute: 1e9,
  messagesPerHour: 1e9,
  maxWaitingPerSender: 1e9,
  looksPerHour: 1e9,
  maxInboxMessages: 1e9,
  refusalBatchMs: 1_000,
};
/** One hospital: its gateway, which is begun again whenever it ends, as a unit of systemd is, and what that begins. */
export class Hospital {
  name;
  home;
  log;
  number;
  #port;
  #rpc;
  #child;
  #isWanted = false;
  #isReady = false;
  /** Times that it ended or did not come up by itself, with what it said: nobody had done anything to the gateway. */
  ends = [];
  #said = '';
  constructor({ name, home, log, gatewayPort, number }) {
    this.name = name;
    this.home = home;
    this.log = log;
    this.number = number;
    this.#port = gatewayPort;
    this.#rpc = new CometRpc(rpcUrlOf(this.nodeHome));
  }
  get servers() {
    return serversOf(this.home);
  }
  get nodeHome() {
    return nodeHomeIn(this.servers);
  }
  /** Undefined: nobody answers there. */
  get url() {
    return this.#isReady ? `http://127.0.0.1:${this.#port}` : undefined;
  }
  get isReady() {
    return this.#isReady;
  }
  /** Begins it, and begins it again until `down`. */
  up() {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#launch();
  }
  async ready(boundMs = readyMs) {
    const deadline = performance.now() + boundMs;
    while (!this.#isReady) {
      if (performance.now() > deadline) {
        throw new Error(`${this.name} did not come up within ${boundMs} ms: ${this.#said}`);
      }
      await wait(50);
    }
  }
  /** Nothing of it runs any more when this resolves. */
  async down(how) {
    this.#isWanted = false;
    this.#isReady = false;
    const child = this.#child;
    child?.kill(how);
    const all = () => [...this.pids('gateway'), ...this.pids('application'), ...this.pids('node')];
    if (how === 'SIGKILL') signal(all(), 'SIGKILL');
    await gone(all, goneMs);
    this.#child = undefined;
  }
  pids(part) {
    const home = `"home":${JSON.stringify(this.home)}`;
    if (part === 'gateway') return processesWith('consortium-process.ts', home);
    if (part === 'application') return processesWith('process-host.ts', home);
    return processesWith('--proxy_app', `${this.nodeHome}\0`);
  }
  signal(parts, name) {
    for (const part of parts) signal(this.pids(part), name);
    if (name === 'SIGKILL' && parts.includes('gateway')) this.#isReady = false;
  }
  /** What its node and the application have committed; undefined: no answer in time. */
  async height(boundMs = 1_500) {
    try {
      return readCommitted(await this.#rpc.ask('abci_info', {}, AbortSignal.timeout(boundMs)));
    } catch {
      return undefined;
    }
  }
  /** Addresses of those who order the next block, as its node says. Throws NODE_SILENT. */
  async validators() {
    const answered = await this.#rpc.ask('validators', { per_page: '100' });
    return (answered.validators ?? []).map(({ address }) => address);
  }
  #launch() {
    const options = { home: this.home, port: this.#port, settings };
    const log = openSync(this.log, 'a');
    const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', log],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    closeSync(log);
    this.#child = child;
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#said = line;
        if (JSON.parse(line).ready === true) this.#isReady = true;
      });
    }
    child.once('close', (code, killedBy) => {
      this.#isReady = false;
      if (!this.#isWanted || this.#child !== child) return;
      if (killedBy === null) this.ends.push(`exit code ${code}: ${this.#said}`);
      setTimeout(() => {
        if (this.#isWanted && this.#child === child) this.#launch();
      }, restartMs);
    });
  }
}
