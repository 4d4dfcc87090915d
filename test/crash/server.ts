// A consortium that dies: loads everything, waits for one line of JSON, starts, says where it listens, and
// kills itself at the given passage of the given fault point. Until then it is a server like any other.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bytesToHex } from '../../src/primitives/bytes.ts';
import { CodedError, isCoded } from '../../src/primitives/errors.ts';
import { startConsortium } from '../../src/server/consortium.ts';
import type { ServerOrder } from './incarnation.ts';

// Synchronous: what is said is said, also by a process that is gone a moment later.
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

let failing = new Map<string, number>();
let refused = new Set<string>();

function faultPointOf({ kill }: ServerOrder): (name: string) => void {
  let passages = 0;
  return (name) => {
    const chance = failing.get(name) ?? 0;
    if (chance > 0 && Math.random() < chance) {
      if (!refused.has(name)) say({ refused: name });
      refused.add(name);
      throw new CodedError('DISK_FULL');
    }
    if (kill?.point !== name || ++passages < kill.passage) return;
    say({ dying: name });
    process.kill(process.pid, 'SIGKILL');
    // The signal is on its way; nothing more may happen here.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const order = JSON.parse(line) as ServerOrder;
  failing = new Map(order.failing?.map((name) => [name, 0.5]));
  refused = new Set();
  if (order.home !== undefined) void start(order, order.home);
});
lines.on('close', () => process.exit(0));
say({ warm: true });

async function start(order: ServerOrder, home: string): Promise<void> {
  try {
    const { url, hospitals, ledger } = await startConsortium({
      home,
      port: 0,
      logLevel: 'silent',
      ...(order.gathered !== undefined && { gathered: order.gathered }),
      settings: {
        requestsPerMinute: 1e9,
        strangerReadsPerMinute: 1e9,
        messagesPerHour: 1e9,
        maxWaitingPerSender: 1e9,
        looksPerHour: 1e9,
        maxInboxMessages: 1e9,
        refusalBatchMs: 400,
      },
      faultPoint: faultPointOf(order),
      onFault: (error) => say({ stopped: codeOf(error), why: String(error) }),
    });
    const { height, appHash } = ledger.engine.status();
    say({ ready: true, url, hospitals, height, appHash: bytesToHex(appHash) });
  } catch (error) {
    say({ ready: false, code: codeOf(error), why: stackOf(error) });
    process.exit(1);
  }
}

function codeOf(error: unknown): string {
  return isCoded(error) ? error.code : 'INTERNAL';
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = isCoded(error) ? JSON.stringify(error.details) : '';
  return `${error.stack ?? ''} ${details}${error.cause === undefined ? '' : `\n${stackOf(error.cause)}`}`;
}
