import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from '../../../src/story/free-ports.ts';
import { startProcess } from '../../cli/process.ts';
import { type Json, list, salus, temporaryHome, text, type Working } from '../../cli/salus.ts';

/** A member's home, and the process that serves it. */
export interface MemberHome {
  readonly name: string;
  readonly home: string;
  working: Working | undefined;
}

const perMember = 5;

/** The homes of a consortium as `consortium init` makes them, on free ports of this machine; nothing runs yet. */
export async function initHomes(names: readonly string[]): Promise<{
  readonly root: string;
  readonly made: Json;
  readonly members: readonly MemberHome[];
}> {
  const root = temporaryHome();
  const ports = await freePorts(perMember * names.length);
  const members = names.map((short, at) => {
    const [gateway, p2p, rpc, storage, peers] = ports.slice(perMember * at);
    return {
      ...{ name: `Hospital ${short}`, short, host: '127.0.0.1' },
      url: `http://127.0.0.1:${gateway}`,
      ports: { gateway, p2p, rpc, storage, peers },
    };
  });
  const file = join(root, 'members.json');
  writeFileSync(file, JSON.stringify({ chain: 'salus-lakes-1', members }));
  const out = join(root, 'homes');
  const made = await salus(['consortium', 'init', '--members', file, '--out', out]);
  return {
    ...{ root, made },
    members: list(made, 'homes').map((it) => ({
      ...{ name: text(it, 'name'), home: text(it, 'home'), working: undefined },
    })),
  };
}

/** `salus up` as a process of its own, until it says that it is ready. */
export async function startHome(member: MemberHome, flags: readonly string[] = []): Promise<Json> {
  member.working = startProcess(['up', '--engine', 'cometbft', '--json', ...flags], {
    home: member.home,
  });
  return member.working.line((facts) => facts.ready === true);
}

export async function stopHome(member: MemberHome): Promise<void> {
  await member.working?.stop();
  member.working = undefined;
}

/** Asks until it is so; fails with what was said last. */
export async function until<T>(
  ask: () => Promise<T>,
  isSo: (said: T) => boolean,
  patienceMs = 90_000,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const said = await ask();
    if (isSo(said)) return said;
    if (performance.now() > deadline) throw new Error(`not so: ${JSON.stringify(said)}`);
    await wait(500);
  }
}

export const serverText = (member: MemberHome, ...path: readonly string[]): string =>
  readFileSync(join(member.home, 'servers', ...path), 'utf8');
