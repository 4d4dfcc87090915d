import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { accountIdText } from '../../api/message-parts.ts';
import { hexToBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { writeWhole } from '../files.ts';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const file = z.strictObject({
  height: z.int().min(1),
  timeMs: z.int().nonnegative(),
  headerHash: hex,
  appHash: hex,
  snapshotHash: hex,
  validators: z
    .array(z.strictObject({ publicKey: hex, power: z.int().min(1), organisation: accountIdText }))
    .min(1)
    .max(100),
});

/** How a ledger of one operator came to a consortium: its last block, the state after it, and who orders it since. */
export type HandoverFile = Readonly<z.infer<typeof file>>;

export const handoverPathIn = (servers: string): string => join(servers, 'handover.json');

export const formatHandover = (handover: HandoverFile): string =>
  `${JSON.stringify(handover, undefined, 2)}\n`;

export function writeHandover(servers: string, handover: HandoverFile): void {
  writeWhole(handoverPathIn(servers), utf8(formatHandover(handover)), 0o644);
}

/** Throws HOME_INVALID {file}. */
export function parseHandover(text: string): HandoverFile {
  try {
    return file.parse(JSON.parse(text));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'handover.json' }, cause);
  }
}

/** Undefined: this ledger was a consortium's from its genesis on. Throws HOME_INVALID {file}. */
export function handoverIn(servers: string): HandoverFile | undefined {
  const path = handoverPathIn(servers);
  return existsSync(path) ? parseHandover(readFileSync(path, 'utf8')) : undefined;
}

const bytesIn = (value: string): Uint8Array => hexToBytes(value) ?? new Uint8Array(0);

/** As engines and the application take it. */
export function handedTo({ height, validators }: HandoverFile) {
  return {
    afterHeight: height,
    validators: validators.map(({ publicKey, power, organisation }) => ({
      ...{ publicKey: bytesIn(publicKey), power, organisation: organisation as AccountId },
    })),
  };
}
