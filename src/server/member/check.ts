import { nodeStatus } from '../../engines/cometbft/node-status.ts';
import { nodeHomeIn } from '../comet/places.ts';
import { localUrl } from '../desk.ts';
import { type Finding, serversOf } from '../process.ts';
import { storageStatus } from '../storage/status.ts';
import { daysUntil, endsMs, machineEndsMs, renewDays } from './machine.ts';
import { type NetworkMember, networkIn, ownIn } from './network.ts';

/** What `salus selfcheck` says of a member's machine: peers, certificates. A home of no consortium: nothing. */
export async function checkMember(home: string, nowMs = Date.now()): Promise<readonly Finding[]> {
  const own = ownIn(home);
  if (own === undefined) return [];
  const others = networkIn(home).filter(({ name }) => name !== own.name);
  const isServed = localUrl(home) !== undefined;
  return [
    ...(isServed ? [await checkNodes(home, others), await checkStores(home, others)] : []),
    checkMachine(home, nowMs),
    ...checkAuthorities(others, nowMs),
  ];
}

async function checkNodes(home: string, others: readonly NetworkMember[]): Promise<Finding> {
  const status = await nodeStatus(nodeHomeIn(serversOf(home)));
  if (status === undefined) {
    const advice = 'see the log in servers/logs: the runbook has cometbft.md';
    return { check: 'peers', ok: false, value: 'the node does not answer', advice };
  }
  return finding('peers', others, ({ nodeId }) => status.peers.includes(nodeId), {
    none: "no peer answered: address, port, genesis, or another machine runs with this home's keys",
  });
}

async function checkStores(home: string, others: readonly NetworkMember[]): Promise<Finding> {
  const [own] = await storageStatus(home);
  if (own?.status === undefined) {
    const advice = 'see the log in servers/logs; salus storage status';
    return { check: 'stores', ok: false, value: 'the storage node does not answer', advice };
  }
  const { members } = own.status;
  const isConnected = ({ organisation }: NetworkMember) =>
    members.some((it) => it.account === organisation && it.isConnected);
  return finding('stores', others, isConnected, {
    none: 'no peer answered: swarm key or address',
  });
}

/** One that is missing is named; all that are missing have one reason, here. */
function finding(
  check: string,
  others: readonly NetworkMember[],
  isHere: (member: NetworkMember) => boolean,
  { none }: { readonly none: string },
): Finding {
  const here = others.filter(isHere);
  const away = others.filter((it) => !isHere(it));
  const names = (of: readonly NetworkMember[]) => of.map(({ name }) => name).join(', ');
  const isAlone = here.length === 0 && others.length > 0;
  return {
    check,
    ok: away.length === 0,
    value: isAlone
      ? none
      : `${here.length} of ${others.length}: ${names(here)}${away.length === 0 ? '' : `; missing: ${names(away)}`}`,
    advice: `ask ${names(away)}; the runbook has peer.md and storage.md`,
  };
}

function checkMachine(home: string, nowMs: number): Finding {
  const ends = machineEndsMs(home);
  const days = ends === undefined ? -1 : daysUntil(ends, nowMs);
  return {
    check: 'certificate',
    // The running process renews it, so it has no need of renewal where one runs.
    ok: days >= renewDays,
    value: ends === undefined ? 'none' : `this machine's holds for ${days} days`,
    advice: 'keys to renew: salus up makes the next one while it runs',
  };
}

/** Those of the other members, each of which says by itself who it is. */
function checkAuthorities(others: readonly NetworkMember[], nowMs: number): readonly Finding[] {
  const old = others.filter(({ authority }) => daysUntil(endsMs(authority), nowMs) < renewDays);
  return old.map(({ name, authority }) => ({
    check: 'certificate',
    ok: false,
    value: `that of ${name} holds for ${daysUntil(endsMs(authority), nowMs)} days`,
    advice: `ask ${name} for its new part, and put its certificate into servers/network.json`,
  }));
}
