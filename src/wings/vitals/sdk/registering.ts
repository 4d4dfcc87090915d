import { randomBytes } from '../../../crypto/random.ts';
import { signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import type { Action } from '../../../sdk/action.ts';
import { OwnItems } from '../../../sdk/actions/add-items.ts';
import type { Context, WorkOptions } from '../../../sdk/client/context.ts';
import { entriesOf, withEntry } from '../../../sdk/wallet/drawer.ts';
import { encodeChartRecord, serversRecordId, vitalsMediaType } from '../api/chart-records.ts';
import {
  pseudonymOf,
  type RegisteredSensor,
  type Registration,
  registration,
  signedRegistration,
} from '../api/registration.ts';
import { registrationsPost } from '../api/routes/registrations-post.ts';
import { statDatasets } from '../ledger/tables/stat-datasets.ts';
import { statTrios, trioId } from '../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../names.ts';
import { type DataServerLine, dataServerLine } from './data-servers.ts';
import { type KeptRegistration, registrationsDrawer } from './registrations.ts';

export { registrationsDrawer };

/** The last hour of a registration that has no end. */
const openEnd = 2 ** 32 - 1;
/** No honest server takes a counter that lies an hour further ahead: one that lies must not have her send it. Rule VS-6. */
const farthestAheadMs = 400 * 86_400_000 - 3_600_000;

/** What may be said of a patient in a cohort; 0: not said. */
export type PublicAttributes = Pick<Registration, 'sex' | 'ageBand' | 'region' | 'arm'>;

export interface RegistrationHeld {
  readonly servers: readonly AccountId[];
  readonly said: Registration;
  /** As she signed it: what the servers were handed. */
  readonly signed: Uint8Array;
  /** Those that have not taken it yet: it counts all the same once one has. */
  readonly missing: readonly AccountId[];
}

/** What this wallet has registered for the account; undefined: nothing, or it was only begun. */
export function heldRegistration(ctx: Context): RegistrationHeld | undefined {
  const kept = entryOf(ctx);
  return kept === undefined || kept.counter === begunCounter ? undefined : shown(kept);
}

/** Of one that was begun: its pseudonym is drawn, and no server was handed it. */
const begunCounter = 0;

const entryOf = (ctx: Context): KeptRegistration | undefined =>
  entriesOf(ctx.vault.content, registrationsDrawer).find(
    ({ account }) => account === ctx.account.account,
  );

function shown({ servers, reached, signed }: KeptRegistration): RegistrationHeld {
  const said = decodeAs(registration, decodeAs(signedRegistration, signed).registration);
  return { servers, said, signed, missing: servers.filter((_, at) => (reached & (1 << at)) === 0) };
}

export interface SensorToRegister {
  /** Ed25519, 32 bytes. */
  readonly key: Uint8Array;
  readonly panels: readonly number[];
}

/**
 * Registers a sensor, and with the first one the patient: which three servers keep shares of what she measures stands in her
 * chart from then on. Throws TRIO_UNKNOWN, DATASET_UNKNOWN, REQUEST_INVALID (another trio than before), and, where none of
 * the three took it, why. Source: docs/protocol/vitals-reading.md, rules VR-1 to VR-5.
 */
export const registerSensor: Action<
  {
    /** The three, in their order; missing: those of before. */
    readonly servers?: readonly AccountId[];
    readonly sensor: SensorToRegister;
    readonly attributes?: PublicAttributes;
    readonly line?: DataServerLine;
  },
  RegistrationHeld
> = {
  name: 'vitals/register',
  async run(ctx, { servers, sensor, attributes, line }, options) {
    const before = heldRegistration(ctx);
    const trio = servers ?? before?.servers;
    if (trio === undefined) throw new CodedError('MISSING', { problem: 'the three data servers' });
    if (before !== undefined && before.servers.join() !== trio.join()) {
      throw new CodedError('REQUEST_INVALID', { at: 'servers' });
    }
    if ((await ctx.ledger.row(statTrios, trioId(trio), options)) === undefined) {
      throw new CodedError('TRIO_UNKNOWN');
    }
    const said = before?.said ?? (await begun(ctx, trio, options));
    const others = (before?.said.sensors ?? []).filter((it) => !equalBytes(it.key, sensor.key));
    const sensors: readonly RegisteredSensor[] = [...others, { ...sensor }];
    return change(ctx, trio, { ...said, ...attributes, sensors }, { line, ...options });
  },
};

/**
 * Draws the pseudonym, writes it down here, and then into the chart, which keeps the first one for ever: where this was interrupted
 * it goes on under the same. Throws REQUEST_INVALID (it was begun for another trio), and what writing to the chart throws.
 */
async function begun(
  ctx: Context,
  trio: readonly AccountId[],
  options: WorkOptions,
): Promise<Registration> {
  const servers = ofThree(trio);
  const kept = entryOf(ctx);
  if (kept !== undefined && kept.servers.join() !== trio.join())
    throw new CodedError('REQUEST_INVALID', { at: 'servers' });
  const { said } = shown(kept ?? (await writtenDown(ctx, servers, unregistered(ctx), options)));
  const record = writeServersRecord(ctx, { servers, pseudonym: said.pseudonym }, options);
  await record.catch((error: unknown) => {
    if (kept === undefined || !isCoded(error, 'RECORD_ID_TAKEN')) throw error;
  });
  return said;
}

/** Under a pseudonym that is drawn here. */
function unregistered(ctx: Context): Registration {
  const { account } = ctx.account;
  const pseudonymSalt = randomBytes(32);
  return {
    ...{ account, pseudonym: pseudonymOf(account, pseudonymSalt), pseudonymSalt },
    ...{ counter: begunCounter, sex: 0, ageBand: 0, region: 0, arm: 0 },
    ...{ fromHour: 0, untilHour: openEnd, sensors: [], datasets: [] },
  };
}

function ofThree(servers: readonly AccountId[]): KeptRegistration['servers'] {
  const [first, second, third] = servers;
  if (first === undefined || second === undefined || third === undefined)
    throw new CodedError('REQUEST_INVALID', { at: 'servers' });
  return [first, second, third];
}

/**
 * Takes part in studies, or in none of these any more. To leave asks nobody anything beforehand. Throws PATIENT_UNKNOWN
 * (nothing is registered), DATASET_UNKNOWN, and, where none of the three servers took it, why; it stays written down, and is
 * sent again by `resendRegistration`. Source: rules VR-3 and VR-4.
 */
export const changeStudies: Action<
  {
    /** Datasets, hex. */
    readonly join?: readonly string[];
    readonly leave?: readonly string[];
    readonly line?: DataServerLine;
  },
  RegistrationHeld
> = {
  name: 'vitals/studies',
  async run(ctx, { join = [], leave = [], line }, options) {
    const { servers, said } = registered(ctx);
    for (const dataset of join) {
      const row = await ctx.ledger.row(statDatasets, dataset, options);
      if (row === undefined || row.trio !== trioId(servers)) {
        throw new CodedError('DATASET_UNKNOWN', { dataset });
      }
    }
    const stays = [...said.datasets, ...join].filter((it) => !leave.includes(it));
    const datasets = [...new Set(stays)].sort();
    return change(ctx, servers, { ...said, datasets }, { line, ...options });
  },
};

/** A sensor sends nothing more from when one of the three servers knows. Throws SENSOR_UNKNOWN, and as `changeStudies`. */
export const endSensor: Action<
  { readonly key: Uint8Array; readonly line?: DataServerLine },
  RegistrationHeld
> = {
  name: 'vitals/end-sensor',
  async run(ctx, { key, line }, options) {
    const { servers, said } = registered(ctx);
    const sensors = said.sensors.filter((it) => !equalBytes(it.key, key));
    if (sensors.length === said.sensors.length) throw new CodedError('SENSOR_UNKNOWN');
    return change(ctx, servers, { ...said, sensors }, { line, ...options });
  },
};

/**
 * Hands all three servers the newest registration again: what one of them does not have yet, or has lost. Undefined: nothing is
 * registered. Throws as `changeStudies`. Rule VR-4.
 */
export const resendRegistration: Action<
  { readonly line?: DataServerLine },
  RegistrationHeld | undefined
> = {
  name: 'vitals/resend',
  async run(ctx, { line }, options) {
    const handed = await handAgain(ctx, { line, ...options });
    return handed && heldOf(handed);
  },
};

/** To these servers, or all. Undefined: nothing is registered. What a server refuses is told by the wallet, and thrown by nobody. */
export async function handAgain(
  ctx: Context,
  handing: Handing & { readonly to?: readonly AccountId[] },
): Promise<HandedIn | undefined> {
  const kept = entryOf(ctx);
  if (kept === undefined || kept.counter === begunCounter) return undefined;
  const { to = kept.servers, signal } = handing;
  return handIn(ctx, await byKeyInUse(ctx, kept, signal), { ...handing, to });
}

/** As it stands, signed by the key that its servers know by now: by one of before it would be said in her name. */
async function byKeyInUse(
  ctx: Context,
  kept: KeptRegistration,
  signal: AbortSignal | undefined,
): Promise<KeptRegistration> {
  const { registration: said, signature } = decodeAs(signedRegistration, kept.signed);
  const { registration: label } = vitalsNames.labels;
  const { sign } = await ctx.keys(signal);
  if (await verifyLabelled(sign.publicKey, label, said, signature)) return kept;
  const anew = await signLabelled(sign, label, said);
  return { ...kept, signed: encodeAs(signedRegistration, { registration: said, signature: anew }) };
}

function registered(ctx: Context): RegistrationHeld {
  const held = heldRegistration(ctx);
  if (held === undefined) throw new CodedError('PATIENT_UNKNOWN');
  return held;
}

type Handing = WorkOptions & { readonly line?: DataServerLine | undefined };

/** Signed and written down here before it leaves; the wallet's copy at the hospital follows, and nothing waits for it. */
async function change(
  ctx: Context,
  servers: readonly AccountId[],
  said: Registration,
  handing: Handing,
): Promise<RegistrationHeld> {
  const three = ofThree(servers);
  // By the clock, so that of two devices that know nothing of each other the later has its way.
  const counter = Math.max(said.counter + 1, ctx.nowMs());
  const handed = await handNew(ctx, three, { ...said, counter }, handing);
  const { ahead } = handed;
  const isBehind = ahead >= counter && ahead < ctx.nowMs() + farthestAheadMs;
  // A server knows a later one, which is not of this wallet, or of a clock that was wrong: what she says now is newer.
  const last = isBehind
    ? await handNew(ctx, three, { ...said, counter: ahead + 1 }, handing)
    : handed;
  const held = heldOf(last);
  await ctx.noteDown((content) => content);
  return held;
}

/** Signed and written down, then handed in. */
async function handNew(
  ctx: Context,
  servers: KeptRegistration['servers'],
  said: Registration,
  handing: Handing,
): Promise<HandedIn> {
  return handIn(ctx, await writtenDown(ctx, servers, said, handing), handing);
}

async function writtenDown(
  ctx: Context,
  servers: KeptRegistration['servers'],
  said: Registration,
  { signal }: WorkOptions,
): Promise<KeptRegistration> {
  const { counter } = said;
  const encoded = encodeAs(registration, said);
  const { sign } = await ctx.keys(signal);
  const signature = await signLabelled(sign, vitalsNames.labels.registration, encoded);
  const kept: KeptRegistration = {
    ...{ counter, reached: 0, account: ctx.account.account, servers },
    signed: encodeAs(signedRegistration, { registration: encoded, signature }),
  };
  await ctx.vault.change((content) => withEntry(content, registrationsDrawer, kept));
  return kept;
}

interface HandedIn {
  readonly kept: KeptRegistration;
  /** Why those said no that did. */
  readonly failures: readonly CodedError[];
  /** The latest counter that one of them knows, where that is why; else 0. */
  readonly ahead: number;
}

/** Throws what the last of them said where none took it. */
function heldOf({ kept, failures: [failure] }: HandedIn): RegistrationHeld {
  if (kept.reached === 0 && failure !== undefined) throw failure;
  return shown(kept);
}

/** At once to all that do not have it yet, and to those of `to` that may have lost it. */
async function handIn(
  ctx: Context,
  kept: KeptRegistration,
  { line = dataServerLine(ctx), signal, to = [] }: Handing & { readonly to?: readonly AccountId[] },
): Promise<HandedIn> {
  const failures: CodedError[] = [];
  const sent = kept.servers.map(async (server, at) => {
    const bit = 1 << at;
    const had = kept.reached & bit;
    if (had !== 0 && !to.includes(server)) return had;
    try {
      const client = await line.client(server, signal);
      await client.call(registrationsPost, { stream: kept.signed, signal });
      return bit;
    } catch (error) {
      if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
      failures.push(error);
      return had;
    }
  });
  const reached = (await Promise.all(sent)).reduce((all, bit) => all | bit, 0);
  const now = { ...kept, reached };
  if (reached !== kept.reached) {
    await ctx.vault.change((content) => withEntry(content, registrationsDrawer, now));
  }
  const known = failures.map(({ code, details }) => code === 'REGISTRATION_OLD' && details.counter);
  const ahead = known.reduce<number>((most, it) => Math.max(most, Number(it) || 0), 0);
  return { kept: now, failures, ahead };
}

/** Written once. Throws RECORD_ID_TAKEN: it is there already. */
async function writeServersRecord(
  ctx: Context,
  { servers, pseudonym }: Pick<KeptRegistration, 'servers'> & Pick<Registration, 'pseudonym'>,
  { signal }: WorkOptions,
): Promise<void> {
  const items = new OwnItems(ctx, signal);
  await items.add({
    recordId: serversRecordId(ctx.account.account),
    ...{
      recordClass: 'iot',
      mediaType: vitalsMediaType,
      name: 'Data servers',
      previous: undefined,
    },
    bytes: encodeChartRecord({ kind: 'servers', servers, pseudonym }),
  });
  await items.anchor();
}
