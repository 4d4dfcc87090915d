import { sha256 } from '../../src/crypto/hash.ts';
import { equalBytes } from '../../src/primitives/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../../src/primitives/cbor.ts';
import { vectorFiles } from './files.ts';
import { base64, hex, type Outcome, readJson, readText, Tally, unlessRefused } from './tally.ts';

/**
 * CBOR of others against our profile: what lies in it decodes to the published value and encodes back to the
 * same bytes; maps, floats, tags, negative and large numbers, indefinite lengths are refused (rule E-2).
 */
async function verdict(bytes: Uint8Array, expected: Cbor | undefined): Promise<boolean> {
  const value = await unlessRefused('CBOR_INVALID', () => decodeCbor(bytes));
  if (expected === undefined || value === undefined) return value === expected;
  return isSame(value, expected) && equalBytes(encodeCbor(expected), bytes);
}

function isSame(a: Cbor | undefined, b: Cbor | undefined): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (!Array.isArray(a)) return a === b;
  return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]));
}

interface AppendixCase {
  readonly hex: string;
  readonly roundtrip: boolean;
  readonly decoded?: unknown;
  readonly diagnostic?: string;
}

/** The value, when our profile has it; the first byte tells floats from integers, which JSON does not. */
function appendixValue(test: AppendixCase): Cbor | undefined {
  if (!test.roundtrip || /^f[9ab]/.test(test.hex)) return undefined;
  const byteString = /^h'([0-9a-f]*)'$/.exec(test.diagnostic ?? '')?.[1];
  return byteString === undefined ? profileValue(test.decoded) : hex(byteString);
}

function profileValue(json: unknown): Cbor | undefined {
  if (json === null || typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) && json >= 0 ? json : undefined;
  if (Array.isArray(json)) {
    const items = json.map(profileValue);
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  return undefined;
}

export async function cborAppendix(path: string): Promise<Outcome> {
  const tally = new Tally('cbor/appendix_a.json');
  for (const test of readJson<readonly AppendixCase[]>(path)) {
    tally.check(test.hex, await verdict(hex(test.hex), appendixValue(test)));
  }
  return tally.outcome();
}

/** DAG-JSON writes byte strings and links as maps with the one key "/", and floats with a point. */
function dagJsonValue(text: string): Cbor | undefined {
  let inProfile = true;
  const value: unknown = JSON.parse(text, (_key, item: unknown, context?: { source?: string }) => {
    if (typeof item === 'number' && /[-.eE]/.test(context?.source ?? String(item))) {
      inProfile = false;
    }
    const bytes = bytesOfDagJson(item);
    if (bytes !== undefined) return bytes;
    const isMap =
      typeof item === 'object' && item !== null && !Array.isArray(item) && !isBytes(item);
    if (isMap && !isBytesHolder(item)) inProfile = false;
    return item;
  });
  return inProfile ? withBytes(value) : undefined;
}

const isBytes = (item: unknown): item is Uint8Array => item instanceof Uint8Array;
const isBytesHolder = (item: object): boolean =>
  Object.keys(item).join() === 'bytes' && typeof Object.values(item)[0] === 'string';

function bytesOfDagJson(item: unknown): Uint8Array | undefined {
  if (typeof item !== 'object' || item === null || Object.keys(item).join() !== '/') {
    return undefined;
  }
  const inner: unknown = Object.values(item)[0];
  if (typeof inner !== 'object' || inner === null || !isBytesHolder(inner)) return undefined;
  return base64(String(Object.values(inner)[0]));
}

function withBytes(value: unknown): Cbor | undefined {
  if (isBytes(value)) return value;
  if (!Array.isArray(value)) return profileValue(value);
  const items = value.map(withBytes);
  return items.every((item) => item !== undefined) ? items : undefined;
}

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The SHA-256 inside a CIDv1 in base32: its last 32 bytes. */
function digestOfCid(cid: string): Uint8Array {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const character of cid.slice(1)) {
    held = ((held << 5) | base32.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
    }
  }
  return Uint8Array.from(bytes.slice(-32));
}

export async function dagCborFixtures(folder: string): Promise<Outcome> {
  const tally = new Tally('dag-cbor/fixtures');
  const files = vectorFiles().below(folder);
  for (const binary of files.filter((file) => file.endsWith('.dag-cbor'))) {
    const [name = '', file = ''] = binary.split('/');
    const twin = files.find((it) => it.startsWith(`${name}/`) && it.endsWith('.dag-json'));
    if (twin === undefined) continue;
    const bytes = vectorFiles().bytes(`${folder}/${binary}`);
    const expected = dagJsonValue(readText(`${folder}/${twin}`));
    const cid = file.slice(0, -'.dag-cbor'.length);
    tally.check(
      name,
      equalBytes(sha256(bytes), digestOfCid(cid)) && (await verdict(bytes, expected)),
    );
  }
  return tally.outcome();
}

export async function dagCborRefused(path: string): Promise<Outcome> {
  const tally = new Tally('dag-cbor/negative/decode/duplicate-keys.json');
  for (const test of readJson<readonly { name: string; hex: string }[]>(path)) {
    tally.check(test.name, await verdict(hex(test.hex), undefined));
  }
  return tally.outcome();
}
