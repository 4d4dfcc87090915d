import { join } from 'node:path';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallText } from '../../../cli/files.ts';
import { homeFolder } from '../../../cli/home.ts';
import { base64urlToBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { localHospitals } from '../../../server/desk.ts';
import type { Standing } from '../api/standing.ts';
import type { Change } from '../ledger/changes.ts';
import { memberOf, missing, type VoteFlags } from './desk.ts';

export interface ProposeFlags extends VoteFlags {
  readonly member?: string;
  readonly key?: string;
  readonly part?: string;
  readonly identity?: string;
  readonly name?: string;
  readonly url?: string;
  readonly rights?: readonly string[];
  readonly take?: readonly number[];
  readonly log?: string;
  readonly rules?: string;
}

interface Around {
  readonly standing: Standing;
  readonly context: CommandContext;
}

/** The change that flags describe. Throws MISSING, USAGE, and what its files throw. */
export async function changeOf(
  kind: Change['kind'],
  flags: ProposeFlags,
  around: Around,
): Promise<Change> {
  const { standing } = around;
  switch (kind) {
    case 'validator-in':
      return { kind, organisation: memberOf(flags, standing).account, publicKey: keyOf(flags) };
    case 'validator-out':
      return {
        kind,
        publicKey: flags.key === undefined ? ofMember(flags, standing) : keyOf(flags),
      };
    case 'member-in':
      return memberIn(flags, standing);
    case 'member-out':
      return { kind, organisation: memberOf(flags, standing).account };
    case 'member-change': {
      const member = memberOf(flags, standing);
      const { name = member.name, url = member.url } = flags;
      const rights = await rightsOf(flags.rights ?? member.rights);
      return { kind, organisation: member.account, name, url, rights };
    }
    case 'member-keys': {
      const { readNewKeys } = await import('../server/new-keys.ts');
      const read = readNewKeys(readSmallText(flags.identity ?? missing('--identity')));
      if (read.chain !== standing.chain) throw new CodedError('CHAIN_WRONG', { chain: read.chain });
      return { kind, organisation: read.organisation, identity: read.identity };
    }
    case 'profile':
      return profileOf(flags, around);
  }
}

function keyOf({ key }: ProposeFlags): Uint8Array {
  const wanted = key ?? missing('--key');
  const bytes = hexToBytes(wanted) ?? base64urlToBytes(wanted);
  if (bytes?.length !== 32) throw new CodedError('USAGE', { problem: '--key has 32 bytes' });
  return bytes;
}

function ofMember(flags: ProposeFlags, standing: Standing): Uint8Array {
  if (flags.member === undefined) return missing('--member or --key');
  const { account } = memberOf(flags, standing);
  const held = standing.validators.find(({ organisation }) => organisation === account);
  if (held === undefined) throw new CodedError('VALIDATOR_UNKNOWN', { member: flags.member });
  return held.publicKey;
}

async function partOf({ part }: ProposeFlags, { chain }: Standing) {
  const { parsePart, identityOfPart } = await import('../server/part.ts');
  const read = await parsePart(readSmallText(part ?? missing('--part')));
  if (read.chain !== chain) throw new CodedError('CHAIN_WRONG', { chain: read.chain });
  return { ...read, identity: identityOfPart(read) };
}

async function memberIn(flags: ProposeFlags, standing: Standing): Promise<Change> {
  const { title, url, name, identity } = await partOf(flags, standing);
  const rights = await rightsOf(flags.rights ?? ['enrol', 'serve', 'batch']);
  return { kind: 'member-in', identity, name: title, url: `${url}/${name}`, rights };
}

async function rightsOf(words: readonly string[]) {
  const { readRights } = await import('../server/governance.ts');
  return readRights(words);
}

async function profileOf(flags: ProposeFlags, { context }: Around): Promise<Change> {
  const { log } = flags;
  if (log !== 'user' && log !== 'doc')
    throw new CodedError('USAGE', { problem: '--log user or doc' });
  const home = homeFolder(context.flags.home);
  const url = context.flags.gateway ?? localHospitals(home)[0]?.url ?? '';
  const { ProfileDesk } = await import('../../../server/profiles/change.ts');
  const trust = readSmallText(flags.trust ?? join(home, 'trust.json'));
  const { logs } = await (await ProfileDesk.open(url, trust, context.signal)).standings();
  const takes = logs.find((it) => it.log === log)?.takes;
  if (takes === undefined) throw new CodedError('LOG_WRONG', { log });
  const more = flags.take ?? (flags.rules === undefined ? missing('--take or --rules') : []);
  const kept = log === 'user' ? [2, 3, 11] : [];
  const acts = [...new Set([...takes.acts, ...kept, ...more])].sort((a, b) => a - b);
  return { kind: 'profile', log, acts, version: Number(flags.rules ?? takes.version) };
}
