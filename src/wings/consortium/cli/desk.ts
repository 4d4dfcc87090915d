import { join } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallText } from '../../../cli/files.ts';
import { homeFolder } from '../../../cli/home.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { localHospitals } from '../../../server/desk.ts';
import type { Standing } from '../api/standing.ts';
import type { GovernanceDesk } from '../server/governance.ts';

export interface TrustFlags {
  readonly trust?: string;
}
export interface VoteFlags extends TrustFlags {
  readonly by?: string;
  readonly yes?: boolean;
}

export const withTrust = (command: Command): Command =>
  command.option('--trust <file>', "the trust root to believe; default: the home's trust.json");

export async function openDesk(
  context: CommandContext,
  { trust }: TrustFlags,
): Promise<GovernanceDesk> {
  const { flags, signal } = context;
  const home = homeFolder(flags.home);
  const url = flags.gateway ?? localHospitals(home)[0]?.url;
  if (url === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const { GovernanceDesk } = await import('../server/governance.ts');
  return GovernanceDesk.open(url, readSmallText(trust ?? join(home, 'trust.json')), signal, home);
}

/** What stands, and the hospital of this home that speaks. Throws MEMBER_WRONG, and as `GovernanceDesk`. */
export async function speaking(context: CommandContext, flags: VoteFlags) {
  const desk = await openDesk(context, flags);
  const by = await desk.speaker(homeFolder(context.flags.home), flags.by);
  return { by, standing: await desk.standing() };
}

/** Throws MISSING: a flag that this needs. */
export function missing(flag: string): never {
  throw new CodedError('MISSING', { problem: `say ${flag}` });
}

/** Throws MISSING, MEMBER_UNKNOWN, AMBIGUOUS. */
export function memberOf({ member }: { readonly member?: string }, { members }: Standing) {
  const wanted = member ?? missing('--member');
  const found = members.filter(
    ({ account, name, url }) =>
      name === wanted || url === wanted || url.endsWith(`/${wanted}`) || account === wanted,
  );
  const [only, more] = found;
  if (only === undefined) throw new CodedError('MEMBER_UNKNOWN', { member: wanted });
  if (more !== undefined) throw new CodedError('AMBIGUOUS', { member: wanted });
  return only;
}
