import { join } from 'node:path';
import type { VoteSigner } from '../../engines/embedded/vote-signer.ts';
import { witnessMessage } from '../../ledger/chain/receipt.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { equalBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { pause } from '../../sdk/client/http.ts';
import { formatEvidence, withEvidence } from '../../sdk/ledger/evidence.ts';
import { LedgerFollower } from '../../sdk/ledger/ledger-follower.ts';
import { type LedgerPoint, pointOf } from '../../sdk/ledger/ledger-point.ts';
import { writeWhole } from '../files.ts';
import type { WitnessRecord } from './record.ts';

export interface WitnessOptions {
  readonly gateway: GatewayClient;
  readonly trustRoot: TrustRoot;
  readonly record: WitnessRecord;
  readonly signer: VoteSigner;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly on: (event: WitnessEvent) => void;
}

export interface SignedHeight {
  readonly height: number;
  readonly headerHash: Uint8Array;
  readonly signature: Uint8Array;
}

export type WitnessEvent =
  | { readonly event: 'followed'; readonly height: number; readonly headers: number }
  | { readonly event: 'signed'; readonly signed: readonly SignedHeight[] }
  /** The gateway cannot be asked now; it is tried again. */
  | { readonly event: 'waiting'; readonly error: CodedError };

/** Rule F-6. */
const maxAgeMs = 60_000;
const askEveryMs = 1_000;
const maxWaitMs = 30_000;

/**
 * Follows a ledger and signs its headers until the signal, each height once and nothing that does not follow from
 * what it signed. Throws what rule F-5 lists, with the name of the file that holds the evidence, and what the gateway
 * refuses. Source: docs/protocol/following.md, rules F-6 to F-8.
 */
export async function witness(options: WitnessOptions): Promise<void> {
  const { gateway, trustRoot, signal, on } = options;
  let waitMs = askEveryMs;
  while (!signal.aborted) {
    const follower = new LedgerFollower(gateway, trustRoot, options.now);
    try {
      const isNewest = await goOn(options, follower);
      waitMs = isNewest ? askEveryMs : 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!isCoded(error)) throw error;
      if (!isPassing(error)) throw await evidenceOf(options, follower, error);
      if (waitMs <= askEveryMs) on({ event: 'waiting', error });
      waitMs = Math.min(maxWaitMs, 2 * Math.max(waitMs, askEveryMs));
    }
    await pause(waitMs, signal).catch(() => undefined);
  }
}

/** One step, written down and then signed. */
async function goOn(options: WitnessOptions, follower: LedgerFollower): Promise<boolean> {
  const { record, signal, on } = options;
  const from = record.point() ?? (await beginning(record, follower, signal));
  const { point, headers, isNewest } = await follower.step(from, { signal });
  if (point === from) return isNewest;
  record.advance(headers, point);
  const signed = isNewest ? sign(options, headers) : [];
  record.keep(new Map(signed.map((it) => [it.height, it.signature])));
  if (signed.length > 0) on({ event: 'signed', signed });
  if (signed.length < headers.length) {
    const headersUnsigned = headers.length - signed.length;
    on({ event: 'followed', height: point.header.height, headers: headersUnsigned });
  }
  return isNewest;
}

async function beginning(
  record: WitnessRecord,
  follower: LedgerFollower,
  signal: AbortSignal,
): Promise<LedgerPoint> {
  const point = await follower.begin(signal);
  record.advance([point], point);
  return point;
}

/** Rule F-6: of a time that is now by this clock. */
export const isNewNow = (timeMs: number, nowMs: number): boolean =>
  Math.abs(nowMs - timeMs) <= maxAgeMs;

/** Those that are new by this clock. */
function sign(
  { trustRoot, signer, now = Date.now }: WitnessOptions,
  headers: readonly LedgerPoint[],
): readonly SignedHeight[] {
  const nowMs = now();
  return headers
    .filter(({ header }) => isNewNow(msOfTimestamp(header.time), nowMs))
    .map(({ header, headerHash }) => {
      const message = witnessMessage(trustRoot.chain, header.height, headerHash);
      return { height: header.height, headerHash, signature: signer.sign(message) };
    });
}

/** Nothing that speaks against the ledger: no answer, one that comes from something on the way, a clock that is wrong. */
function isPassing(error: CodedError): boolean {
  if (error.kind === 'unavailable' || error.code === 'HEIGHT_UNKNOWN') return true;
  if (error.code === 'GATEWAY_LIED') return error.details.height === undefined;
  return error.code === 'HEADER_INVALID' && error.details.reason === 'future';
}

async function evidenceOf(
  options: WitnessOptions,
  follower: LedgerFollower,
  error: CodedError,
): Promise<CodedError> {
  // Without an answer that does not fit, such as with a trust root of another ledger, there is nothing to show.
  if (error.kind !== 'verification' || follower.shown.length === 0) return error;
  const { record, trustRoot, gateway, now = Date.now } = options;
  const found = isCoded(error, 'LEDGER_FORKED') ? await firstFork(options, follower, error) : error;
  const seenMs = now();
  const { shown } = follower;
  const known = record.point();
  const evidence = { error: found, known, shown, gateway: gateway.http.baseUrl, seenMs };
  const file = join(record.folder, `evidence-${error.code}-${seenMs}.json`);
  writeWhole(file, utf8(formatEvidence(evidence, trustRoot)));
  return withEvidence(found, file);
}

/** The lowest height of which the gateway shows another header than was written down: from there on all differ. */
async function firstFork(
  { record, trustRoot, signal }: WitnessOptions,
  follower: LedgerFollower,
  found: CodedError,
): Promise<CodedError> {
  let low = trustRoot.height;
  let high = Number(found.details.height);
  try {
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const known = record.header(middle)?.headerHash;
      const shown = pointOf(await follower.header(middle, signal)).headerHash;
      if (known !== undefined && equalBytes(known, shown)) low = middle + 1;
      else high = middle;
    }
  } catch (error) {
    // It shows no more: what was found stands.
    if (!isCoded(error)) throw error;
    return found;
  }
  return new CodedError('LEDGER_FORKED', { ...found.details, firstHeight: low }, found);
}
