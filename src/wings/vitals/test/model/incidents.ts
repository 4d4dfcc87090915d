import { type ModelContext, Refused } from '../../../../../test/model/wing.ts';
import { accountOf, bytesOf } from '../../../../../test/world.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { Incident } from '../../ledger/acts/incident.ts';
import type { ServerQuarantine } from '../../ledger/acts/server-quarantine.ts';
import type { ServerRebuilt } from '../../ledger/acts/server-rebuilt.ts';
import { incidentKinds } from '../../ledger/incidents.ts';
import { modelTrioId } from './datasets.ts';
import {
  keep,
  modelAct,
  number,
  type Row,
  type Rows,
  read,
  servers,
  type TrioRow,
} from './rows.ts';

interface QuarantineRow extends Row {
  readonly state: string;
  readonly by: readonly string[];
  readonly firstBatch: number;
  readonly lastBatch: number;
  readonly height: number;
}

/** VL-17: every number from the first to the last, put together and looked at anew. */
function judgeQuarantine(rows: Rows, act: ServerQuarantine, context: ModelContext): void {
  const { spine, sender, height, timeMs } = context;
  const { server, incident, firstBatch, lastBatch } = act;
  const trio = read<TrioRow>(rows, `stat-trios/${act.trio}`);
  if (trio === undefined) throw new Refused('TRIO_UNKNOWN');
  if (!trio.servers.includes(server)) throw new Refused('SERVER_UNKNOWN');
  const domain = (id: string): string => spine.account(id)?.organisation ?? '';
  if (!trio.servers.map(domain).includes(domain(sender))) throw new Refused('SENDER_WRONG');
  if (firstBatch > lastBatch || trio.newestBatch < lastBatch) throw new Refused('BATCH_UNKNOWN');
  const reported = read<{ height: number } & Row>(rows, `stat-incidents/${sender}${incident}`);
  if (reported === undefined) throw new Refused('INCIDENT_UNKNOWN');
  const id = `stat-quarantines/${act.trio}${server}`;
  const stands = read<QuarantineRow>(rows, id);
  if (stands?.state === 'rebuilt' && stands.height >= reported.height)
    throw new Refused('INCIDENT_OLD');
  const open = stands === undefined || stands.state === 'rebuilt' ? undefined : stands;
  const isOwn = domain(sender) === domain(server);
  const first = Math.min(firstBatch, open?.firstBatch ?? firstBatch);
  const last = Math.max(lastBatch, open?.lastBatch ?? lastBatch);
  const isSame = open !== undefined && first === open.firstBatch && last === open.lastBatch;
  if (open?.state === 'quarantined' && (!isOwn || isSame)) throw new Refused('QUARANTINE_TAKEN');
  const others = isOwn ? [] : (open?.by ?? []);
  if (others.includes(domain(sender))) throw new Refused('QUARANTINE_TAKEN');
  const by = [...others, domain(sender)];
  const state = isOwn || by.length === 2 ? 'quarantined' : 'accused';
  keep(rows, id, { state, by, incident, firstBatch: first, lastBatch: last, height, timeMs });
}

/** VL-18. */
function judgeRebuilt(rows: Rows, act: ServerRebuilt, context: ModelContext): void {
  const { spine, sender, height, timeMs } = context;
  const { server, fromBatch, roots } = act;
  const trio = read<TrioRow>(rows, `stat-trios/${act.trio}`);
  if (trio === undefined) throw new Refused('TRIO_UNKNOWN');
  if (!trio.servers.includes(server)) throw new Refused('SERVER_UNKNOWN');
  if (spine.account(sender)?.organisation !== spine.account(server)?.organisation)
    throw new Refused('SENDER_WRONG');
  const id = `stat-quarantines/${act.trio}${server}`;
  const stands = read<QuarantineRow>(rows, id);
  if (stands === undefined || stands.state === 'rebuilt') throw new Refused('QUARANTINE_UNKNOWN');
  const left: number[] = [];
  for (let at = Math.max(stands.firstBatch, 1); at <= stands.lastBatch; at++) left.push(at);
  if (fromBatch !== (left[0] ?? 1)) throw new Refused('ROOT_DIFFERS');
  if (roots.length > left.length || (roots.length === 0 && left.length > 0))
    throw new Refused('ROOT_DIFFERS');
  for (const [at, root] of roots.entries()) {
    const row = read<{ root: string } & Row>(
      rows,
      `stat-batches/${act.trio}${number(left[at] ?? 0)}`,
    );
    if (row?.root !== bytesToHex(root)) throw new Refused('ROOT_DIFFERS');
  }
  const [next] = left.slice(roots.length);
  const change = next === undefined ? { state: 'rebuilt' } : { firstBatch: next };
  keep(rows, id, { ...stands, ...change, height, timeMs });
}

/** VL-19. */
function judgeIncident(rows: Rows, act: Incident, context: ModelContext): void {
  const { sender, height, timeMs } = context;
  const id = `stat-incidents/${sender}${bytesToHex(act.report)}`;
  if (rows.has(id)) throw new Refused('INCIDENT_TAKEN');
  keep(rows, id, { kind: act.incident, height, timeMs });
}

export const serverQuarantineModel = modelAct<ServerQuarantine>({
  kind: 'ServerQuarantine',
  number: 46,
  senders: ['organisation', 'data-server'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'ServerQuarantine', trio: modelTrioId(servers.map(accountOf)) },
    server: accountOf(servers[twist % 3] ?? 'researcher'),
    incident: bytesToHex(bytesOf(`report ${small % 2}`)),
    ...{ firstBatch: 0, lastBatch: small % 2 },
  }),
  judge: judgeQuarantine,
});

export const serverRebuiltModel = modelAct<ServerRebuilt>({
  kind: 'ServerRebuilt',
  number: 47,
  senders: ['organisation', 'data-server'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'ServerRebuilt', trio: modelTrioId(servers.map(accountOf)), fromBatch: 1 },
    server: accountOf(servers[twist % 3] ?? 'researcher'),
    roots: small % 2 === 0 ? [] : [bytesOf(`root ${small}`)],
  }),
  judge: judgeRebuilt,
});

export const incidentModel = modelAct<Incident>({
  kind: 'Incident',
  number: 48,
  senders: ['organisation', 'data-server'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'Incident', report: bytesOf(`report ${small % 2}`) },
    incident: incidentKinds[twist % incidentKinds.length] ?? 'tampering',
  }),
  judge: judgeIncident,
});
