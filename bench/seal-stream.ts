// One process that only seals a stream of 2 GiB: `node bench/seal-stream.ts` prints {mib, bytes, seconds}.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sealChunkedStream } from '../src/crypto/chunked.ts';

const mib = 1024 * 1024;
const piece = new Uint8Array(randomBytes(mib));

async function* twoGibibytes(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 2048; i++) yield piece;
}

/** A child's maxRSS begins at what its parent had; the kernel's own high-water mark begins with this program. */
function peakMib(): number {
  try {
    const mark = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (mark !== undefined) return Number(mark) / 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS / 1024;
}

const started = performance.now();
let bytes = 0;
for await (const part of sealChunkedStream(
  new Uint8Array(randomBytes(32)),
  new Uint8Array(32),
  twoGibibytes(),
)) {
  bytes += part.length;
}
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ mib: peakMib(), bytes, seconds })}\n`);
