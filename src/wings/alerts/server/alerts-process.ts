// The alert services of a home's hospitals as one process, under the supervisor: what is exported is its `ProcessEntry`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isCoded } from '../../../primitives/errors.ts';
import { writeWhole } from '../../../server/files.ts';
import { tellsUnbound } from '../../../server/maintenance/scrub/bound-file.ts';
import { faultOfNow, isUnreadable } from '../../../server/maintenance/sqlite-faults.ts';
import {
  hospitalsOf,
  type ProcessOrder,
  type RunningProcess,
  serversOf,
} from '../../../server/process.ts';
import { rowGuard } from '../../../server/row-key.ts';
import { codeKeyIdOf, codeKeyOf } from '../api/confirmation.ts';
import type { Channel } from '../node/channel.ts';
import { InboxChannel } from '../node/inbox-channel.ts';
import { type FileBinding, LetterStore } from '../node/letter-store.ts';
import { MailChannel } from '../node/mail.ts';
import { OutboxReader } from '../node/outbox-reader.ts';
import { PushChannel } from '../node/push.ts';
import type { Relay } from '../node/relay-url.ts';
import { keepSending } from '../node/rounds.ts';
import { AlertService } from '../node/service.ts';
import { vapidOf } from '../node/web-push.ts';
import { WebhookChannel } from '../node/webhook.ts';
import { places, readRelay } from './places.ts';
import { lettersKeyOf, outboxKeyOf, pushKeyOf, readServiceKeys, turnKeys } from './service-keys.ts';
import { troubles } from './troubles.ts';

/** Between two looks at the outbox. */
const roundMs = 500;
/** After one that could not be opened. */
const startAgainMs = 10_000;

type Log = (line: Readonly<Record<string, string | number>>) => void;

/** Each hospital by itself: one whose files cannot be opened is tried again, and keeps nothing of the others back. */
export async function start({ home }: ProcessOrder): Promise<RunningProcess> {
  const stopping = new AbortController();
  const working = hospitalsOf(home).map((hospital) => keepAlerts(home, hospital, stopping.signal));
  return {
    async close() {
      stopping.abort();
      await Promise.all(working);
    },
  };
}

async function keepAlerts(home: string, hospital: string, signal: AbortSignal): Promise<void> {
  const log: Log = (line) =>
    process.stdout.write(`${JSON.stringify({ timeMs: Date.now(), hospital, ...line })}\n`);
  while (!signal.aborted) {
    try {
      return await runAlerts(home, hospital, { signal, log });
    } catch (error) {
      log({ code: codeOf(error), what: 'start' });
      await wait(startAgainMs, undefined, { signal }).catch(() => {});
    }
  }
}

function codeOf(error: unknown): string {
  if (isCoded(error)) return error.code;
  return isUnreadable(error) ? 'ROW_CORRUPT' : (faultOfNow(error)?.code ?? 'INTERNAL');
}

/** Until it is stopped. Throws HOME_INVALID, RELAY_INVALID, and what opening files throws. */
async function runAlerts(
  home: string,
  hospital: string,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<void> {
  using opened = new DisposableStack();
  const folder = join(serversOf(home), hospital);
  const shared = outboxKeyOf(folder);
  const outbox = new OutboxReader(join(folder, 'gateway.db'), shared);
  const key = lettersKeyOf(shared);
  const made = join(folder, places.lettersMade);
  const letters = new LetterStore(join(folder, places.letters), key, {
    binding: bindingOf(folder, { hospital, store: 'letters', key }),
    wasMade: existsSync(made),
  });
  for (const it of [outbox, letters]) opened.defer(() => it.close());
  const relay = readRelay(home);
  const inbox = new InboxChannel(join(folder, places.inbox), shared, {
    binding: bindingOf(folder, { hospital, store: 'inbox', key }),
  });
  const channels = relay === undefined ? [] : [...outsideChannels(folder, relay), inbox];
  const open = async () => {
    await turnKeys(folder, outbox.keysInUse(), Date.now());
    const keys = await readServiceKeys(folder);
    return new Map(keys.map(({ keyId, key }) => [keyId, key]));
  };
  const keys = await open();
  const service = new AlertService({
    outbox,
    letters,
    channels,
    keys,
    codes: { key: codeKeyOf(shared), keyId: codeKeyIdOf(shared) },
    now: Date.now,
    log,
    operator: relay?.operator,
  });
  // One of the home's services speaks for the machine.
  const isFirst = hospitalsOf(home)[0] === hospital;
  const hourly = () => {
    letters.forget(Date.now());
    service.noteChoices();
    if (letters.cursor().seq > 0 && !existsSync(made)) writeWhole(made, new Uint8Array(0));
    inbox.forget(Date.now());
    service.tellIncidents();
    if (isFirst) for (const it of troubles(home, Date.now())) service.tellOperator(...it);
  };
  await keepSending(service, { hourly, signal, log, roundMs });
}

const bindingOf = (
  folder: string,
  of: { readonly hospital: string; readonly store: 'letters' | 'inbox'; readonly key: Uint8Array },
): FileBinding => ({ guard: rowGuard(of.key), told: tellsUnbound(folder, of) });

function outsideChannels(folder: string, relay: Relay): readonly Channel[] {
  return [
    new MailChannel(relay),
    new WebhookChannel(),
    new PushChannel(vapidOf(pushKeyOf(folder), `mailto:${relay.from}`)),
  ];
}
