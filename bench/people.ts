import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrolMember, type Member } from '../src/story/cast.ts';
import { type ServerPlan, Servers } from '../src/story/server.ts';

/** Three hospitals in a process of their own, reached through HTTP as everybody reaches them. */
export interface Town {
  readonly servers: Servers;
  readonly enrol: (nickname: string, role: Member['role'], hospital: string) => Promise<Member>;
}

export async function inTown<T>(
  work: (town: Town) => Promise<T>,
  settings?: Parameters<typeof Servers.start>[1],
  plan?: ServerPlan,
): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'salus-bench-'));
  const servers = await Servers.start(home, settings, plan);
  try {
    return await work({
      servers,
      enrol: (nickname, role, hospital) =>
        enrolMember(servers, home, { nickname, name: nickname, role, hospital }),
    });
  } finally {
    await servers.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
